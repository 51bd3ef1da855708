"""People and the watch, as they are written."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.hours import stretches
from config.load import effective
from config.people import Person
from tests.config.test_load import GOOD, loaded, said

WATCH = """\
people:
  ann: {language: fr, call_by: team, only: acme, lock_screen: private, false_alarms: 4 per month}
  bob: {call_by: [team], quiet_hours: "22:00-07:00"}
oncall:
  hours: {week: "Mon-Fri 19:00-08:00", weekend: "Fri 19:00 - Mon 08:00"}
  turns: [ann, bob]
  swaps: [{from: 2026-12-24, to: 2026-12-26, who: bob}]
  ladder: [{after: 0m, call: first}, {after: 10m, remind: first}, {after: 20m, call: second}, {after: 35m, call: ann}]
  otherwise: [bob, team]
"""


def test_people_and_the_watch_are_understood(tmp_path: Path) -> None:
    found = loaded(tmp_path, GOOD.replace("- {to: team}", "- {to: [oncall, ann, team]}") + WATCH)
    people, watch = found.settings.people, found.settings.oncall
    assert (people["ann"].only, people["ann"].false_alarms, people["bob"].call_by) == (("acme",), 4, ("team",))
    assert watch
    assert [(rung.after // timedelta(minutes=1), rung.who) for rung in watch.ladder][2:] == [
        (20, "second"),
        (35, "ann"),
    ]
    assert [(2026, 12, 24), (2026, 12, 27)] == [
        each.timetuple()[:3] for each in (watch.swaps[0].begins, watch.swaps[0].ends)
    ]
    assert found.settings.reached_by("oncall") == ("team",)
    assert watch.turn_begins == (4 * 24 + 19) * 60
    assert effective(found)["people"]["ann"]["false_alarms"] == "4 per month"


@pytest.mark.parametrize(
    ("before", "after", "path", "words"),
    [
        ("call_by: team", "call_by: tem", "people.ann.call_by", "no channel is named 'tem' did you mean 'team'?"),
        ("only: acme", "only: acm", "people.ann.only", "no brand is named 'acm'"),
        ("turns: [ann, bob]", "turns: [ann, bop]", "oncall.turns.1", "no person is named 'bop' did you mean 'bob'?"),
        ("who: bob", "who: bib", "oncall.swaps.0.who", "no person is named 'bib'"),
        ("call: second", "call: secund", "oncall.ladder.2.call", "no person is named 'secund' did you mean 'second'?"),
        ("otherwise: [bob", "otherwise: [teem", "oncall.otherwise.0", "no channel or person is named 'teem'"),
        ("remind: first}", "remind: first, call: bob}", "oncall.ladder.1", "either `call` or `remind`"),
        ("{after: 10m", "{after: 40m", "oncall.ladder", "the shortest `after` first"),
        ("to: 2026-12-26", "to: 2026-12-23", "oncall.swaps.0", "`from` must be before `to`"),
        ("call_by: [team], ", "", "people.bob", "cannot be reached: write `call_by`, or a `phone`"),
        ("call_by: team", "call_by: team, phone: 01 99 00 12 34", "people.ann.phone", "as one dials it from abroad"),
        ("call_by: team", "call_by: 'tel:+33'", "people.ann.call_by", "a number is written as `phone`"),
        ("4 per month", "often", "people.ann.false_alarms", "like `4 per month`"),
        ("bob: {", "team: {", "people.team", "a channel is named 'team' too"),
        ("bob: {", "second: {", "people.second", "already means somebody of the watch"),
        ("oncall:", "on-call:", "routes.1.to.0", "nobody has the watch: there is no `oncall`"),
        ("  otherwise", "  hand_over: Fri 25:00\n  otherwise", "oncall.hand_over", "no time of a day: 25:00"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_place(
    tmp_path: Path, before: str, after: str, path: str, words: str
) -> None:
    text = GOOD.replace("- {to: team}", "- {to: [oncall, ann, team]}") + WATCH
    assert before in text
    found = {place: f"{message} {hint}" for _, place, message, hint in said(tmp_path, text.replace(before, after, 1))}
    assert words in found[path]


def test_hours_that_meet_are_one_stretch() -> None:
    nights = ["Mon-Fri 19:00-08:00", "Fri 19:00 - Mon 08:00"]
    assert [(begin // 1440, length // 60) for begin, length in stretches(nights)] == [
        (0, 13),
        (1, 13),
        (2, 13),
        (3, 13),
        (4, 61),
    ]
    assert stretches(["Mon-Sun"]) == [(0, 7 * 1440)]


@pytest.mark.parametrize("written", ["+33 (0)1 99 00 12 34", "tel:+33-1-99-00-12-34", "+33 1.99.00.12.34"])
def test_a_number_is_the_one_that_is_dialled_from_abroad(written: str) -> None:
    assert "+33 1 99 00 12 34" == Person.model_validate({"phone": written}).phone
