"""What is said in a test, as mentions in the order of time."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from heapq import merge
from itertools import chain
from random import Random
from typing import TypeVar

import msgspec

from listener.rule_tests.file import VARIES, Case, History, Said, Voice
from listener.rule_tests.times import resolve
from rules.instant import HOUR, Instant, Span, moment, span
from rules.mention import Author, Mention

Timed = tuple[Instant, Mention, Voice]
VoiceT = TypeVar("VoiceT", History, Said)


def talk(case: Case) -> Iterator[Timed]:
    """Every mention with its instant and what the test says of it; those of one instant in the order of the file. The
    same test says the same every time.
    """
    usual = [_heard(_history, f"h{number}", each, case.start) for number, each in enumerate(case.history)]
    said = [_heard(_said, f"m{number}", each, case.start) for number, each in enumerate(case.mentions)]
    return merge(*chain(*usual, *said), key=lambda timed: timed[0])


def _heard(
    says: Callable[[str, VoiceT, datetime], Iterator[Timed]], name: str, told: VoiceT, start: datetime
) -> Iterator[Iterator[Timed]]:
    """What is said, and for each time that may pass, how many people had reacted then: each in the order of time."""
    yield says(name, told, start)
    for passed, reactions in told.reactions.items():
        yield (_counted(timed, span(passed), reactions) for timed in says(name, told, start))


def _counted(timed: Timed, passed: Span, reactions: int) -> Timed:
    at, mention, told = timed
    later = msgspec.structs.replace(
        mention, op="counts", counts={"reactions": reactions}, observed_at=moment(at + passed)
    )
    return at + passed, later, told


def _history(name: str, told: History, start: datetime) -> Iterator[Timed]:
    begins = resolve(told.begins, start)
    moments = _even(told.every, span(told.lasts)) if told.every else _by_chance(name, told, begins, start)
    for number, passed in enumerate(moments):
        yield _mention(f"{name}-{number}", told, begins + passed, told.text[number % len(told.text)])


def _even(every: timedelta, length: int) -> Iterator[int]:
    yield from range(0, length, span(every))


def _by_chance(name: str, told: History, begins: Instant, start: datetime) -> Iterator[int]:
    """A Poisson process whose rate follows the hours of the day: drawn at the highest rate and thinned."""
    chance = Random(f"{told.seed} {name}")
    busiest, usual = max(told.hours), sum(told.hours) / len(told.hours)
    highest = (told.per_hour or 0) * busiest / usual / HOUR
    passed = chance.expovariate(highest)
    while passed < span(told.lasts):
        hour = moment(begins + int(passed)).astimezone(start.tzinfo).hour
        if chance.random() * busiest < told.hours[hour]:
            yield int(passed)
        passed += chance.expovariate(highest)


def _said(name: str, told: Said, start: datetime) -> Iterator[Timed]:
    times, every = told.repeat
    for number in range(times):
        at = resolve(told.at, start) + number * span(every)
        yield _mention(f"{name}-{number}", told, at, told.text, told.title)


def _mention(name: str, told: Voice, at: Instant, text: str, title: str | None = None) -> Timed:
    handle = f"@{name}" if told.author == VARIES else told.author
    mention = Mention(
        id=name,
        source=told.source,
        platform="test",
        author=Author(handle=handle, followers=told.followers),
        title=title,
        text=text,
        language=told.language,
        created_at=moment(at),
        observed_at=moment(at),
    )
    return at, mention, told
