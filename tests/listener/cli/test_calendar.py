"""`badbuzz calendar list`: what is to come, in the order of time."""

import json

import pytest

from config.calendar import CalendarFile
from listener.agenda.copies import Copy, save
from rules.instant import HOUR
from tests.listener.agenda.test_ics import calendar
from tests.listener.cli.stocked import stocked
from tests.listener.pipeline.world import START


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr("listener.clock.Clock.now", lambda _: START)


@pytest.fixture
def config(tmp_path):
    path = stocked(tmp_path)
    entries = """
calendar:
  - {brand: acme, name: Evening, post_at: 2027-01-15T23:30}
  - {brand: acme, name: Over, post_at: 2027-01-14T23:30}
  - {brand: acme, live: "#acme", from: 2027-01-16T18:00, to: 2027-01-16T19:00, expect: {posts: x5}}
  - {ics: "https://me:secret@agenda.example/a.ics?key=hidden"}
"""
    path.write_text(path.read_text(encoding="utf-8") + entries, encoding="utf-8")
    entry = CalendarFile(ics="https://me:secret@agenda.example/a.ics?key=hidden")
    body = calendar("DTSTART;VALUE=DATE:20270110\nDTEND;VALUE=DATE:20270201\nSUMMARY:Sale\x1b #campaign #acme")
    save(tmp_path / "data", entry, Copy(body=body, read_at=START - HOUR, problem="answered 500"))
    return path


def test_what_is_to_come_is_listed_with_what_each_calendar_came_to(badbuzz, config):
    run = badbuzz("calendar", "list", "--json", "--config", config)
    rows = [json.loads(line) for line in run.out.splitlines()]

    assert [("campaign", "Sale"), ("post", "Evening"), ("live event x5", "#acme")] == [
        (row["what"], row["name"]) for row in rows
    ]
    assert "2027-01-15T23:30:00+00:00" == rows[1]["from"]
    assert "agenda.example: read" in run.err
    assert "1 events; cannot be read now: answered 500" in run.err
    assert "\x1b" not in badbuzz("calendar", "list", "--config", config).out
    assert "hidden" not in run.out + run.err
