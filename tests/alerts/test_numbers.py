"""Numbers and durations as the two languages write them."""

from datetime import timedelta

import pytest

from alerts.typography import estimate, joined, number, percent, plural, quoted, span

N, T = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("count", "french", "english"), [(0, "0", "0"), (999, "999", "999"), (1_234_567, f"1{T}234{T}567", "1,234,567")]
)
def test_thousands_are_parted_as_the_language_does(count, french, english):
    assert (number(count, "fr"), number(count, "en")) == (french, english)


@pytest.mark.parametrize(
    ("value", "english"),
    [(0, "0"), (0.2, "less than 1"), (0.6, "1"), (3.2, "3"), (99.4, "99"), (123.4, "120"), (123_456.7, "120,000")],
)
def test_an_estimate_claims_no_more_than_it_knows(value, english):
    assert estimate(value, "en") == english


@pytest.mark.parametrize(
    ("part", "whole", "french", "english"),
    [
        (0, 50, f"0{T}%", "0%"),
        (1, 500, f"moins de 1{T}%", "less than 1%"),
        (355, 500, f"71{T}%", "71%"),
        (499, 500, f"plus de 99{T}%", "more than 99%"),
        (50, 50, f"100{T}%", "100%"),
    ],
)
def test_a_share_is_none_or_all_only_when_it_is(part, whole, french, english):
    assert (percent(part, whole, "fr"), percent(part, whole, "en")) == (french, english)


@pytest.mark.parametrize(
    ("duration", "french", "english"),
    [
        (timedelta(seconds=-3), f"0{N}s", "0 s"),
        (timedelta(seconds=45), f"45{N}s", "45 s"),
        (timedelta(minutes=15), f"15{N}min", "15 min"),
        (timedelta(hours=1), f"1{N}h", "1 h"),
        (timedelta(hours=2, minutes=5), f"2{N}h{N}05", "2 h 05 min"),
        (timedelta(hours=47), f"47{N}h", "47 h"),
        (timedelta(days=3, hours=4), f"3{N}j 4{N}h", "3 d 4 h"),
    ],
)
def test_a_duration_has_at_most_two_units(duration, french, english):
    assert (span(duration, "fr"), span(duration, "en")) == (french, english)


@pytest.mark.parametrize(("count", "french", "english"), [(0, "a", "b"), (1, "a", "a"), (1.5, "a", "b"), (2, "b", "b")])
def test_french_is_singular_below_two_and_english_at_one(count, french, english):
    assert (plural(count, "a", "b", "fr"), plural(count, "a", "b", "en")) == (french, english)


def test_lists_and_quotations():
    assert [joined(words, "or") for words in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
        "",
        "a",
        "a or b",
        "a, b or c",
    ]
    assert (quoted("oui", "fr"), quoted("yes", "en")) == (f"«{N}oui{N}»", "“yes”")
