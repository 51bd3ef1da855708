"""Links that open one incident for one recipient."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.links import LIFE, TOKEN, Links, mark_of
from rules.instant import HOUR, instant
from tests.builders import AT

LINKS = Links(b"k" * 32)
LETTERS = string.ascii_letters + string.digits + "-_"
NUMBERS, NAMES = st.integers(0, 2**32 - 1), st.text(max_size=40)
TIMES = st.integers(0, instant(AT) * 2)


@given(NUMBERS, NAMES, TIMES)
def test_a_link_tells_the_incident_the_recipient_and_until_when(number, name, at):
    token = LINKS.token(number, name, at)
    link = LINKS.read(token)

    assert re.fullmatch(TOKEN, token)
    assert (number, mark_of(name)) == (link.number, link.mark)
    assert at + LIFE < link.until <= at + LIFE + HOUR


@given(st.integers(0, 31), st.sampled_from(LETTERS))
def test_a_link_with_one_letter_changed_is_none_of_ours(place, letter):
    token = LINKS.token(37, "phone", instant(AT))
    changed = token[:place] + letter + token[place + 1 :]

    assert (changed == token) == (LINKS.read(changed) is not None)


@given(st.text(max_size=50) | st.text(alphabet=LETTERS, min_size=32, max_size=32))
def test_what_was_made_up_is_none_of_ours(token):
    assert LINKS.read(token) is None


def test_another_installation_has_other_links():
    assert Links(b"o" * 32).read(LINKS.token(37, "phone", instant(AT))) is None


@pytest.mark.parametrize("other", [(38, "phone", 0), (37, "boss", 0), (37, "phone", 2 * HOUR)])
def test_another_incident_recipient_or_time_has_another_link(other):
    number, name, later = other

    assert LINKS.token(37, "phone", instant(AT)) != LINKS.token(number, name, instant(AT) + later)
