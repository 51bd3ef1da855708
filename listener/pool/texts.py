"""What workers are for: mentions classified by their words, in a copy of the classifier that the daemon has."""

import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from listener.detection import guess_by
from rules.classify import BrandTerms, Classified, Classifier
from rules.facts import Tone
from rules.mention import Mention
from rules.query.compiled import Match
from rules.query.content import Span
from rules.toward import prepare

_MENTIONS_ASKED, _FRAMES_ASKED = b"m", b"f"
"""How what is asked ends."""
TARGET = "listener.pool.texts:answerer"
REMEMBERED = 1_000
"""Mentions that later ones may repeat word for word without being judged anew."""


class _Told(msgspec.Struct, array_like=True):
    """A `Classified` as it is sent."""

    brand: str
    tone: Tone
    spans: tuple[Span, ...]
    hits: tuple[str, ...]
    words: tuple[str, ...]
    said: Mapping[str, tuple[str, ...]]
    story: int
    terms: tuple[str, ...]


_PACK = msgspec.msgpack.Encoder().encode
_MENTIONS = msgspec.msgpack.Decoder(list[Mention]).decode
_ANSWERS = msgspec.msgpack.Decoder(list[list[_Told]]).decode


def first_part(detection: str) -> bytes:
    """What begins a recipe: who tells the language of a text."""
    return detection.encode()


def part(brand: str, terms: BrandTerms) -> bytes:
    """What a recipe says of one brand."""
    return pickle.dumps((brand, terms), pickle.HIGHEST_PROTOCOL)


def question(mentions: Sequence[Mention]) -> bytes:
    """What a worker is asked about mentions that are fit."""
    return _PACK(mentions) + _MENTIONS_ASKED


def about_frames(said: bytes) -> bytes:
    """What a worker is asked about frames, as `listener.bluesky.afar` asks it."""
    return said + _FRAMES_ASKED


def answers(said: bytes) -> list[list[Classified]]:
    """What it makes of each of them."""
    return [[_classified(told) for told in each] for each in _ANSWERS(said)]


def answerer(recipe: Iterable[bytes]) -> "_Answerer":
    """In the worker."""
    detection: Any = None
    brands: dict[str, BrandTerms] = {}
    for said in recipe:
        if detection is None:
            detection = said.decode()
        else:
            name, terms = pickle.loads(said)  # noqa: S301  # from the daemon, whose process this is
            brands[name] = terms
    classifier = Classifier(brands, guess_by(detection), REMEMBERED)
    for language in classifier.languages:
        prepare(language)  # nobody waits yet
    return _Answerer(classifier)


class _Answerer:
    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier

    def __call__(self, said: bytes) -> bytes:
        asked = memoryview(said)[:-1]
        if said.endswith(_FRAMES_ASKED):
            return self._sifting(asked)
        return _PACK([[_told(each) for each in self._classifier.by_words(mention)] for mention in _MENTIONS(asked)])

    @cached_property
    def _sifting(self) -> Callable[[memoryview], bytes]:
        from listener.bluesky.afar import Answering  # noqa: PLC0415  # many never ask for it

        return Answering(self._classifier.index)


def _told(found: Classified) -> _Told:
    return _Told(
        found.brand, found.tone, found.match.spans, found.hits, found.words, found.said, found.story, found.terms
    )


def _classified(told: _Told) -> Classified:
    return Classified(
        brand=told.brand,
        tone=told.tone,
        match=Match.shown(told.spans),
        own=False,
        hits=told.hits,
        words=told.words,
        said=told.said,
        story=told.story,
        terms=told.terms,
    )
