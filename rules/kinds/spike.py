"""Far more mentions than is usual for this brand, from enough different people."""

from base64 import b85decode, b85encode
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
from pydantic import Field

from config.model import Model
from rules.account import Account, Condition, floor_conditions
from rules.budget import Budget
from rules.by_source import PerSource
from rules.detection import cusum
from rules.detection.account import rare_conditions, rarity_of, scales_of
from rules.detection.bursts import SCALES
from rules.detection.detector import Detector, Reading
from rules.detection.hindsight import Hindsight
from rules.detection.present import Present
from rules.incident import Incident
from rules.instant import MINUTE, Instant
from rules.rule import Floor, Opening, RuleSpec, Verdict, plural
from rules.series import Counted, Counts, measure_of, named
from rules.transition import Ending, Severity

LEARNING_MINUTES = 3 * 24 * 60
"""Minutes heard before what is usual is no longer called learning."""
_WINDOW, _LONG_WINDOW = 15, 60
_FADED = 8  # what is left of an hour when its last quarter holds less than this part of it has passed
_EARLY = 30  # minutes: before, nobody can say what is usual, and what is as loud as the next is news
_LOUD = 12
_LEAST_USUAL, _LEAST_USUAL_LEARNING, _LEAST_USUAL_EARLY = 1.0, 1.5, 3.0  # what `times_usual` is taken of at least
_RAREST = 1e-6  # beyond it nobody tells numbers apart
_CRITICAL_FLOORS = 3  # a brand of which nothing is said is at ten times the usual after a handful


class CriticalWhen(Model):
    """From here on the incident is critical."""

    times_usual: Annotated[float, Field(gt=1)]
    """The multiple of the usual count."""
    posts: Annotated[int, Field(ge=1)] | None = None
    """Never below this number of mentions, however little is usual; three times that of `at_least` when not given."""


class SpikeOptions(PerSource):
    """Fires when a count is far beyond this brand's own usual bursts."""

    of: Counted = "negative"
    """What is counted, as in `threshold`."""
    budget: Budget = 1.0
    """How many false alarms you accept for this rule and brand, such as `1 per month`."""
    at_least: Floor = Floor(posts=5, authors=4)
    """Never below this number of mentions, by this number of different authors, in 15 minutes or an hour."""
    critical_when: CriticalWhen | None = CriticalWhen(times_usual=10)
    """The multiple of the usual count, and the number of mentions, from which it is critical."""


_Minutes = tuple[int, list[int | None], list[float]]
"""The first minute that is open, the counts from there on, and how many times the usual each may have."""


class Spike:
    """Fires when the count is above its floor and more surprising than the budget allows; is calm when the count is
    back inside the usual range.
    """

    horizon = max(SCALES)

    def __init__(self, _name: str, options: SpikeOptions) -> None:
        self.series: str = options.of
        self._options = options
        self._present = Present()
        self._past = Hindsight()

    def learn(self, counts: Counts, minute: int) -> None:
        count, times = counts.at(self.series, minute), counts.times(self.series, minute)
        if self._past.learn(self._present.closed, count, minute, times):
            self._present.learn(count, minute, times)

    def begin(self, incident: Incident) -> None:
        self._past.begin(incident.id, self._present.closed)

    def end(self, ending: Ending | None = None, /) -> None:
        ended = self._past.end(self._present.minute, cusum.evidence(self._present.now.sums))
        self._present.closed.end()
        self._present.forget_tried()
        if ending and ended:
            self.look_back(ended, ending)

    def look_back(self, incident: str, ending: Ending) -> None:
        self._present = Present(self._past.call(incident, ending, self._present.closed))

    def soften(self) -> None:
        self._present.closed.soften()
        self._present.forget_tried()
        self._past = Hindsight()

    def judge(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Verdict:
        totals, minutes = counts.totals(self.series, at, SCALES), self._minutes(counts, at)
        window = opening.window if opening else self._window(totals)
        early = self._learning and counts.heard(at) < _EARLY
        level = max(self._present.expected(*minutes), ((opening and opening.usual) or 0.0) / window)
        count, expected = totals[SCALES.index(window)], level * window
        high = self._present.now.bursts.high(window, level)
        if early and not opening:
            high = min(high, _LOUD - 1)
        calm = count <= ((opening and opening.usual_high) or high)
        of, unit = measure_of(self.series)
        # what costs most is asked last: nearly always all is calm
        enough = not calm and self._is_enough(counts, at, window, count)
        wrong_rate = self._wrong_rate(at, minutes, totals) if enough else None
        return Verdict(
            of=of,
            unit=unit,
            firing=enough and ((early and count >= _LOUD) or wrong_rate is not None),
            calm=calm,
            wrong_rate=wrong_rate,
            severity=self._severity(count, _LEAST_USUAL_EARLY if early else expected),
            count=count,
            window=window,
            expected=expected,
            usual=None if early else expected,
            usual_high=None if early else high,
            learning=self._learning,
        )

    def explain(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Account:
        verdict = self.judge(counts, at, opening)
        totals = counts.totals(self.series, at, SCALES)
        reading = self._read(at, self._minutes(counts, at), totals)
        loud = Condition(name="loud", met=verdict.count >= _LOUD, observed=verdict.count, needed=_LOUD)
        rare = rare_conditions(reading, self._options.budget)
        early = self._learning and counts.heard(at) < _EARLY and not all(each.met for each in rare)
        usual = Condition(name="usual", met=not verdict.calm, observed=verdict.count, needed=_above(verdict, opening))
        authors = counts.authors(self.series, at, verdict.window)
        return Account(
            conditions=(
                *([loud] if early else [*rare, *self._news(reading, at)]),
                usual,
                *floor_conditions(self._options.at_least, verdict.count, authors),
            ),
            scales=scales_of(self._present.now, totals, at // MINUTE, counts.times(self.series, at // MINUTE)),
            rarity=rarity_of(reading, self._options.budget),
        )

    def _minutes(self, counts: Counts, at: Instant) -> _Minutes:
        begin, still_open = counts.still_open(self.series, at)
        for place in range(len(still_open) - 1):
            if self._past.leaves_out(begin + place):
                still_open[place] = None
        times = [counts.times(self.series, minute) for minute in range(begin, begin + len(still_open))]
        return begin, still_open, times

    def _read(self, at: Instant, minutes: _Minutes, totals: Sequence[int]) -> Reading:
        begin, still_open, times = minutes
        return self._present.read(at, begin, still_open, totals, times)

    def _wrong_rate(self, at: Instant, minutes: _Minutes, totals: Sequence[int]) -> float | None:
        """How often in 30 days to ring at this would be wrong; None where it is no alarm."""
        reading = self._read(at, minutes, totals)
        if not reading.exceeds(self._options.budget) or reading.evidence <= self._past.spared(at // MINUTE):
            return None
        return float(f"{max(_RAREST, reading.rate):.3g}")

    def _news(self, reading: Reading, at: Instant) -> Iterator[Condition]:
        if spared := self._past.spared(at // MINUTE):
            yield Condition(name="harmless", met=reading.evidence > spared, observed=reading.evidence, needed=spared)

    def _window(self, totals: list[int]) -> int:
        """The minutes to tell of: a quarter of an hour, or an hour where only that holds enough and it goes on."""
        quarter, hour = totals[1], totals[2]
        goes_on = quarter * _FADED >= hour
        return _LONG_WINDOW if quarter < self._options.at_least.posts <= hour and goes_on else _WINDOW

    def _is_enough(self, counts: Counts, at: Instant, window: int, count: int) -> bool:
        floor = self._options.at_least
        return count >= floor.posts and counts.has_authors(self.series, at, window, floor.authors)

    @property
    def _learning(self) -> bool:
        return self._present.closed.level.heard < LEARNING_MINUTES

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        floor = self._options.at_least
        counted = f"{named(self.series, verdict.count)} in {verdict.window} min"
        normal = (
            f", usually {verdict.usual:.1f}, more than {verdict.usual_high:.0f} in one window of 200"
            if verdict.usual is not None and verdict.usual_high is not None
            else ""
        )
        reasons = (
            f"{counted}{normal}",
            f"at least {floor.posts}, by {plural(floor.authors, 'author')}",
        )
        return (*reasons, "still learning what is usual") if verdict.learning else reasons

    def dump(self) -> Any:
        learnt = b85encode(self._present.closed.dump()).decode()
        return [learnt, b85encode(_ENCODER.encode(self._past)).decode()] if self._past.sizes else learnt

    def restore(self, state: Any) -> None:
        detector, self._past = _load(state)
        self._present = Present(detector)

    def recall(self, state: Any) -> None:
        # each takes parts of its own: both go on learning
        for detector in (self._present.closed, self._past.other):
            if detector:
                detector.raise_to(_load(state)[0])
        self._present.forget_tried()

    def _severity(self, count: int, usual: float) -> Severity:
        critical = self._options.critical_when
        if critical is None:
            return self._options.severity
        base = max(usual, _LEAST_USUAL_LEARNING if self._learning else _LEAST_USUAL)
        least = critical.posts or _CRITICAL_FLOORS * self._options.at_least.posts
        return "critical" if count >= max(least, critical.times_usual * base) else self._options.severity


def _above(verdict: Verdict, opening: Opening | None) -> float | None:
    """The least count that is not calm."""
    high = (opening and opening.usual_high) or verdict.usual_high
    return None if high is None else int(high) + 1


def _load(state: Any) -> tuple[Detector, Hindsight]:
    learnt, past = state if isinstance(state, list) else (state, None)
    detector = Detector.load(b85decode(learnt)) if isinstance(learnt, str) else Detector()
    return detector, _DECODER.decode(b85decode(past)) if past else Hindsight()


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Hindsight)


SPEC = RuleSpec(
    kind="spike",
    summary="Fires when mentions go far beyond what is usual for the brand.",
    options=SpikeOptions,
    example={"of": "negative", "budget": "1 per month", "at_least": {"posts": 5, "authors": 4}, "severity": "warning"},
    looks_at="numbers",
    build=Spike,
    learns_from=(),
    steady=True,
)
