"""A brand's own label model: what its user's marks say of a text beside what the pack says."""

from array import array
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import chain
from math import exp, isfinite, sqrt
from sys import byteorder
from typing import Literal

import msgspec

from rules.facts import Tone
from rules.instant import Instant
from rules.labelling.features import PLACES, features

Said = Literal["negative", "neutral", "positive"]
"""What a person can say of a text."""

SIDES: tuple[Said, Said] = ("negative", "positive")
"""The labels that have weights of their own; neutral is what both are weighed against."""

TOLD = 6
"""Numbers that `told` makes of a pack's answer."""

LARGEST = 1_000_000
"""Bytes of a dump, at most."""

Table = Mapping[int, float]
"""The weights of places, 0 where there is none."""
Blend = tuple[tuple[float, ...], tuple[float, ...]]
"""By side, the weights of the pack's answer and of what the text says for both sides."""

_FORMAT = "badbuzz labels 1"
_STEPS = 32_767  # of a weight: the range of 16 bits
_HEAVIEST = 1e6


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of a text; `language` as it was identified then."""

    text: str
    label: Said
    language: str | None
    at: Instant


class _Content(msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """`tables` hold, by side, one number of 16 bits for each place: so many times `step`."""

    format: str
    languages: tuple[str, ...]
    blend: Blend
    step: float
    tables: tuple[bytes, bytes]


class LabelModel:
    """Immutable; equal content has an equal `hash`. Judges texts in its `languages` alone."""

    def __init__(self, content: _Content) -> None:
        """For `build` and `load`. What is dumped is made from the numbers again: they are held for every brand."""
        self._tables = (_numbers(content.tables[0]), _numbers(content.tables[1]))
        self._step, self._blend = content.step, content.blend
        self.languages = frozenset(content.languages)

    @classmethod
    def build(cls, languages: Sequence[str], tables: tuple[Table, Table], blend: Blend) -> "LabelModel":
        """A model for `languages`, from weights as `rules.labelling.fit` makes them."""
        heaviest = max(map(abs, chain(tables[0].values(), tables[1].values())), default=0.0)
        step = heaviest / _STEPS or 1.0
        negative, positive = (_table(table, step) for table in tables)
        codes = tuple(sorted(set(languages)))
        return cls(_Content(format=_FORMAT, languages=codes, blend=blend, step=step, tables=(negative, positive)))

    @classmethod
    def load(cls, dumped: bytes) -> "LabelModel":
        """What `dump` gave. ValueError when these bytes are not that, or of another version."""
        if len(dumped) > LARGEST:
            raise ValueError(f"not a label model: {len(dumped)} bytes, at most {LARGEST}")
        try:
            content = msgspec.msgpack.decode(dumped, type=_Content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"not a label model, or one of another version: {error}") from None
        _check(content)
        if msgspec.msgpack.encode(content) != dumped:
            raise ValueError("not a label model: not written as it would be")
        return cls(content)

    def dump(self) -> bytes:
        """All of it in fewer than LARGEST bytes; the same bytes for the same content."""
        negative, positive = map(_bytes, self._tables)
        content = _Content(
            format=_FORMAT,
            languages=tuple(sorted(self.languages)),
            blend=self._blend,
            step=self._step,
            tables=(negative, positive),
        )
        return msgspec.msgpack.encode(content)

    @cached_property
    def hash(self) -> str:
        """16 hexadecimal digits that name the content."""
        return sha256(self.dump()).hexdigest()[:16]

    @cached_property
    def _name(self) -> str:
        return f"marks@{self.hash[:8]}"

    def judge(self, text: str, tone: Tone) -> Tone:
        """The tone with the label and confidence that the marks give it; as it is in any language but `languages`.
        A label that changed has no words that decided. Linear in the text, of which it reads what a pack scores.
        """
        if tone.language not in self.languages or tone.label == "unsupported":
            return tone
        label, confidence = self._decide(text, tone)
        return Tone(
            language=tone.language,
            label=label,
            compound=tone.compound,
            confidence=round(confidence, 4),
            scorer=f"{tone.scorer}+{self._name}",
            words=tone.words if label == tone.label else (),
        )

    def _decide(self, text: str, tone: Tone) -> tuple[Said, float]:
        """The likeliest label and its probability; of equal ones that of the pack."""
        seen = features(text)
        scale = self._step / sqrt(len(seen) or 1)
        says = [scale * sum(map(table.__getitem__, seen)) for table in self._tables]
        row = (*told(tone), *says)
        blame, praise = chances(*(blended(weights, row) for weights in self._blend))
        sure: dict[Said, float] = {"negative": blame, "neutral": max(0.0, 1 - blame - praise), "positive": praise}
        label = max(sure, key=lambda each: (sure[each], each == tone.label))
        return label, sure[label]


def told(tone: Tone) -> tuple[float, ...]:
    """The pack's answer as numbers: something that is always there, the label, the compound and how far it goes."""
    compound = tone.compound or 0.0
    return (
        1.0,
        float(tone.label == "negative"),
        float(tone.label == "positive"),
        compound,
        abs(compound),
        float(tone.label == "neutral" and compound != 0),
    )


def heard(tables: tuple[Table, Table], seen: Sequence[int]) -> tuple[float, float]:
    """What the features of a text say for each side, whatever its length."""
    unit = 1 / sqrt(len(seen) or 1)
    blame, praise = (unit * sum(table.get(place, 0.0) for place in seen) for table in tables)
    return blame, praise


def blended(weights: Sequence[float], row: Sequence[float]) -> float:
    """How much speaks for a side."""
    return sum(map(float.__mul__, weights, row))


def chances(negative: float, positive: float) -> tuple[float, float]:
    """The probabilities of both sides, given how much speaks for each against neutral."""
    top = max(0.0, negative, positive)
    blame, praise = exp(negative - top), exp(positive - top)
    total = blame + praise + exp(-top)
    return blame / total, praise / total


def _check(content: _Content) -> None:
    """Raises ValueError for what no `build` made."""
    if content.format != _FORMAT:
        raise ValueError(f"a label model of another version: {content.format[:40]!r}; this program reads {_FORMAT!r}")
    if not all(isfinite(number) and abs(number) <= _HEAVIEST for number in (content.step, *chain(*content.blend))):
        raise ValueError("not a label model: a weight is out of range")
    if any(len(table) != 2 * PLACES for table in content.tables) or any(
        len(side) != TOLD + 2 for side in content.blend
    ):
        raise ValueError("not a label model: a table has another size")
    if list(content.languages) != sorted(set(content.languages)):
        raise ValueError("not a label model: its languages are not in order")


def _table(weights: Table, step: float) -> bytes:
    numbers = array("h", bytes(2 * PLACES))
    for place, weight in weights.items():
        numbers[place] = round(weight / step)
    return _bytes(numbers)


def _numbers(table: bytes) -> "array[int]":
    return _little(array("h", table))


def _bytes(numbers: "array[int]") -> bytes:
    return _little(numbers[:]).tobytes()


def _little(numbers: "array[int]") -> "array[int]":
    """From this machine's order of bytes to the dump's, and back."""
    if byteorder == "big":
        numbers.byteswap()
    return numbers
