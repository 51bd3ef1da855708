"""A language's tone as data: words, stems and phrases with a valence, and what turns or mutes them."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import sqrt
from typing import Any, NamedTuple

from rules.packs.learnt import Learnt, features
from rules.packs.learnt import load as load_learnt
from rules.packs.lexicon import Lexicon, Meaning, parted
from rules.text import Token, fold, read

_WINDOW = 3  # words before a word that may turn or strengthen it
_BOOST, _DAMPEN = 1.3, 0.7
_TURNED_BAD, _TURNED_GOOD = -0.14, -0.9  # "pas déçu" praises less than "pas bon" blames
_BESIDE_BLAME = 0.3  # what praise still weighs beside blame: irony and politeness praise, complaints decide
_BEFORE_BUT = 0.3  # and blame in "cher, mais parfait"
_SPARED = 0.1  # and blame that is feared, over, somebody else's or said in play
_MUTED = 0.15  # what praise still weighs in an advert or a question, and anything in a notice
_TROUBLE = -2.0  # the valence of the worst word that a question may be about without blaming
_PLAIN_BLAME = -1.0  # blame that needs no hint beside it
_ALPHA = 8.0
_MOST_WORDS = 10
_GRAMMAR = ("negators", "particles", "after_particles", "no_longer", "joiners", "cheers", "boosters", "dampeners")
_PLAYED = frozenset({"advert", "notice", "teasing"})  # roles of texts that do not mean what their words say
_NOTHING = (0.0, "")  # what hides a shorter entry means
_SENTENCE_END = re.compile(r"[.!?\n…]")
_CLAUSE_END = re.compile(r"[.,;:!?\n…()]")
_FACE = re.compile(r"(?<![^\W_])(?:(?P<good>[:=]['’]?-?[)\]DpP]+|<3+|\^_*\^|[xX]D+)|[:=]['’]?-?[(\[{/|\\]+)(?![^\W_/])")
_HUMP = re.compile(r"[A-ZÀ-Þ]?[a-zß-ÿœ]+|[A-ZÀ-Þ]+(?![a-zß-ÿœ])|\d+")


class _Hit(NamedTuple):
    valence: float
    role: str
    first: int
    last: int


@dataclass(frozen=True)
class Weight:
    """`compound` in [-1, 1], 0 when no word is known; `words` are those of its sign, as written, strongest first.
    `learnt`: not they decided but what was learnt of whole texts, of which no word can be told.
    """

    compound: float
    words: tuple[str, ...]
    learnt: bool = False


@dataclass(frozen=True, kw_only=True)
class _Grammar:
    """The little words of a language. `particles` stand before a verb whose negation, of `after_particles`, follows
    it; `no_longer` negates only after a particle; no word changes another over one of the `joiners`. `cheers` are the
    words of praise that irony likes; `spellings` are the words that a short or wrong one stands for. Praise has the
    last word where it outweighs a share `last_word` of the blame.
    """

    negators: frozenset[str]
    particles: frozenset[str]
    after_particles: frozenset[str]
    no_longer: frozenset[str]
    joiners: frozenset[str]
    cheers: frozenset[str]
    last_word: float
    boosters: Mapping[str, float]
    spellings: Mapping[str, tuple[str, ...]]


class _Reading:
    """The words of a text: `clauses` numbers the clause of each, `sentences` the clause that its sentence begins with;
    `asked` holds the clauses that belong to a question.
    """

    def __init__(self, text: str, spellings: Mapping[str, tuple[str, ...]]) -> None:
        self._faces = {face.start(): face.end() for face in _FACE.finditer(text)}
        self._text = text
        self._folded, found = read(_FACE.sub(_pictured, text) if self._faces else text)
        self._found: list[Token] = []
        for token in found:
            if token.kind == "word" and token.text not in spellings and not token.text[0].isdecimal():
                self._found.append(token)  # nearly all are
                continue
            for piece in parted((token,)):
                if piece.kind == "word" and piece.text not in spellings:
                    self._found.append(piece)
                else:
                    self._found += self._spelled(piece, spellings.get(piece.text, ()))
        self.words = [token.text for token in self._found]
        self.clauses: list[int] = []
        self.sentences: list[int] = []
        self.asked: set[int] = set()
        self._divide()

    def _spelled(self, token: Token, pieces: Sequence[str]) -> Sequence[Token]:
        if token.kind == "link":
            return ()
        if token.kind == "hashtag" and not pieces:
            start, end = self._folded.origin(token.start, token.end)
            pieces = [fold(piece) for piece in _HUMP.findall(self._text[start:end])]
        elif token.kind == "handle":
            pieces = ("@",)  # a name, whatever it says
        return [Token(piece, *token[1:]) for piece in pieces] or (token,)

    def _divide(self) -> None:
        """Negation does not reach over punctuation; a question mark reaches back over commas."""
        clause = sentence = 0
        text, starts = self._folded.text, [token.start for token in self._found[1:]]
        for token, following in zip(self._found, [*starts, len(text)], strict=False):
            self.clauses.append(clause)
            self.sentences.append(sentence)
            gap = text[token.end : following]
            if gap in {"", " "} or not _CLAUSE_END.search(gap):
                continue
            if "?" in gap:
                self.asked.update(range(sentence, clause + 1))
            clause += 1
            if _SENTENCE_END.search(gap):
                sentence = clause

    def features(self) -> set[str]:
        """What was learnt by of texts."""
        return features(self.words, bool(self.asked))

    def near(self, first: int, last: int) -> tuple[list[str], list[str]]:
        """The words before and after some, of the same clause, that may change what these mean."""
        words, clauses = self.words, self.clauses
        before = [words[i] for i in range(max(0, first - _WINDOW), first) if clauses[i] == clauses[first]]
        after = [words[i] for i in range(last + 1, min(len(words), last + 3)) if clauses[i] == clauses[last]]
        return before, after

    def written(self, hit: _Hit) -> str:
        start, end = self._folded.origin(self._found[hit.first].start, self._found[hit.last].end)
        return self._text[start : self._faces.get(start, end)]


class Pack:
    """Read from `<language>.toml` beside this file, which says how it is written."""

    def __init__(self, version: str, grammar: _Grammar, lexicon: Lexicon, taught: Learnt | None = None) -> None:
        self.version, self._grammar, self._lexicon, self._taught = version, grammar, lexicon, taught

    def weigh(self, text: str, own: Lexicon | None = None) -> Weight:
        """The tone of a text. What `own` says of words goes before what the language says, and what was learnt of
        texts is not asked then. Linear in time.
        """
        reading = _Reading(text, self._grammar.spellings)
        found = list(self._hits(reading, own))
        hits = _with_spared(reading, _with_hints(reading, found))
        total = self._total(reading, hits)
        compound = round(total / sqrt(total * total + _ALPHA), 4)
        played = any(hit.role in _PLAYED for hit in hits)
        doubted = self._taught and not played and self._taught.doubts(compound)
        if self._taught and doubted and not (own and found != list(self._hits(reading, None))):
            amended = self._taught.amended(compound, reading.features())
            if amended != compound:
                return Weight(amended, (), learnt=True)
        ranked = sorted((hit for hit in hits if hit.valence * compound > 0), key=lambda hit: -abs(hit.valence))
        written = dict.fromkeys(map(reading.written, ranked))
        return Weight(compound, tuple(written)[:_MOST_WORDS])

    def features(self, text: str) -> set[str]:
        """What `rules.packs.learnt` is learnt by, of a text."""
        return _Reading(text, self._grammar.spellings).features()

    def knows(self, word: str) -> bool:
        """Whether a word, folded, is one that the language says something of, or begins such words."""
        return self._lexicon.begins(word)

    def _total(self, reading: _Reading, hits: list[_Hit]) -> float:
        """Blame decides: praise beside it counts for little, unless it has the last word."""
        roles = {hit.role: hit.first for hit in hits}
        if "notice" in roles:
            hits = [hit._replace(valence=hit.valence * _SPARED) for hit in hits]
        blame = [hit for hit in hits if hit.valence < 0]
        praise = [
            hit._replace(valence=hit.valence * _MUTED)
            if "advert" in roles or reading.clauses[hit.first] in reading.asked
            else hit
            for hit in hits
            if hit.valence > 0
        ]
        bad, good = _sum(blame), _sum(praise)
        if not blame:
            stung = "sting" in roles and "advert" not in roles
            sincere = _sum([hit for hit in praise if self._means_it(reading, hit)])
            return -good if stung and sincere <= good / 2 else good
        since = self._since(reading, blame[-1], praise)
        late = [hit for hit in praise if hit.first >= since]
        but = roles.get("contrast", -1)
        contrasts = but >= since and any(hit.first >= but for hit in late)
        outweighs = _sum([hit for hit in late if self._means_it(reading, hit)]) >= -bad * self._grammar.last_word
        if contrasts or outweighs:
            return bad * _BEFORE_BUT + _sum(late) + (good - _sum(late)) * _BESIDE_BLAME
        return bad + good * _BESIDE_BLAME

    def _since(self, reading: _Reading, last: _Hit, praise: list[_Hit]) -> int:
        """The word from which on praise comes last: a kind deed does so in all of its sentence."""
        deeds = (hit.first for hit in praise if hit.role == "deed")
        sentence = reading.sentences[last.first]
        return next((first for first in deeds if reading.sentences[first] == sentence), last.last + 1)

    def _means_it(self, reading: _Reading, hit: _Hit) -> bool:
        """Whether praise is of a sort that irony seldom takes."""
        return self._grammar.cheers.isdisjoint(reading.words[hit.first : hit.last + 1])

    def _hits(self, reading: _Reading, own: Lexicon | None) -> Iterator[_Hit]:
        words, clauses, stop, end = reading.words, reading.clauses, 0, 0
        places = self._lexicon.openings(words)
        for at in sorted({*places, *own.openings(words)}) if own else places:
            if at < stop:
                continue
            while end < len(words) and (end <= at or clauses[end] == clauses[at]):
                end += 1
            known = (own and own.find(words, at, end)) or self._lexicon.find(words, at, end)
            stop = known[1] if known else at + 1
            if known and known[0][:2] != _NOTHING:
                yield _Hit(self._turned(known[0], reading, at, stop - 1), known[0].role, at, stop - 1)

    def _turned(self, meaning: Meaning, reading: _Reading, first: int, last: int) -> float:
        """A valence as the words around make it: strengthened, weakened or turned around."""
        if not (meaning.turns and meaning.valence):
            return meaning.valence
        grammar, (before, after) = self._grammar, reading.near(first, last)
        before = before[max((i + 1 for i, word in enumerate(before) if word in grammar.joiners), default=0) :]
        framed = not grammar.particles.isdisjoint(before[-2:]) and not grammar.after_particles.isdisjoint(after)
        no_longer = not grammar.particles.isdisjoint(before) and not grammar.no_longer.isdisjoint(before)
        if framed or no_longer or not grammar.negators.isdisjoint(before):
            return meaning.valence * (_TURNED_BAD if meaning.valence < 0 else _TURNED_GOOD)
        boosters = (grammar.boosters[word] for word in reversed(before[-2:]) if word in grammar.boosters)
        return meaning.valence * next(boosters, 1.0)


def _with_hints(reading: _Reading, hits: list[_Hit]) -> list[_Hit]:
    """Hints of blame count only where nothing plain is said, and neither asked nor advertised."""
    plain = any(hit.valence > 0 or hit.valence <= _PLAIN_BLAME or hit.role == "advert" for hit in hits)
    return [hit for hit in hits if hit.role != "hint" or not (plain or reading.clauses[hit.first] in reading.asked)]


def _with_spared(reading: _Reading, hits: list[_Hit]) -> list[_Hit]:
    """Blame hardly counts in a clause with a word that spares, beside teasing, from an aside to a contrast or the end
    of its sentence, and where a trouble is what a question is about.
    """
    teasing = any(hit.role == "teasing" for hit in hits)
    clauses = {reading.clauses[hit.first] for hit in hits if hit.role == "spared"}
    asking = {reading.sentences[hit.first] for hit in hits if hit.role == "asking"}
    aside, heard = -1, []
    for hit in hits:
        if hit.role in {"aside", "contrast"}:
            aside = reading.sentences[hit.first] if hit.role == "aside" else -1
        clause, sentence = reading.clauses[hit.first], reading.sentences[hit.first]
        asked = sentence in asking and clause in reading.asked and hit.valence >= _TROUBLE
        spared = teasing or asked or clause in clauses or sentence == aside
        heard.append(hit._replace(valence=hit.valence * _SPARED) if spared and hit.valence < 0 else hit)
    return heard


def _pictured(face: re.Match[str]) -> str:
    """A face made of signs as a picture of the same length."""
    return ("\N{SLIGHTLY SMILING FACE}" if face["good"] else "\N{SLIGHTLY FROWNING FACE}").ljust(len(face[0]))


def _sum(hits: list[_Hit]) -> float:
    return sum(hit.valence for hit in hits)


def _grammar(data: Mapping[str, Any], spellings: Mapping[str, str]) -> _Grammar:
    words = {name: frozenset(fold(data.get(name, "")).split()) for name in _GRAMMAR}
    boosters = dict.fromkeys(words.pop("boosters"), _BOOST) | dict.fromkeys(words.pop("dampeners"), _DAMPEN)
    meant = {short: tuple(fold(full).split()) for full, text in spellings.items() for short in fold(text).split()}
    return _Grammar(**words, last_word=data.get("last_word", 1.0), boosters=boosters, spellings=meant)


def _entries(data: Mapping[str, Any], negators: frozenset[str]) -> Iterator[tuple[str, Meaning]]:
    for valued in data["words"].values():
        for figure, text in valued.items():
            yield from ((entry, Meaning(float(figure))) for entry in text.split())
    for figure, text in data["phrases"].items():
        for line in filter(None, text.splitlines()):
            yield line, Meaning(float(figure), turns=negators.isdisjoint(re.findall(r"\w+", fold(line))))
    for key, text in data.get("roles", {}).items():
        role, _, figure = key.partition(" ")
        meaning = Meaning(float(figure or 0), role, turns=role != "hint")
        yield from ((line, meaning) for line in filter(None, text.splitlines()))


def _build(data: Mapping[str, Any], taught: Learnt | None) -> Pack:
    grammar = _grammar(data["grammar"], data.get("spellings", {}))
    endings = {sign: [ending.strip("-") for ending in text.split()] for sign, text in data.get("endings", {}).items()}
    lexicon = Lexicon(endings, data.get("groups", {}))
    for line, meaning in _entries(data, grammar.negators):
        lexicon.add(line, meaning)
    version = f"{data['version']}.{taught.version}" if taught else data["version"]
    return Pack(version, grammar, lexicon, taught)


@cache
def load(language: str) -> Pack:
    """The pack of a language. Raises FileNotFoundError when there is none."""
    data = tomllib.loads((files("rules.packs") / f"{language}.toml").read_text(encoding="utf-8"))
    return _build(data, load_learnt(language))
