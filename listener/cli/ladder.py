"""The watch and its ladder in the words of a terminal: who is called, through which channel, when."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.ladder import rungs, seats
from alerts.routing import Routed
from alerts.step import Step
from config.oncall import ONCALL
from config.settings import Settings
from listener.pipeline.notify import directory_of
from listener.wire import iso
from rules.instant import Instant, moment


def rota_in_words(settings: Settings, at: Instant) -> Iterator[str]:
    """Who has the watch then, and what follows while nobody answers; nothing without a watch."""
    people, oncall = directory_of(settings), settings.oncall
    if oncall is None or people.rota is None:
        return
    watch, zone = people.rota.at(at), oncall.time_zone or settings.daemon.time_zone
    until = "" if watch.until is None else f" until {_local(watch.until, zone)}"
    has = "has the watch" if watch.on else "has the turn, and there is no watch"
    swap = f", in place of {people.called(watch.swapped)}" if watch.swapped else ""
    second = f"; {people.called(watch.second)} is the second" if watch.second else ""
    yield f"{ONCALL}: {people.called(watch.first)} {has}{until} ({zone}){swap}{second}"
    for rung in oncall.ladder:
        verb = "call" if rung.call else "remind"
        yield f"  nobody has it after {int(rung.after.total_seconds() // 60)} min: {verb} {rung.who}"
    if oncall.all_hours:
        otherwise = ", ".join(oncall.otherwise) or "whoever has the turn"
        yield f"  outside {' and '.join(oncall.all_hours)}: {otherwise}"


def ladder_rows(settings: Settings, step: Step, routed: Routed) -> Iterator[dict[str, Any]]:
    """The rungs that follow while nobody has the incident: when, who, through which channels."""
    people, since = directory_of(settings), routed.ladder
    for rung in rungs(people, since) if since is not None else ():
        if since is not None and rung.due > step.at:
            yield {
                "at": iso(rung.due),
                "does": "call" if rung.rung.call else "remind",
                "means": rung.rung.who,
                "person": people.who(rung.rung.who, step.brand, rung.due),
                "channels": [seat.channel for seat in seats(people, rung, step.brand, since)],
            }


def ladder_in_words(settings: Settings, step: Step, routed: Routed) -> Iterator[str]:
    """The same, a line each."""
    people, zone = directory_of(settings), ZoneInfo(settings.daemon.time_zone)
    for row in ladder_rows(settings, step, routed):
        due = datetime.fromisoformat(row["at"])
        who = row["person"] and f"{people.called(row['person'])} by {', '.join(row['channels'])}"
        after = (due - moment(step.at)) // timedelta(minutes=1)
        when = f"{due.astimezone(zone):%a %Y-%m-%d %H:%M}, {after} min later, if nobody has it"
        yield f"{when}: {row['does']} {who or 'nobody: there is no ' + row['means']}"


def _local(at: Instant, zone: str) -> str:
    return f"{moment(at).astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M}"
