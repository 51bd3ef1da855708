"""Made-up brands: counts a minute with what real ones have, of which the underlying rate is known."""

from enum import Flag, auto
from math import exp, floor, lgamma, log, pi, sin, sqrt
from random import Random

DAY = 24 * 60
BEGIN = 1_700_000_000 / 60
"""The minute since the epoch at which every brand begins."""
_THURSDAY = 3  # the first day of the epoch


class Trait(Flag):
    """What a brand's counts may have."""

    SEASON = auto()
    """Hours of the day differ by a factor of 2 to 6, weekends have 0.4 to 0.8 of it, the level drifts by 5 % a day."""
    BURSTS = auto()
    """Fifteen harmless bursts a month, of Pareto sizes (shape 1.5) that grow with the brand."""
    LUMPS = auto()
    """Counts come every five minutes."""
    MISSED_POLLS = auto()
    """Every other day nothing comes for 10 to 60 minutes, then all at once."""
    FLOODS = auto()
    """Three times a month half an hour's mentions and 5 to 30 more within ten minutes."""
    CLOCK_CHANGE = auto()
    """Half-way the public goes over to summer time."""


_LIVELY = Trait.SEASON | Trait.BURSTS
WORLDS = {
    "steady": Trait(0),
    "season": Trait.SEASON,
    "bursts": _LIVELY,
    "floods": _LIVELY | Trait.FLOODS,
    "lumps": _LIVELY | Trait.LUMPS,
    "missed polls": _LIVELY | Trait.MISSED_POLLS,
    "clock change": _LIVELY | Trait.CLOCK_CHANGE,
    "all": ~Trait(0),
}
"""The kinds of brands that are measured on; every kind with bursts has seasons too."""


def poisson(random: Random, mean: float) -> int:
    """A Poisson count, by inversion, or from 30 on by Hörmann's transformed rejection PTRS (Insurance: Mathematics and
    Economics 12, 1993).
    """
    return _small(random, mean) if mean < 30 else _large(random, mean)


def _small(random: Random, mean: float) -> int:
    left, share, count = random.random(), exp(-mean), 0
    while left > share:
        left -= share
        count += 1
        share *= mean / count
        if share == 0:
            break
    return count


def _large(random: Random, mean: float) -> int:
    b = 0.931 + 2.53 * sqrt(mean)
    a = 0.02483 * b - 0.059
    scale, accepted = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = random.random() - 0.5, random.random()
        us = 0.5 - abs(u)
        count = floor((2 * a / us + b) * u + mean + 0.43) if us else -1
        if us >= 0.07 and v <= accepted:
            return count
        if count < 0 or v == 0 or (us < 0.013 and v > us):
            continue
        if log(v * scale / (a / (us * us) + b)) <= count * log(mean) - mean - lgamma(count + 1):
            return count


def drawn(random: Random, mean: float, dispersion: float) -> int:
    """A count of this mean and variance mean + dispersion * mean²: negative binomial, or Poisson."""
    return poisson(random, random.gammavariate(1 / dispersion, mean * dispersion) if dispersion else mean)


def brand(random: Random, rate: float, days: int, traits: Trait, dispersion: float) -> tuple[list[int], list[float]]:
    """The counts of `days` by the minute, and the rate that each was drawn from, bursts and floods left out."""
    rates = _season(random, rate, days * DAY, traits) if Trait.SEASON in traits else [rate] * (days * DAY)
    counts = [drawn(random, each, dispersion) for each in rates]
    if Trait.BURSTS in traits:
        _add_bursts(random, counts, rate)
    if Trait.FLOODS in traits:
        _add_floods(random, counts, rate)
    if Trait.LUMPS in traits:
        _gather(counts)
    if Trait.MISSED_POLLS in traits:
        _miss_polls(random, counts)
    return counts, rates


def _season(random: Random, rate: float, minutes: int, traits: Trait) -> list[float]:
    ratio, weekend, phase = random.uniform(2, 6), random.uniform(0.4, 0.8), random.uniform(0, 24)
    swing, drift, found = (ratio - 1) / (ratio + 1), 0.0, []
    for number in range(minutes):
        if number % DAY == 0:
            drift += random.gauss(0, 0.05)
        minute = BEGIN + number
        changed = Trait.CLOCK_CHANGE in traits and number > minutes / 2
        hour = minute / 60 + changed - phase
        share = weekend if int(minute // DAY + _THURSDAY) % 7 >= 5 else 1.0
        found.append(rate * share * exp(drift) * (1 + swing * sin(2 * pi * hour / 24)))
    return found


def _add_bursts(random: Random, counts: list[int], rate: float) -> None:
    for _ in range(poisson(random, len(counts) / DAY / 2)):
        begin, tau = random.randrange(len(counts)), exp(random.gauss(log(20), 0.8))
        size = min(1e6, (3 + 18 * rate) * random.paretovariate(1.5))
        for offset in range(min(int(tau * 6), len(counts) - begin)):
            counts[begin + offset] += poisson(random, size / tau * exp(-offset / tau))


def _add_floods(random: Random, counts: list[int], rate: float) -> None:
    for _ in range(poisson(random, len(counts) / DAY / 10)):
        begin, size = random.randrange(len(counts)), random.randrange(5, 30) + 30 * rate
        for number in range(begin, min(begin + 10, len(counts))):
            counts[number] += poisson(random, size / 10)


def _gather(counts: list[int]) -> None:
    for number in range(0, len(counts), 5):
        last = min(number + 5, len(counts)) - 1
        counts[number : last + 1] = [0] * (last - number) + [sum(counts[number : last + 1])]


def _miss_polls(random: Random, counts: list[int]) -> None:
    number = 0
    while number < len(counts):
        if random.random() < 1 / (2 * DAY):
            end = min(number + random.randrange(10, 60), len(counts) - 1)
            missed = sum(counts[number:end])
            counts[number:end] = [0] * (end - number)
            counts[end] += missed
            number = end
        number += 1
