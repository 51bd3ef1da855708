"""The tone of a text towards one of those whom it names. Who it is about is asked only where somebody else is named."""

from functools import cache
from typing import NamedTuple

from msgspec.structs import replace

from rules.facts import Label, Tone
from rules.language import little_words
from rules.named import Hit, Names, Pieces, Reading, names_nobody_else, pieces
from rules.packs.frames import THEM, US, load
from rules.packs.lexicon import Lexicon
from rules.packs.pack import load as load_pack
from rules.quoted import own_words, unheaded
from rules.tone import LONGEST_SCORED, score, supported_languages

_DECIDES = frozenset({"verdict", "instead", "switch"})
_CHOICES = frozenset({"leave", "join"})  # decide where both are named
_HINTS = _CHOICES | {"hint"}  # and one that is only that may be about anything
_PREFERS = _DECIDES | _HINTS | {"return"}
_WHO = frozenset({US, THEM})
_NAMES = frozenset({"named", "topic", "contrast"})
_RETURNING = 3  # hints: more than the one that says where one has been
_WARM = 0.5  # the compound of praise that is more than polite
_MOST_UNLIKE = 3  # each asks for the tone of its sentence once more
_MOST_WORDS = 10
_SURE = 0.75  # the confidence in one
_CHOSEN = 0.66  # the compound of a comparison or a switch: about that of a plain word
_SIGN: dict[Label, int] = {"negative": -1, "positive": 1}
_OPPOSITE: dict[Label, Label] = {"negative": "positive", "positive": "negative"}


def score_toward(text: str, language: str | None, names: Names, own: Lexicon | None = None) -> Tone:
    """The tone towards the one whom the text calls by `names`: that of the whole text, unless it names somebody else as
    well, or quotes somebody. An author's own words go before those that are quoted. The English compound remains that
    of the whole text. Linear in time.
    """
    whole = score(text, language, own)
    if language not in supported_languages() or not names:
        return whole
    hearing, read = _Hearing(language, names, own), text[:LONGEST_SCORED]
    if hearing.hears_nobody_else(read):
        return whole
    told, said = unheaded(read), own_words(read)
    if said != told:
        said = hearing.agreed(said)
    tone = hearing.tone(said, whole if said == read else None)
    if said != told and hearing.defers(tone, told):
        tone = hearing.tone(told, whole if told == read else None)
    return tone if language != "en" or tone is whole else replace(tone, compound=whole.compound)


def prepare(language: str) -> None:
    """Read what it takes to score a language, for which its first text would wait: a third of a second, and once."""
    if language in supported_languages():
        score("", language)
        _pieces(language)


@cache
def _pieces(language: str) -> Pieces:
    frames, pack = load(language), load_pack(language)
    return pieces(frames, little_words(language), lambda word: frames.lexicon.begins(word) or pack.knows(word))


class _Hearing:
    """One brand's ear for a language."""

    __slots__ = ("_frames", "_language", "_names", "_own", "_pieces")

    def __init__(self, language: str, names: Names, own: Lexicon | None) -> None:
        self._language, self._names, self._own = language, names, own
        self._frames, self._pieces = load(language), _pieces(language)

    def hears_nobody_else(self, text: str) -> bool:
        """Whether a quick look is enough."""
        return names_nobody_else(text, self._names, self._frames, self._pieces)

    def _score(self, text: str) -> Tone:
        return score(text, self._language, self._own)

    def _read(self, text: str) -> Reading:
        return Reading(text, self._names, self._frames, self._pieces)

    def agreed(self, said: str) -> str:
        """What an author says without the words that only say no to those who are quoted."""
        reading = self._read(said)
        said_no = [reading.span(hit) for hit in reading.hits() if hit.role == "disagrees"]
        bounds = [0, *(place for span in said_no for place in span), len(reading.text)]
        return "".join(reading.text[begin:end] for begin, end in zip(bounds[::2], bounds[1::2], strict=True))

    def defers(self, tone: Tone, told: str) -> bool:
        """Whether what is quoted counts as well: where its author says nothing of it, only something kind, which may be
        irony, or reports it as news.
        """
        if tone.label != "positive":
            return tone.label == "neutral"
        roles = {hit.role for hit in self._read(told).hits()}
        return "reports" in roles or ((tone.compound or 0) < _WARM and "disagrees" not in roles)

    def tone(self, text: str, whole: Tone | None) -> Tone:
        """The tone of a text without a look at quotations; `whole` is that of all of it, if it is known."""
        reading = self._read(text)
        whole = whole or self._score(text)
        if US not in reading.who:
            return whole
        hits = reading.hits()
        by_frames = self._by_frames(reading, hits, whole) if hits else None
        return by_frames or self._by_clauses(reading, hits, whole) or whole

    def _by_frames(self, reading: Reading, hits: list[Hit], whole: Tone) -> Tone | None:
        value, roles = _value(reading, hits), {hit.role for hit in hits}
        if value > 0 and whole.label == "negative" and THEM not in reading.who:
            return None
        if value > 0 and "regret" not in roles and (rest := _rest(reading, hits)):
            tone = self._score(rest)
            if tone.label == "negative":
                return tone
        if value:
            return self._decided("positive" if value > 0 else "negative", reading, hits, whole)
        unlike = [hit for hit in hits if hit.role in {"unlike", "compared"}][:_MOST_UNLIKE]
        return next(filter(None, (self._unlike(reading, hit) for hit in unlike)), None)

    def _unlike(self, reading: Reading, hit: Hit) -> Tone | None:
        """What is said of the brand by what is said of the one that is unlike it."""
        beside = _besides(reading, hit, self._frames.relatives)
        tone = self._score(beside)
        label = tone.label
        if label not in _OPPOSITE:
            if hit.role == "compared":
                return None
            denies = not self._frames.negations.isdisjoint(self._read(beside).words)
            label = "negative" if denies else "positive"
            tone = replace(tone, compound=_CHOSEN, confidence=_SURE)
        label = label if hit.valence > 0 else _OPPOSITE[label]
        words = (reading.written(hit), *tone.words)
        return replace(tone, label=label, compound=abs(tone.compound or 0) * _SIGN[label], words=words)

    def _decided(self, label: Label, reading: Reading, hits: list[Hit], whole: Tone) -> Tone:
        words = tuple(reading.written(hit) for hit in hits if hit.role in _PREFERS)[:_MOST_WORDS]
        compound = _CHOSEN * _SIGN[label]
        return replace(whole, label=label, compound=compound, confidence=_SURE, words=words or whole.words)

    def _by_clauses(self, reading: Reading, hits: list[Hit], whole: Tone) -> Tone | None:
        """What is said of the brand, where that is plainly not what is said of somebody else."""
        if THEM not in reading.who:
            return None
        theirs = _theirs(reading, hits)
        if not theirs:
            return None
        contrasted = {reading.sentence(hit.first) for hit in hits if hit.role == "contrast"}
        topics = _topics(reading, self._frames.verbs)
        apart = bool(contrasted) or _are_parted(reading, topics)
        if whole.label == "neutral" and not apart:
            return None
        tone = self._score(reading.parts({*range(len(reading.clauses) - 1)} - theirs))
        other = self._score(reading.parts(theirs))
        if tone.label == "neutral" and other.label in _OPPOSITE and _are_rivals(reading, topics, contrasted):
            return self._decided(_OPPOSITE[other.label], reading, hits, other)
        return tone if apart or tone.label == _OPPOSITE.get(other.label) else None


class _Topic(NamedTuple):
    """A name that a clause is about; `acts`: a verb follows."""

    at: int
    who: str
    acts: bool


def _topics(reading: Reading, verbs: frozenset[str]) -> list[_Topic]:
    """The names that begin a clause which goes on to say something."""
    found, words = list[_Topic](), reading.words
    for clause in range(len(reading.clauses) - 1):
        units = reading.of_clause(clause)
        telling = reading.telling(units) if any(words[at] in _WHO for at in units) else []
        if len(telling) > 1 and words[telling[0]] in _WHO:
            at = telling[0]
            found.append(_Topic(at, words[at], at + 1 < len(words) and words[at + 1] in verbs))
    return found


def _are_rivals(reading: Reading, topics: list[_Topic], contrasted: set[int]) -> bool:
    """Whether a sentence sets what two do against each other, or one asks for the brand alone."""
    set_against = [topic for topic in topics if topic.acts or reading.sentence(topic.at) in contrasted]
    ours, theirs = ({reading.sentence(topic.at) for topic in set_against if topic.who == who} for who in (US, THEM))
    asked = (reading.of_sentence(sentence) for sentence in reading.asked)
    return not ours.isdisjoint(theirs) or any(len(at) == 1 and reading.words[at[0]] == US for at in asked)


def _are_parted(reading: Reading, topics: list[_Topic]) -> bool:
    """Whether one clause is about the brand and one about another, or a sentence about another account."""
    # An account at the very beginning is spoken to, whatever is spoken of.
    ours = any(
        topic.who == US and (topic.acts or reading.start(topic.at) or not reading.is_handle(topic.at))
        for topic in topics
    )
    theirs = [topic for topic in topics if topic.who == THEM]
    accounts = any(
        reading.is_handle(topic.at) and reading.begins(topic.at) and reading.sentence(topic.at) for topic in theirs
    )
    return accounts or (ours and any(topic.acts for topic in theirs))


def _value(reading: Reading, hits: list[Hit]) -> float:
    """Above 0 when frames prefer the brand, below when they prefer another one."""
    roles = {hit.role for hit in hits}
    returns = [hit.valence for hit in hits if hit.role == "return"]
    value = sum(hit.valence for hit in hits if hit.role in _DECIDES)
    value += sum(each for each in returns if each > 0)
    hints = sum(hit.valence for hit in hits if hit.role in _HINTS)
    hints += sum(returns) * (_RETURNING if hints else 1)
    enough = not roles.isdisjoint(_CHOICES) and reading.who >= {US, THEM}
    value = value or (hints if abs(hints) > 1 or enough else 0.0)
    return -value if "regret" in roles and not roles.isdisjoint({"switch", *_HINTS}) else value


def _rest(reading: Reading, hits: list[Hit]) -> str:
    """What is said beside the frames that decide and of nobody else, if it is said of the brand: where it is named
    again, or after a `since`. Otherwise it may well be why the other one is left.
    """
    deciding = [hit for hit in hits if hit.role in _PREFERS]
    framed = {reading.clause(at) for hit in deciding for at in range(hit.first, hit.stop)}
    last, words = deciding[-1].stop, reading.words
    ours = {reading.clause(at) for at, word in enumerate(words) if word == US} - framed
    units = [at for at in range(len(words)) if at >= last or reading.clause(at) in ours]
    theirs = {reading.clause(at) for at in units if words[at] == THEM}
    units = [at for at in units if reading.clause(at) not in theirs]
    since = any(hit.role == "since" and hit.first >= last for hit in hits)
    if not since and all(words[at] != US for at in units):
        return ""
    return reading.parts({reading.clause(at) for at in units}, dict.fromkeys(framed, reading.end(last - 1)))


def _besides(reading: Reading, hit: Hit, relatives: frozenset[str]) -> str:
    """What a sentence says beside a frame; the sentence before when it is nothing else."""
    sentence, (start, after), text = reading.sentence(hit.first), reading.span(hit), reading.text
    begin, end = reading.sentences[sentence], reading.sentences[reading.sentence(hit.stop - 1) + 1]
    follows = hit.stop < len(reading.words)
    if follows and reading.words[hit.stop] in relatives:
        after = reading.clauses[reading.clause(hit.stop) + 1]
    if (hit.first and reading.sentence(hit.first - 1) == sentence) or (
        follows and reading.sentence(hit.stop) == sentence
    ):
        return f"{text[begin:start]} {text[after:end]}"
    return text[reading.sentences[max(0, sentence - 1)] : begin]


def _theirs(reading: Reading, hits: list[Hit]) -> set[int]:
    """The clauses about somebody else: those that name one and not the brand, and those after them that name nobody."""
    words, named = reading.words, dict[int, set[str]]()
    certain = {at for hit in hits if hit.role in _NAMES and _begins(reading, hit) for at in range(hit.first, hit.stop)}
    for at in reading.owns.union(at for at in certain if words[at] == THEM):
        named.setdefault(reading.clause(at), set()).add(words[at])
    if not any(THEM in who for who in named.values()):
        return set()
    theirs, about, sentence = set[int](), {US}, 0
    bare = False  # nothing but names so far: what follows is about all of them
    for clause in range(len(reading.clauses) - 1):
        units = reading.of_clause(clause)
        if not units:
            continue
        before, sentence = sentence, reading.sentence(units[0])
        if sentence != before and any(words[at] == US for at in reading.of_sentence(before)):
            about = {US}
        if clause in named:
            about = about | named[clause] if bare else named[clause]
        bare = clause in named and len(units) <= len(named[clause])
        if US not in about:
            theirs.add(clause)
    return theirs


def _begins(reading: Reading, hit: Hit) -> bool:
    """Whether a frame is where it has to be: a topic begins its clause."""
    return hit.role != "topic" or not hit.first or reading.clause(hit.first - 1) != reading.clause(hit.first)
