"""A language's tone as data: words, stems and phrases with a valence, and what turns or mutes them."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import sqrt
from typing import Any, NamedTuple

from rules.packs.learnt import Learnt
from rules.packs.learnt import load as load_learnt
from rules.packs.lexicon import Lexicon, Meaning
from rules.packs.reading import Reading, sayings
from rules.text import fold

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
_SPARING = frozenset({"spared", "teasing", "aside", "asking"})  # roles that make blame count less
_NOTHING = (0.0, "")  # what hides a shorter entry means


class _Hit(NamedTuple):
    valence: float
    role: str
    first: int
    last: int

    def times(self, share: float) -> "_Hit":
        return _Hit(self.valence * share, self.role, self.first, self.last)


class Weight(NamedTuple):
    """`compound` in [-1, 1], 0 when no word is known. `learnt`: not words decided but what was learnt of whole texts,
    of which no word can be told.
    """

    compound: float
    reading: Reading
    hits: list[_Hit]
    learnt: bool = False

    def words(self) -> tuple[str, ...]:
        """Those of the sign of the compound, as written, strongest first."""
        ranked = sorted(
            (hit for hit in self.hits if hit.valence * self.compound > 0), key=lambda hit: -abs(hit.valence)
        )
        written = dict.fromkeys(self.reading.written(hit.first, hit.last) for hit in ranked)
        return tuple(written)[:_MOST_WORDS]


@dataclass(frozen=True, kw_only=True)
class _Grammar:
    """The little words of a language. `particles` stand before a verb whose negation, of `after_particles`, follows
    it; `no_longer` negates only after a particle; no word changes another over one of the `joiners`. `cheers` are the
    words of praise that irony likes; `spellings` are the words that a short or wrong one stands for. Praise has the
    last word where it outweighs a share `last_word` of the blame. Where none of `altering` stands before a word, none
    changes it.
    """

    negators: frozenset[str]
    particles: frozenset[str]
    after_particles: frozenset[str]
    no_longer: frozenset[str]
    joiners: frozenset[str]
    cheers: frozenset[str]
    last_word: float
    boosters: Mapping[str, float]
    altering: frozenset[str]
    spellings: Mapping[str, tuple[str, ...]]


class Pack:
    """Read from `<language>.toml` beside this file, which says how it is written."""

    def __init__(self, version: str, grammar: _Grammar, lexicon: Lexicon, taught: Learnt | None = None) -> None:
        self.version, self._grammar, self._lexicon, self._taught = version, grammar, lexicon, taught
        self._said = sayings(grammar.spellings)

    def weigh(self, text: str, own: Lexicon | None = None) -> Weight:
        """The tone of a text. What `own` says of words goes before what the language says, and what was learnt of
        texts is not asked then. Linear in time.
        """
        reading = Reading(text, self._said)
        found = self._hits(reading, own)
        hits = _meant(reading, found)
        total = self._total(reading, hits)
        compound = round(total / sqrt(total * total + _ALPHA), 4)
        if self._taught and self._taught.doubts(compound) and _PLAYED.isdisjoint(hit.role for hit in hits):
            amended = compound if own and found != self._hits(reading, None) else self._amended(reading, compound)
            if amended != compound:
                return Weight(amended, reading, [], learnt=True)
        return Weight(compound, reading, hits)

    def features(self, text: str) -> set[str]:
        """What `rules.packs.learnt` is learnt by, of a text."""
        return Reading(text, self._said).features()

    def knows(self, word: str) -> bool:
        """Whether a word, folded, is one that the language says something of, or begins such words."""
        return self._lexicon.begins(word)

    def _total(self, reading: Reading, hits: list[_Hit]) -> float:
        """Blame decides: praise beside it counts for little, unless it has the last word."""
        if not hits:
            return 0.0
        roles = {hit.role: hit.first for hit in hits}
        if "notice" in roles:
            hits = [hit.times(_SPARED) for hit in hits]
        blame = [hit for hit in hits if hit.valence < 0]
        praise = [
            hit.times(_MUTED) if "advert" in roles or reading.is_asked(hit.first) else hit
            for hit in hits
            if hit.valence > 0
        ]
        bad, good = _sum(blame), _sum(praise)
        if not blame:
            stung = "sting" in roles and "advert" not in roles
            return -good if stung and self._sincere(reading, praise) <= good / 2 else good
        if not praise:
            return bad
        since = self._since(reading, blame[-1], praise)
        late = [hit for hit in praise if hit.first >= since]
        but = roles.get("contrast", -1)
        contrasts = but >= since and any(hit.first >= but for hit in late)
        if contrasts or self._sincere(reading, late) >= -bad * self._grammar.last_word:
            return bad * _BEFORE_BUT + _sum(late) + (good - _sum(late)) * _BESIDE_BLAME
        return bad + good * _BESIDE_BLAME

    def _since(self, reading: Reading, last: _Hit, praise: list[_Hit]) -> int:
        """The word from which on praise comes last: a kind deed does so in all of its sentence."""
        deeds = (hit.first for hit in praise if hit.role == "deed")
        sentence = reading.sentence(last.first)
        return next((first for first in deeds if reading.sentence(first) == sentence), last.last + 1)

    def _sincere(self, reading: Reading, praise: list[_Hit]) -> float:
        """What praise weighs that is of a sort which irony seldom takes."""
        cheers = self._grammar.cheers
        return _sum([hit for hit in praise if cheers.isdisjoint(reading.words[hit.first : hit.last + 1])])

    def _amended(self, reading: Reading, compound: float) -> float:
        return self._taught.amended(compound, reading.features()) if self._taught else compound

    def _hits(self, reading: Reading, own: Lexicon | None) -> list[_Hit]:
        hits, stop = list[_Hit](), 0
        known = self._lexicon.search(reading.words, reading.ends)
        ours = own.search(reading.words, reading.ends) if own else None
        for at in sorted({*known.places, *ours.places}) if ours else known.places:
            if at < stop:
                continue
            found = (ours and ours.find(at)) or known.find(at)
            stop = found[1] if found else at + 1
            if found and found[0][:2] != _NOTHING:
                hits.append(_Hit(self._turned(found[0], reading, at, stop - 1), found[0].role, at, stop - 1))
        return hits

    def _turned(self, meaning: Meaning, reading: Reading, first: int, last: int) -> float:
        """A valence as the words around make it: strengthened, weakened or turned around."""
        if not (meaning.turns and meaning.valence):
            return meaning.valence
        grammar, (before, after) = self._grammar, reading.near(first, last)
        if grammar.altering.isdisjoint(before):
            return meaning.valence
        before = before[max((i + 1 for i, word in enumerate(before) if word in grammar.joiners), default=0) :]
        framed = not grammar.particles.isdisjoint(before[-2:]) and not grammar.after_particles.isdisjoint(after)
        no_longer = not grammar.particles.isdisjoint(before) and not grammar.no_longer.isdisjoint(before)
        if framed or no_longer or not grammar.negators.isdisjoint(before):
            return meaning.valence * (_TURNED_BAD if meaning.valence < 0 else _TURNED_GOOD)
        boosters = (grammar.boosters[word] for word in reversed(before[-2:]) if word in grammar.boosters)
        return meaning.valence * next(boosters, 1.0)


def _meant(reading: Reading, hits: list[_Hit]) -> list[_Hit]:
    """What hits say as they are meant."""
    roles = {hit.role for hit in hits}
    hits = _with_hints(reading, hits) if "hint" in roles else hits
    return hits if _SPARING.isdisjoint(roles) else _with_spared(reading, hits)


def _with_hints(reading: Reading, hits: list[_Hit]) -> list[_Hit]:
    """Hints of blame count only where nothing plain is said, and neither asked nor advertised."""
    plain = any(hit.valence > 0 or hit.valence <= _PLAIN_BLAME or hit.role == "advert" for hit in hits)
    return [hit for hit in hits if hit.role != "hint" or not (plain or reading.is_asked(hit.first))]


def _with_spared(reading: Reading, hits: list[_Hit]) -> list[_Hit]:
    """Blame hardly counts in a clause with a word that spares, beside teasing, from an aside to a contrast or the end
    of its sentence, and where a trouble is what a question is about.
    """
    teasing = any(hit.role == "teasing" for hit in hits)
    clauses = {reading.clause(hit.first) for hit in hits if hit.role == "spared"}
    asking = {reading.sentence(hit.first) for hit in hits if hit.role == "asking"}
    aside, heard = -1, []
    for hit in hits:
        clause = reading.clause(hit.first)
        sentence = reading.sentences[clause]
        if hit.role in {"aside", "contrast"}:
            aside = sentence if hit.role == "aside" else -1
        asked = sentence in asking and clause in reading.asked and hit.valence >= _TROUBLE
        spared = teasing or asked or clause in clauses or sentence == aside
        heard.append(hit.times(_SPARED) if spared and hit.valence < 0 else hit)
    return heard


def _sum(hits: list[_Hit]) -> float:
    return sum(hit.valence for hit in hits)


def _grammar(data: Mapping[str, Any], spellings: Mapping[str, str]) -> _Grammar:
    words = {name: frozenset(fold(data.get(name, "")).split()) for name in _GRAMMAR}
    boosters = dict.fromkeys(words.pop("boosters"), _BOOST) | dict.fromkeys(words.pop("dampeners"), _DAMPEN)
    meant = {short: tuple(fold(full).split()) for full, text in spellings.items() for short in fold(text).split()}
    altering = words["negators"] | words["particles"] | boosters.keys()
    last_word = data.get("last_word", 1.0)
    return _Grammar(**words, altering=altering, last_word=last_word, boosters=boosters, spellings=meant)


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
