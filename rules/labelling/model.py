"""A brand's own label model: what its user's marks say of a text beside what the pack says."""

from array import array
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
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

LARGEST = 1_000_000
"""Bytes of a dump, at most."""

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
    """What is kept of a model: for each side the weights of the pack's answer, and a table of steps of 16 bits."""

    format: str
    languages: tuple[str, ...]
    answer: tuple[tuple[float, ...], tuple[float, ...]]
    step: float
    tables: tuple[bytes, bytes]


class LabelModel:
    """Immutable; equal content has an equal `hash`. Judges texts in `languages` alone."""

    def __init__(self, content: _Content) -> None:
        self._content = content
        self._languages = frozenset(content.languages)
        self._tables = tuple(map(_steps, content.tables))

    @classmethod
    def build(cls, languages: Sequence[str], sides: Sequence[tuple[Sequence[float], Mapping[int, float]]]) -> "LabelModel":
        """From the weights of each side: those of the pack's answer, and by place those of the text."""
        heaviest = max((abs(weight) for _, weights in sides for weight in weights.values()), default=0.0)
        step = heaviest / _STEPS or 1.0
        (negative, blame), (positive, praise) = sides
        content = _Content(
            format=_FORMAT,
            languages=tuple(sorted(languages)),
            answer=(tuple(negative), tuple(positive)),
            step=step,
            tables=(_table(blame, step), _table(praise, step)),
        )
        return cls(content)

    @property
    def languages(self) -> frozenset[str]:
        """Those in which it is better than the pack."""
        return self._languages

    @cached_property
    def hash(self) -> str:
        """16 hexadecimal digits that name the content."""
        return sha256(self.dump()).hexdigest()[:16]

    def dump(self) -> bytes:
        """All of it, in fewer than LARGEST bytes; the same for the same content."""
        return msgspec.msgpack.encode(self._content)

    @classmethod
    def load(cls, dumped: bytes) -> "LabelModel":
        """What `dump` gave. ValueError when these bytes are not that, or of another version."""
        if len(dumped) > LARGEST:
            raise ValueError(f"no label model: {len(dumped)} bytes, at most {LARGEST}")
        try:
            content = msgspec.msgpack.decode(dumped, type=_Content)
        except msgspec.DecodeError as error:
            raise ValueError(f"no label model, or of another version: {error}") from None
        if content.format != _FORMAT:
            raise ValueError(f"a label model of another version: {content.format[:40]!r}, this is {_FORMAT!r}")
        numbers = (content.step, *content.answer[0], *content.answer[1])
        if not all(isfinite(number) and abs(number) <= _HEAVIEST for number in numbers):
            raise ValueError("no label model: a weight is out of range")
        if {len(table) for table in content.tables} != {2 * PLACES} or set(map(len, content.answer)) != {ANSWERS}:
            raise ValueError("no label model: a table has another size")
        if msgspec.msgpack.encode(content) != dumped:
            raise ValueError("no label model: not written as it would be")
        return cls(content)

    def judge(self, text: str, tone: Tone) -> Tone:
        """The tone with the label and confidence that the marks give it; as it is in any language but `languages`.
        When the label changes no words decided. Linear in the text.
        """
        if tone.language not in self._languages or tone.label == "unsupported":
            return tone
        label, confidence = self._judged(text, tone)
        return msgspec.structs.replace(
            tone,
            label=label,
            confidence=round(confidence, 4),
            scorer=f"{tone.scorer}+marks@{self.hash[:8]}",
            words=tone.words if label == tone.label else (),
        )

    def _judged(self, text: str, tone: Tone) -> tuple[Said, float]:
        seen, told = features(text), answer(tone)
        scale = self._content.step / sqrt(len(seen) or 1)
        negative, positive = (
            sum(map(float.__mul__, weights, told)) + scale * sum(map(table.__getitem__, seen))
            for weights, table in zip(self._content.answer, self._tables, strict=True)
        )
        return decide(negative, positive)


ANSWERS = 6


def answer(tone: Tone) -> tuple[float, ...]:
    """What the model sees of the pack's answer."""
    compound = tone.compound or 0.0
    return (
        1.0,
        float(tone.label == "negative"),
        float(tone.label == "positive"),
        compound,
        abs(compound),
        float(tone.label == "neutral" and compound != 0),
    )


def chances(negative: float, positive: float) -> tuple[float, float]:
    """The probabilities of both sides, given how much speaks for each against neutral."""
    top = max(0.0, negative, positive)
    blame, praise, rest = exp(negative - top), exp(positive - top), exp(-top)
    total = blame + praise + rest
    return blame / total, praise / total


def decide(negative: float, positive: float) -> tuple[Said, float]:
    """The likeliest label and its probability."""
    blame, praise = chances(negative, positive)
    said: tuple[tuple[float, Said], ...] = ((1 - blame - praise, "neutral"), (blame, "negative"), (praise, "positive"))
    confidence, label = max(said)
    return label, min(1.0, max(0.0, confidence))


def _table(weights: Mapping[int, float], step: float) -> bytes:
    table = array("h", bytes(2 * PLACES))
    for place, weight in weights.items():
        table[place] = round(weight / step)
    if byteorder == "big":
        table.byteswap()
    return table.tobytes()


def _steps(table: bytes) -> "array[int]":
    steps = array("h", table)
    if byteorder == "big":
        steps.byteswap()
    return steps
