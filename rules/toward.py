"""The tone of a text towards one of those whom it names. Who it is about is asked only where somebody else is named."""

from msgspec.structs import replace

from rules.facts import Label, Tone
from rules.language import little_words
from rules.named import Hit, Names, Reading
from rules.packs.frames import THEM, US, load
from rules.packs.lexicon import Lexicon
from rules.packs.pack import load as load_pack
from rules.quoted import own_words, unheaded
from rules.tone import LONGEST_SCORED, score, supported_languages

_DECIDES = frozenset({"verdict", "switch"})
_HINTS = frozenset({"leave", "join"})  # one of them may be about anything
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
    hearing = _Hearing(language, names, own)
    read = text[:LONGEST_SCORED]
    told, said = unheaded(read), own_words(read)
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

    def _score(self, text: str) -> Tone:
        return score(text, self._language, self._own)

    def _read(self, text: str) -> Reading:
        return Reading(text, self._names, self._frames, self._is_known)

    def defers(self, tone: Tone, told: str) -> bool:
        """Whether what is quoted counts as well: an author who says nothing of it, or who reports it as news."""
        if tone.label != "positive":
            return tone.label == "neutral"
        return any(hit.meaning.role == "reports" for hit in self._read(told).hits())

    def tone(self, text: str, whole: Tone | None) -> Tone:
        """The tone of a text without quotations; `whole` is that of all of it, if it is known."""
        reading = self._read(text)
        hits = reading.hits()
        whole = whole or self._score(text)
        return self._by_frames(reading, hits, whole) or self._by_clauses(reading, hits, whole) or whole

    def _by_frames(self, reading: Reading, hits: list[Hit], whole: Tone) -> Tone | None:
        value, roles = _value(hits), {hit.meaning.role for hit in hits}
        if value > 0:
            rest = self._score(self._rest(reading, hits))
            if rest.label == "negative" and "tired" not in roles:
                return rest
        if value:
            return self._decided("positive" if value > 0 else "negative", reading, hits, whole)
        for hit in hits:
            if hit.meaning.role == "unlike":
                tone = self._score(_besides(reading, hit))
                if tone.label in _OPPOSITE:
                    label = tone.label if hit.meaning.valence > 0 else _OPPOSITE[tone.label]
                    return replace(tone, label=label, compound=abs(tone.compound or 0) * _SIGN[label])
        return None

    def _rest(self, reading: Reading, hits: list[Hit]) -> str:
        """What is said apart from the frames that decide and of nobody else."""
        framed = {
            unit.clause for hit in hits if hit.meaning.role in _DECIDES for unit in reading.units[hit.first : hit.stop]
        }
        theirs = {unit.clause for unit in reading.units if unit.word == THEM}
        ours = {unit.clause for unit in reading.units if unit.word == US}
        clauses = range(len(reading.clauses) - 1)
        return reading.parts(reading.clauses, [each for each in clauses if each not in framed | (theirs - ours)])

    def _decided(self, label: Label, reading: Reading, hits: list[Hit], whole: Tone) -> Tone:
        words = [
            reading.text[reading.units[hit.first].start : reading.units[hit.stop - 1].end]
            for hit in hits
            if hit.meaning.valence * _SIGN[label] > 0
        ]
        return replace(whole, label=label, compound=_CHOSEN * _SIGN[label], confidence=_SURE, words=tuple(words))

    def _by_clauses(self, reading: Reading, hits: list[Hit], whole: Tone) -> Tone | None:
        """What is said of the brand, where that is plainly not what is said of somebody else."""
        theirs = _theirs(reading, hits)
        if not theirs:
            return None
        ours = [each for each in range(len(reading.clauses) - 1) if each not in theirs]
        tone = self._score(reading.parts(reading.clauses, ours))
        if any(hit.meaning.role == "contrast" for hit in hits):
            return tone
        other = self._score(reading.parts(reading.clauses, theirs))
        return tone if tone.label == _OPPOSITE.get(other.label) else None


def _value(hits: list[Hit]) -> float:
    """Above 0 when frames prefer the brand, below when they prefer another one."""
    roles = {hit.meaning.role for hit in hits}
    value = sum(hit.meaning.valence for hit in hits if hit.meaning.role in _DECIDES)
    hints = sum(hit.meaning.valence for hit in hits if hit.meaning.role in _HINTS)
    value = value or (hints if abs(hints) > 1 else 0.0)
    return -value if "regret" in roles and not roles.isdisjoint({"switch", *_HINTS}) else value


def _besides(reading: Reading, hit: Hit) -> str:
    """What a sentence says beside a frame; the sentence before when it is nothing else."""
    first, last = reading.units[hit.first], reading.units[hit.stop - 1]
    begin, end = reading.sentences[first.sentence], reading.sentences[last.sentence + 1]
    rest = f"{reading.text[begin : first.start]} {reading.text[last.end : end]}"
    if any(unit.sentence == first.sentence for unit in (*reading.units[: hit.first], *reading.units[hit.stop :])):
        return rest
    return reading.text[reading.sentences[max(0, first.sentence - 1)] : begin]


def _theirs(reading: Reading, hits: list[Hit]) -> set[int]:
    """The clauses about somebody else: those that name one and not the brand, and those after them that name nobody."""
    named: dict[int, set[str]] = {}
    words: dict[int, int] = {}
    certain = {hit.stop - 1 for hit in hits if hit.meaning.role == "named"}
    for at, unit in enumerate(reading.units):
        if unit.owns or at in certain:
            named.setdefault(unit.clause, set()).add(unit.word)
        words[unit.clause] = words.get(unit.clause, 0) + 1
    theirs, about = set[int](), {US}
    bare = False  # nothing but names so far: what follows is about all of them
    for clause in range(len(reading.clauses) - 1):
        if clause in named:
            about = about | named[clause] if bare else named[clause]
            bare = words[clause] <= len(named[clause])
        elif words.get(clause):
            bare = False
        if US not in about:
            theirs.add(clause)
    return theirs
