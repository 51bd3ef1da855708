"""Entries of the calendar: what is right of them, and what is said of the others."""

import pytest

from config.calendar import CalendarFile
from config.load import effective
from tests.config.test_load import GOOD, loaded, said

LIVE = '{brand: acme, live: "#Acme", from: 2026-11-19T18:00, to: 2026-11-19T19:00'


@pytest.mark.parametrize(
    ("entry", "path", "word"),
    [
        ("{brand: acme, name: x, post_at: 2026-11-14}", "post_at", "a minute of a day"),
        ("{brand: acme, name: x, post_at: soon}", "post_at", "a minute of a day"),
        ("{brand: acme, post_at: 2026-11-14T23:30}", "name", "required"),
        ("{brand: acm, name: x, post_at: 2026-11-14T23:30}", "brand", "did you mean 'acme'?"),
        ("{brand: acme, name: x, post_at: 2026-11-14T23:30, stop_wit: y}", "stop_wit", "stop_with"),
        (LIVE.replace("#", "") + "}", "live", "one hashtag"),
        (LIVE.replace("#Acme", "#12") + "}", "live", "one hashtag"),
        (LIVE + ", name: x}", "name", "unknown key"),
        (LIVE.replace("to: 2026-11-19T19", "to: 2026-11-19T18") + "}", "", "before"),
        ('{ics: "ftp://agenda.example/a.ics"}', "ics", "https://"),
        ('{ics: "https://agenda.example/a.ics", every: 1m}', "every", "5m"),
        ("{ics: ''}", "ics", "the address of a calendar"),
    ],
)
def test_what_is_wrong_has_its_place_and_a_way_out(tmp_path, entry, path, word):
    ((line, where, message, hint),) = said(tmp_path, f"{GOOD}calendar:\n- {entry}\n")

    assert (line, where) == (17, f"calendar.0.{path}".rstrip("."))
    assert word in f"{message} {hint}"


def test_an_entry_is_shown_as_it_is_in_force(tmp_path):
    text = (
        f"{GOOD}calendar:\n- {LIVE}, report: true}}\n- {{ics: 'webcal://agenda.example/acme.ics'}}\n- {{ics: a.ics}}\n"
    )
    live, web, file = effective(loaded(tmp_path, text))["calendar"]

    assert ("#Acme", "2026-11-19T18:00:00", True) == (live["live"], live["from"], live["report"])
    assert ("https://agenda.example/acme.ics", "1h") == (web["ics"], web["every"])
    assert str(tmp_path / "a.ics") == file["ics"]


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("https://me:pass@agenda.example/private-1234/basic.ics?key=5678", "agenda.example"),
        ("https://agenda.example?key=1", "agenda.example"),
        ("/home/me/acme.ics", "acme.ics"),
    ],
)
def test_nothing_of_an_address_is_shown_that_may_be_secret(address, label):
    assert label == CalendarFile(ics=address).label
