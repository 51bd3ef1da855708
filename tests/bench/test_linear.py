"""What hostile texts cost: time that grows as their length does, and less than a second for a megabyte."""

from collections.abc import Callable
from time import process_time

import pytest

from rules.instant import moment
from rules.language import identify
from rules.mention import Mention
from rules.query.compiled import compile_query
from rules.text import read
from rules.tone import score, supported_languages
from tests.bench.daemon import show

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

MEGABYTE, TIMES = 1_000_000, 4
MOST_TIMES, NEGLIGIBLE = 2.5 * TIMES, 0.02
"""Growth that is no longer linear, and seconds below which nobody waits. A square would be sixteen times."""
SAID = {
    "de": ("schlecht furchtbar ", "nicht kein "),
    "en": ("good terrible ", "not never "),
    "es": ("malo horrible ", "no nunca "),
    "fr": ("nul honteux ", "ne pas "),
    "it": ("pessimo schifo ", "non mai "),
    "pt": ("ruim horrível ", "não nunca "),
}
SHAPES = {
    "emoji": "😡",
    "one letter": "a",
    "spaces": " ",
    "a a a": "a ",
    "!?": "!?",
    "combining accents": "\u0301",
    "accented letters": "a\u0301\u0302",
    "marks of several kinds": "z\u0301\u0316\u0334",
    "hashtags": "#a ",
    "a hashtag of humps": "#aB",
    "opening brackets": "([{",
    "faces": ":-) ",
    "half faces": ":-",
    "digits": "1",
    "decimals": "1.",
    "CJK": "漢字",
    "RTL": "שלום ",
    "handles": "@a.",
    "links": "http://",
    "questions": "a? ",
    "drawn out": "sooooo ",
    "but": "but mais aber ",
    "line breaks": "\n",
    "joiners": "\u200d",
}
QUERY = compile_query('("Acme Air" OR sooo* OR #acme OR @acme OR "a a a a b" OR +zz OR raw:"é!") -job')


def shapes(language: str) -> dict[str, str]:
    words, negators = SAID[language]
    return {**SHAPES, "words of the lexicon": words, "negators": negators, "both": negators + words}


def match(text: str) -> None:
    found = QUERY.match(Mention(id="1", source="s", platform="file", observed_at=moment(0), text=text))
    assert found is None or found.spans


def seconds(work: Callable[[str], object], text: str) -> float:
    """Processor time of reading a text anew, the least of three."""
    times = []
    for _ in range(3):
        read.cache_clear()
        begun = process_time()
        work(text)
        times.append(process_time() - begun)
    return min(times)


def filled(piece: str, size: int) -> str:
    return (piece * (size // len(piece) + 1))[:size]


def judge(name: str, work: Callable[[str], object], pieces: dict[str, str], longest: int) -> None:
    """`longest` characters are read; a megabyte is measured in bytes, as somebody would send it."""
    work("What is there")
    found = []
    for shape, piece in pieces.items():
        short, long = (seconds(work, filled(piece, size)) for size in (longest // TIMES, longest))
        whole = seconds(work, filled(piece, MEGABYTE * len(piece) // len(piece.encode())))
        found.append((whole, shape, long / max(short, 1e-9), long))
    whole, slowest, *_ = max(found)
    steepest = max((growth for _, _, growth, long in found if long >= NEGLIGIBLE), default=0.0)
    show(name, [("slowest megabyte", f"{whole * 1e3:.0f} ms ({slowest})"), ("steepest growth", f"{steepest:.1f}")])
    assert [shape for _, shape, growth, long in found if long >= NEGLIGIBLE and growth > MOST_TIMES] == []
    assert [shape for whole, shape, *_ in found if whole >= 1] == []


@pytest.mark.parametrize("language", sorted(supported_languages()))
def test_a_tone_is_told_in_time_that_grows_as_the_text_does(language):
    assert set(SAID) == supported_languages()
    longest = MEGABYTE // 4 if language == "en" else 20_000
    judge(f"score, {language}", lambda text: score(text, language), shapes(language), longest)


def test_a_language_is_told_in_such_a_time():
    judge("identify", lambda text: identify(text, None, ("fr", "en")), SHAPES, 2_000)


def test_a_query_is_matched_in_such_a_time():
    judge("query", match, SHAPES, 50_000)
