"""Streams that post by day and by night, in the week and at its end, and die: who is called starved, and when.

`python -m tests.listener.pipeline.starving` prints how long after its last post a dead stream is told, by what it
usually brings, and how many living ones were called starved before.
"""

import sys
from collections.abc import Iterator
from random import Random
from statistics import median

from listener.pipeline.pulse import Pulse
from rules.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span

START = 1_800_000_000 * SECOND
RATES = (0.2, 1, 10, 100, 1_000)
"""Posts an hour, on average."""


def posts(rate: float, *, ratio: float, weekend: float, until: Span, seed: int = 1) -> Iterator[Instant]:
    """Moments of posts at random: `ratio` times as many by day as by night, on two days of the week `weekend` times as
    many as on the others. The week begins with another day for each seed.
    """
    chance, night = Random(seed), 24 / (8 + 16 * ratio)
    busiest, at = night * ratio * max(1.0, weekend) * rate, START
    while True:
        at += int(chance.expovariate(busiest) * HOUR) + 1
        if at > START + until:
            return
        hour, day = (at - START) // HOUR % 24, ((at - START) // DAY + seed) % 7
        wanted = rate * night * (ratio if hour >= 8 else 1) * (weekend if day > 4 else 1)
        if chance.random() * busiest < wanted:
            yield at


def living(*args: float, **shape: float) -> tuple[Pulse, Instant, int]:
    """A pulse after all these posts, the moment of the last one, and how often it was called starved wrongly."""
    pulse, last, wrong = Pulse(START), START, 0
    for at in posts(*args, **shape):
        wrong += pulse.is_starved(at)
        pulse.take(at, 1)
        last = at
    return pulse, last, wrong


def told_after(pulse: Pulse, last: Instant) -> Span:
    """How long after its last post a dead stream is called starved, to the minute."""
    return next(silence for silence in range(MINUTE, 15 * DAY, MINUTE) if pulse.is_starved(last + silence))


def line(rate: float) -> str:
    """One line of the table."""
    lives = [
        living(rate, ratio=ratio, weekend=weekend, until=(28 if rate <= 100 else 8) * DAY, seed=seed)
        for ratio in (2, 4, 6)
        for weekend in (1, 0.5)
        for seed in range(1, 3 if rate > 10 else 15)
    ]
    hours = [told_after(pulse, last) / HOUR for pulse, last, _ in lives]
    wrong = sum(wrong for _, _, wrong in lives)
    return f"| {rate} an hour | {median(hours):.1f} h, {max(hours):.1f} h | {wrong} in {len(lives)} |\n"


if __name__ == "__main__":
    sys.stdout.write(
        "| usual rate | told after: median, longest | wrongly called starved, of so many |\n|---|---|---|\n"
    )
    for usual in RATES:
        sys.stdout.write(line(usual))
