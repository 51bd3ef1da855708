"""The tone of a text towards one of those whom it names. Who it is about is asked only where somebody else is named."""

from itertools import groupby, pairwise
from typing import NamedTuple

from msgspec.structs import replace

from rules.facts import Label, Tone
from rules.language import little_words
from rules.named import Hit, Names, Reading, Unit, names_nobody_else
from rules.packs.frames import THEM, US, load
from rules.packs.lexicon import Lexicon
from rules.packs.pack import load as load_pack
from rules.quoted import own_words, unheaded
from rules.tone import LONGEST_SCORED, score, supported_languages

_DECIDES = frozenset({"verdict", "instead", "switch"})
_CHOICES = frozenset({"leave", "join"})  # decide where both are named
_HINTS = _CHOICES | {"hint"}  # and one that is only that may be about anything
_PREFERS = _DECIDES | _HINTS | {"return"}
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
    return replace(tone, compound=whole.compound) if language == "en" else tone


class _Hearing:
    """One brand's ear for a language."""

    def __init__(self, language: str, names: Names, own: Lexicon | None) -> None:
        self._language, self._names, self._own = language, names, own
        self._frames, self._pack = load(language), load_pack(language)
        self._little = little_words(language)

    def _is_known(self, word: str) -> bool:
        return word in self._little or self._frames.lexicon.begins(word) or self._pack.knows(word)

    def hears_nobody_else(self, text: str) -> bool:
        """Whether a quick look is enough."""
        return names_nobody_else(text, self._names, self._frames, self._is_known)

    def _score(self, text: str) -> Tone:
        return score(text, self._language, self._own)

    def _read(self, text: str) -> Reading:
        return Reading(text, self._names, self._frames, self._is_known)

    def agreed(self, said: str) -> str:
        """What an author says without the words that only say no to those who are quoted."""
        reading = self._read(said)
        said_no = [reading.span(hit) for hit in reading.hits() if hit.meaning.role == "disagrees"]
        bounds = [0, *(place for span in said_no for place in span), len(reading.text)]
        return "".join(reading.text[begin:end] for begin, end in zip(bounds[::2], bounds[1::2], strict=True))

    def defers(self, tone: Tone, told: str) -> bool:
        """Whether what is quoted counts as well: where its author says nothing of it, only something kind, which may be
        irony, or reports it as news.
        """
        if tone.label != "positive":
            return tone.label == "neutral"
        roles = {hit.meaning.role for hit in self._read(told).hits()}
        return "reports" in roles or ((tone.compound or 0) < _WARM and "disagrees" not in roles)

    def tone(self, text: str, whole: Tone | None) -> Tone:
        """The tone of a text without a look at quotations; `whole` is that of all of it, if it is known."""
        reading = self._read(text)
        whole = whole or self._score(text)
        if US not in reading.who:
            return whole
        hits = reading.hits()
        return self._by_frames(reading, hits, whole) or self._by_clauses(reading, hits, whole) or whole

    def _by_frames(self, reading: Reading, hits: list[Hit], whole: Tone) -> Tone | None:
        value, roles = _value(reading, hits), {hit.meaning.role for hit in hits}
        if value > 0 and whole.label == "negative" and THEM not in reading.who:
            return None
        if value > 0 and "regret" not in roles and (rest := _rest(reading, hits)):
            tone = self._score(rest)
            if tone.label == "negative":
                return tone
        if value:
            return self._decided("positive" if value > 0 else "negative", reading, hits, whole)
        unlike = [hit for hit in hits if hit.meaning.role in {"unlike", "compared"}][:_MOST_UNLIKE]
        return next(filter(None, (self._unlike(reading, hit) for hit in unlike)), None)

    def _unlike(self, reading: Reading, hit: Hit) -> Tone | None:
        """What is said of the brand by what is said of the one that is unlike it."""
        beside = _besides(reading, hit, self._frames.relatives)
        tone = self._score(beside)
        label = tone.label
        if label not in _OPPOSITE:
            if hit.meaning.role == "compared":
                return None
            said = {unit.word for unit in self._read(beside).units}
            label = "positive" if said.isdisjoint(self._frames.negations) else "negative"
            tone = replace(tone, compound=_CHOSEN, confidence=_SURE)
        label = label if hit.meaning.valence > 0 else _OPPOSITE[label]
        words = (reading.written(hit), *tone.words)
        return replace(tone, label=label, compound=abs(tone.compound or 0) * _SIGN[label], words=words)

    def _decided(self, label: Label, reading: Reading, hits: list[Hit], whole: Tone) -> Tone:
        words = tuple(reading.written(hit) for hit in hits if hit.meaning.role in _PREFERS)[:_MOST_WORDS]
        compound = _CHOSEN * _SIGN[label]
        return replace(whole, label=label, compound=compound, confidence=_SURE, words=words or whole.words)

    def _by_clauses(self, reading: Reading, hits: list[Hit], whole: Tone) -> Tone | None:
        """What is said of the brand, where that is plainly not what is said of somebody else."""
        if THEM not in reading.who:
            return None
        theirs = _theirs(reading, hits)
        contrasted = {reading.units[hit.first].sentence for hit in hits if hit.meaning.role == "contrast"}
        topics = self._topics(reading)
        apart = bool(contrasted) or _are_parted(topics)
        if not theirs or (whole.label == "neutral" and not apart):
            return None
        tone = self._score(reading.parts({*range(len(reading.clauses) - 1)} - theirs))
        other = self._score(reading.parts(theirs))
        if tone.label == "neutral" and other.label in _OPPOSITE and _are_rivals(reading, topics, contrasted):
            return self._decided(_OPPOSITE[other.label], reading, hits, other)
        return tone if apart or tone.label == _OPPOSITE.get(other.label) else None

    def _topics(self, reading: Reading) -> list["_Topic"]:
        """The names that begin a clause which goes on to say something."""
        plain = self._little, self._frames.plain, self._frames.splits
        telling = [unit for unit in reading.units if not any(unit.word in words for words in plain)]
        last = {unit.clause: unit for unit in telling}
        first = {unit.clause: unit for unit in reversed(telling)}
        acting = {one.start for one, following in pairwise(reading.units) if following.word in self._frames.verbs}
        return [
            _Topic(unit, acts=unit.start in acting)
            for clause, unit in first.items()
            if unit.word in {US, THEM} and unit is not last[clause]
        ]


class _Topic(NamedTuple):
    """A name that a clause is about; `acts`: a verb follows."""

    unit: Unit
    acts: bool


def _are_rivals(reading: Reading, topics: list[_Topic], contrasted: set[int]) -> bool:
    """Whether a sentence sets what two do against each other, or one asks for the brand alone."""
    ours, theirs = (
        {unit.sentence for unit, acts in topics if unit.word == who and (acts or unit.sentence in contrasted)}
        for who in (US, THEM)
    )
    asked = (unit.word == US and unit.sentence in reading.asked and reading.is_alone(unit) for unit in reading.units)
    return not ours.isdisjoint(theirs) or any(asked)


def _are_parted(topics: list[_Topic]) -> bool:
    """Whether one clause is about the brand and one about another, or a sentence about another account."""
    # An account at the very beginning is spoken to, whatever is spoken of.
    ours = any(unit.word == US and (acts or unit.kind != "handle" or unit.start) for unit, acts in topics)
    theirs = [topic for topic in topics if topic.unit.word == THEM]
    accounts = any(unit.kind == "handle" and unit.begins and unit.sentence for unit, _ in theirs)
    return accounts or (ours and any(acts for _, acts in theirs))


def _value(reading: Reading, hits: list[Hit]) -> float:
    """Above 0 when frames prefer the brand, below when they prefer another one."""
    roles = {hit.meaning.role for hit in hits}
    returns = [hit.meaning.valence for hit in hits if hit.meaning.role == "return"]
    value = sum(hit.meaning.valence for hit in hits if hit.meaning.role in _DECIDES)
    value += sum(each for each in returns if each > 0)
    hints = sum(hit.meaning.valence for hit in hits if hit.meaning.role in _HINTS)
    hints += sum(returns) * (_RETURNING if hints else 1)
    enough = not roles.isdisjoint(_CHOICES) and reading.who >= {US, THEM}
    value = value or (hints if abs(hints) > 1 or enough else 0.0)
    return -value if "regret" in roles and not roles.isdisjoint({"switch", *_HINTS}) else value


def _rest(reading: Reading, hits: list[Hit]) -> str:
    """What is said beside the frames that decide and of nobody else, if it is said of the brand: where it is named
    again, or after a `since`. Otherwise it may well be why the other one is left.
    """
    deciding = [hit for hit in hits if hit.meaning.role in _PREFERS]
    framed = {unit.clause for hit in deciding for unit in reading.units[hit.first : hit.stop]}
    last = deciding[-1].stop
    after = reading.units[last - 1].end
    ours = {unit.clause for unit in reading.units if unit.word == US} - framed
    units = [unit for unit in reading.units if unit.clause in ours or unit.start >= after]
    theirs = {unit.clause for unit in units if unit.word == THEM}
    units = [unit for unit in units if unit.clause not in theirs]
    since = any(hit.meaning.role == "since" and hit.first >= last for hit in hits)
    if not since and all(unit.word != US for unit in units):
        return ""
    return reading.parts({unit.clause for unit in units}, dict.fromkeys(framed, after))


def _besides(reading: Reading, hit: Hit, relatives: frozenset[str]) -> str:
    """What a sentence says beside a frame; the sentence before when it is nothing else."""
    first, last = reading.units[hit.first], reading.units[hit.stop - 1]
    begin, end, after = reading.sentences[first.sentence], reading.sentences[last.sentence + 1], last.end
    following = reading.units[hit.stop : hit.stop + 1]
    if following and following[0].word in relatives:
        after = reading.clauses[following[0].clause + 1]
    around = [*reading.units[max(0, hit.first - 1) : hit.first], *following]
    if any(unit.sentence == first.sentence for unit in around):
        return f"{reading.text[begin : first.start]} {reading.text[after:end]}"
    return reading.text[reading.sentences[max(0, first.sentence - 1)] : begin]


def _theirs(reading: Reading, hits: list[Hit]) -> set[int]:
    """The clauses about somebody else: those that name one and not the brand, and those after them that name nobody."""
    certain = {
        at for hit in hits if hit.meaning.role in _NAMES and _begins(reading, hit) for at in range(hit.first, hit.stop)
    }
    named: dict[int, set[str]] = {}
    for at, unit in enumerate(reading.units):
        if unit.owns or (at in certain and unit.word == THEM):
            named.setdefault(unit.clause, set()).add(unit.word)
    theirs, about, sentence = set[int](), {US}, -1
    bare = False  # nothing but names so far: what follows is about all of them
    for clause, units in groupby(reading.units, lambda unit: unit.clause):
        said = list(units)
        if said[0].sentence != sentence and US in {unit.word for unit in reading.of_sentence(sentence)}:
            about = {US}
        sentence = said[0].sentence
        if clause in named:
            about = about | named[clause] if bare else named[clause]
        bare = clause in named and len(said) <= len(named[clause])
        if US not in about:
            theirs.add(clause)
    return theirs


def _begins(reading: Reading, hit: Hit) -> bool:
    """Whether a frame is where it has to be: a topic begins its clause."""
    before = reading.units[max(0, hit.first - 1)]
    return hit.meaning.role != "topic" or not hit.first or before.clause != reading.units[hit.first].clause
