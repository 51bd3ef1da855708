"""Cutting and naming."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.channels._text import cut, defuse, one_line, slug, token, utf8

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(text, st.integers(3, 100))
def test_a_cut_text_fits_in_the_unit_of_the_channel(words: str, limit: int) -> None:
    assert utf8(cut(words, limit, utf8)) <= max(limit, 0)


@given(text)
def test_what_fits_is_left_alone(words: str) -> None:
    assert words == cut(words, len(words))


def test_a_cut_falls_between_words() -> None:
    assert "22 mentions…" == cut("22 mentions négatives", 16)


@given(text)
def test_one_line_is_one_line_and_keeps_no_break_spaces(words: str) -> None:
    shown = one_line(f"n°\u00a037{words}")

    assert shown.startswith("n°\u00a037")
    assert 1 == len(shown.splitlines())


@given(text)
def test_a_slug_is_safe_in_topics_hosts_and_headers(words: str) -> None:
    assert set(slug(words)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert 1 <= len(slug(words)) <= 55


def test_names_that_look_alike_without_accents_have_different_slugs() -> None:
    assert 4 == len({slug(name) for name in ("acme", "Acmé", "acmé", "ACME")})
    assert "acme" == slug("acme")


@given(text)
def test_a_token_keeps_what_is_one_and_is_always_one(words: str) -> None:
    assert token(words) == token(token(words))
    assert 1 <= len(token(words)) <= 64


@given(text)
def test_defused_text_holds_no_control_but_line_feeds(words: str) -> None:
    assert not [char for char in defuse(words) if (char < " " and char != "\n") or "\x7f" <= char < "\xa0"]
