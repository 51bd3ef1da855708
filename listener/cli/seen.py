"""What one person gets of incidents, by which channels and when: routes seen from the other end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.ceiling import Load
from alerts.people import Directory
from alerts.rota import Watch
from alerts.routing import Routed
from alerts.sparing import standing
from alerts.step import Step
from config.settings import Settings
from listener.cli.ladder import ladder_rows
from listener.pipeline.notify import directory_of
from listener.wire import iso
from rules.instant import DAY, Instant, moment

_TURNS = 3
"""How many turns are told of, the present one included."""
_AHEAD = 35 * DAY
_UNTOLD = "has no channel, and badbuzz calls no phone"


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A step, who is told of it, and the channels that are told later, with when."""

    step: Step
    routed: Routed
    waits: Mapping[str, Instant]


def person_row(settings: Settings, person: str, tried: Tried) -> dict[str, Any]:
    """What somebody gets of a step: at once or after quiet hours, and on the ladder while nobody has the incident."""
    people, step, mine = directory_of(settings), tried.step, settings.people[person].call_by
    told = [channel for channel in tried.routed.channels if channel in mine]
    return {
        "person": person,
        "brand": step.brand,
        "severity": step.severity,
        "state": step.state,
        "at": iso(step.at),
        "told": [{"channel": each, "at": iso(tried.waits.get(each, step.at))} for each in told],
        "ladder": [
            {"at": row["at"], "does": row["does"], "channels": row["channels"]}
            for row in ladder_rows(settings, step, tried.routed)
            if row["person"] == person
        ],
        "spared": person in tried.routed.spared,
        "because": list(_because(people, person, tried, told or mine)),
    }


def turns(people: Directory, person: str, at: Instant) -> list[Watch]:
    """When somebody has the watch in the coming weeks."""
    found: list[Watch] = []
    until: Instant | None = at
    while people.rota and until is not None and until < at + _AHEAD and len(found) < _TURNS:
        watch = people.rota.at(until)
        found += [watch] if watch.on and watch.first == person else []
        until = watch.until
    return found


def person_in_words(settings: Settings, person: str, tried: Sequence[Tried], load: Load | None) -> Iterator[str]:
    """All of it, a line each, in the time zone of that person."""
    people, who, at = directory_of(settings), settings.people[person], tried[0].step.at
    place = who.time_zone or settings.daemon.time_zone
    zone, quiet = ZoneInfo(place), f"; quiet hours {', '.join(who.quiet_hours)}" if who.quiet_hours else ""
    if not who.call_by:
        yield f"{people.called(person)}, a contact in playbooks ({who.phone}): {_UNTOLD}"
        return
    yield f"{people.called(person)}, by {', '.join(who.call_by)}{quiet} ({place})"
    if load is not None:
        yield f"  {standing(load)}"
    for watch in turns(people, person, at):
        since = "now" if watch.since is None or watch.since <= at else _local(watch.since, zone)
        until = "" if watch.until is None else f" until {_local(watch.until, zone)}"
        swap = f", in place of {people.called(watch.swapped)}" if watch.swapped else ""
        yield f"  has the watch from {since}{until}{swap}"
    for each in tried:
        yield from _step_in_words(person_row(settings, person, each), zone)


def _step_in_words(row: dict[str, Any], zone: ZoneInfo) -> Iterator[str]:
    told = [f"{each['channel']} {_when(each['at'], row['at'], zone)}" for each in row["told"]]
    yield f"{row['severity']} of {row['brand']}, {row['state']}: {', '.join(told) or 'nothing at first'}"
    for because in row["because"]:
        yield f"  {because}"
    for rung in row["ladder"]:
        verb = {"call": "called", "remind": "reminded"}[rung["does"]]
        yield f"  {verb} by {', '.join(rung['channels'])} {_when(rung['at'], row['at'], zone)}, if nobody has it"


def _because(people: Directory, person: str, tried: Tried, channels: Sequence[str]) -> Iterator[str]:
    if not people.people[person].call_by:
        yield _UNTOLD
        return
    if not people.sees(person, tried.step.brand):
        yield f"hears nothing of {tried.step.brand}"
        return
    found = [each for each in tried.routed.reasons if each.split(":")[0] in (*channels, "nobody")]
    yield from found or ["no route that fits leads to them"]


def _when(text: str, at: str, zone: ZoneInfo) -> str:
    return "at once" if text == at else f"on {datetime.fromisoformat(text).astimezone(zone):%a %Y-%m-%d at %H:%M}"


def _local(at: Instant, zone: ZoneInfo) -> str:
    return f"{moment(at).astimezone(zone):%a %Y-%m-%d %H:%M}"
