"""What is said in a test, as mentions in the order of time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from random import Random

from listener.rule_tests.file import VARIES, Case, History, Said, Voice
from listener.rule_tests.times import resolve
from rules.instant import HOUR, Instant, moment, span
from rules.mention import Author, Mention

Timed = tuple[Instant, Mention, Voice]


def talk(case: Case) -> Iterator[Timed]:
    """Every mention with its instant and what the test says of it; those of one instant in the order of the file. The
    same test says the same every time.
    """
    usual = (_history(f"h{number}", each, case.start) for number, each in enumerate(case.history))
    said = (_said(f"m{number}", each, case.start) for number, each in enumerate(case.mentions))
    return merge(*usual, *said, key=lambda timed: timed[0])


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
