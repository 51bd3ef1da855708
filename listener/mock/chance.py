"""Chance as talk has it: how many posts come, when, and who out of many speaks."""

from collections.abc import Callable, Iterator
from random import Random

from rules.instant import HOUR, Span


def count(random: Random, mean: float) -> int:
    """How many of independent events happen of which `mean` are expected (Poisson)."""
    number, passed = 0, random.expovariate(1.0)
    while passed < mean:
        number, passed = number + 1, passed + random.expovariate(1.0)
    return number


def moods(random: Random, spread: float) -> float:
    """A factor around 1, never negative, of which the standard deviation is `spread` (gamma)."""
    return random.gammavariate(1 / spread**2, spread**2) if spread else 1.0


def moments(random: Random, rate: Callable[[Span], float], until: Span, most: float) -> Iterator[Span]:
    """When events come that happen `rate` times an hour, never more than `most`, from 0 to `until` (thinning)."""
    at = 0.0
    while (at := at + random.expovariate(most) * HOUR) < until:
        if random.random() * most < rate(int(at)):
            yield int(at)


def early(random: Random, length: int) -> int:
    """A place in a list of `length`: the first ones far more often, as some people post and are shared far more."""
    return int(length * random.random() ** 3)
