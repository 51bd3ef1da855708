"""What each of many settings would have done in a past, and how soon it would have told of what did not happen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random
from statistics import median

from listener.tuning.chance import drawn, interval
from listener.tuning.past import HOUR, Past, Window
from rules.detection.detector import Detector
from rules.detection.episodes import Alarm
from rules.history import DAY

BUDGETS = (0.25, 0.5, 1.0, 2.0, 30 / 7, 8.0)
"""Of 30 days."""
FACTORS = (2, 3, 5, 10)
MONTH = 30 * DAY
PLACES, HORIZON = 40, 6 * HOUR
_WARM = 7 * DAY  # in which what is usual is learnt, a third at most
_FADED = 8
_LEAD = 2 * HOUR  # before an incident begins for who wrote it down, it may be heard


@dataclass(frozen=True, kw_only=True)
class Known:
    """From minute `since` to minute `until`, both included; `real`: it was an incident."""

    since: int
    until: int
    label: str = ""
    real: bool = True


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a spike rule can be set to: false alarms in 30 days, and its floor."""

    budget: float
    posts: int
    authors: int

    def rings(self, rate: float, window: Window) -> bool:
        """Whether what is so rare is told of."""
        if rate > self.budget:
            return False
        if self._is_enough(window.quarter, window.quarter_people):
            return True
        goes_on = window.quarter < self.posts and window.quarter * _FADED >= window.hour
        return goes_on and self._is_enough(window.hour, window.hour_people)

    def _is_enough(self, posts: int, people: int | None) -> bool:
        return posts >= self.posts and (people is None or people >= self.authors)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a setting: the minutes at which it rang in `months` (of 30 days), of which `false` were for nothing
    and `found` of the known incidents were told, `missed` not. `delays` has for each factor the minutes until it rang,
    one a simulated rise, infinite where it did not in six hours.
    """

    setting: Setting
    months: float
    rang: tuple[int, ...]
    false: tuple[int, ...]
    found: int = 0
    missed: int = 0
    delays: dict[int, tuple[float, ...]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """False alarms in 30 days."""
        return len(self.false) / self.months

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which the true rate lies with 95 % confidence, if rings are independent."""
        low, high = interval(len(self.false))
        return low / self.months, high / self.months

    def within_hour(self, factor: int) -> float:
        """The share of rises by this factor that were told within an hour; 0 when none was tried."""
        delays = self.delays[factor]
        return sum(each <= HOUR for each in delays) / len(delays) if delays else 0.0

    def delay(self, factor: int) -> float:
        """The median of minutes until such a rise was told; infinite when most were not."""
        return median(self.delays[factor]) if self.delays[factor] else inf


@dataclass(frozen=True)
class _Sign:
    """A bin that some setting may ring for, `after` so many minutes of what is tried."""

    after: int
    rate: float
    window: Window


def outcomes(past: Past, settings: Sequence[Setting], known: Sequence[Known] = (), *, seed: int = 1) -> list[Outcome]:
    """What comes of each setting; the first days of the past are learnt only. The same seed, the same answer."""
    heard = [place for place, count in enumerate(past.counts) if count is not None]
    heard = heard[min(_WARM // past.width, len(heard) // 3) :]
    warm = heard[0] if heard else len(past.counts)
    most, chance = max(each.budget for each in settings), Random(seed)
    wanted = set(chance.sample(heard, min(3 * PLACES, len(heard))))
    signs, kept = _lived(past, most, wanted)
    months = max(past.heard(warm), 1) / MONTH
    begin = past.minute(warm)
    rang = {each: [minute for minute in _rings(past, each, signs) if minute >= begin] for each in settings}
    loud = {minute for minutes in rang.values() for minute in minutes}
    places = [place for place in sorted(wanted) if _is_calm(past, place, loud, known)]
    chosen = chance.sample(places, min(PLACES, len(places)))
    tried = _tried(past, {place: kept[place] for place in chosen}, settings, chance)
    return [
        _outcome(each, months, rang[each], [one for one in known if one.since >= begin], tried) for each in settings
    ]


def _lived(past: Past, most: float, wanted: set[int]) -> tuple[list[_Sign], dict[int, bytes]]:
    """What was rare in the past, and what was learnt by the bins `wanted`."""
    detector, signs, kept = Detector(width=float(past.width)), [], {}
    for place, count in enumerate(past.counts):
        if place in wanted:
            kept[place] = detector.dump()
        if count is not None:
            rate = detector.step(count, past.minute(place)).rate
            if rate <= most:
                signs.append(_Sign(place * past.width, rate, past.window(place, [])))
    return signs, kept


def _rings(past: Past, setting: Setting, signs: Sequence[_Sign]) -> Iterator[int]:
    alarm = Alarm(setting.budget)
    for sign in signs:
        minute = past.begin + sign.after
        if alarm.opens(sign.rate if setting.rings(sign.rate, sign.window) else inf, minute):
            yield minute


def _is_calm(past: Past, place: int, loud: set[int], known: Sequence[Known]) -> bool:
    """Whether nothing rings of itself around a place, and it is heard."""
    since, until = past.minute(place) - HORIZON, past.minute(place) + HORIZON
    if any(since <= minute <= until for minute in loud):
        return False
    if any(one.since <= until and one.until >= since for one in known):
        return False
    following = past.counts[place : place + HORIZON // past.width]
    return len(following) * past.width == HORIZON and None not in following


def _tried(
    past: Past, places: dict[int, bytes], settings: Sequence[Setting], chance: Random
) -> dict[int, list[list[_Sign]]]:
    """For each factor the signs of every rise, up to where every setting rings."""
    strictest = Setting(
        budget=min(each.budget for each in settings),
        posts=max(each.posts for each in settings),
        authors=max(each.authors for each in settings),
    )
    most = max(each.budget for each in settings)
    return {
        factor: [
            list(_until(strictest, _rise(past, place, state, factor, most, chance))) for place, state in places.items()
        ]
        for factor in FACTORS
    }


def _until(strictest: Setting, signs: Iterator[_Sign]) -> Iterator[_Sign]:
    for sign in signs:
        yield sign
        if strictest.rings(sign.rate, sign.window):
            return


def _rise(past: Past, place: int, state: bytes, factor: int, most: float, chance: Random) -> Iterator[_Sign]:
    """What is rare in the hours after a bin if from there on so many times the usual are said."""
    detector, added = Detector.load(state), list[int]()
    usual = detector.level.expected(past.minute(place), detector.width)
    for number in range(place, place + HORIZON // past.width):
        added.append(drawn(chance, (factor - 1) * usual))
        rate = detector.step((past.counts[number] or 0) + added[-1], past.minute(number)).rate
        if rate <= most:
            yield _Sign((number + 1 - place) * past.width, rate, past.window(number, added))


def _outcome(
    setting: Setting,
    months: float,
    rang: Sequence[int],
    known: Sequence[Known],
    tried: dict[int, list[list[_Sign]]],
) -> Outcome:
    real = [one for one in known if one.real]
    false = [minute for minute in rang if not any(_tells_of(minute, one) for one in real)]
    found = sum(any(_tells_of(minute, one) for minute in rang) for one in real)
    delays = {factor: tuple(_delay(setting, signs) for signs in rises) for factor, rises in tried.items()}
    return Outcome(
        setting=setting,
        months=months,
        rang=tuple(rang),
        false=tuple(false),
        found=found,
        missed=len(real) - found,
        delays=delays,
    )


def _tells_of(minute: int, known: Known) -> bool:
    return known.since - _LEAD <= minute <= known.until


def _delay(setting: Setting, signs: Sequence[_Sign]) -> float:
    return next((float(sign.after) for sign in signs if setting.rings(sign.rate, sign.window)), inf)
