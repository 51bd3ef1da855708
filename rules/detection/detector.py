"""How surprising the present count of a series is, measured by this series' own past."""

from collections.abc import Sequence
from math import exp, log, sqrt

import msgspec

from rules.detection import cusum
from rules.detection.bursts import Bursts
from rules.detection.doubt import at_most
from rules.detection.lasting import Lasting
from rules.detection.level import Level
from rules.detection.peaks import Peaks
from rules.detection.record import faded, with_excursion

_SCALE = 1000.0  # a score of 0 is 1,000 false alarms a month
_BURST_RATE = 4.3  # a month, of the windows beyond the tail quantile
_RARE = 0.5  # harmless bursts have heavier tails than these formulas: what they call once in four months is once in two
_RECORD = 10.0
_RECORD_POWER, _RECORD_SHARE = 4.0, 2.0
_RECORD_LASTS = 2.0  # months
_QUIET = 1.0
_SETTLED = 60.0
_TOLD = 7.0
_PRIOR_MINUTES = 120.0
_DAY = 24 * 60.0
_BEGINNING = 120.0
_PRESENT = 30.0  # minutes that "now" is, when it is asked whether an excursion is over


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """`expected` mentions in the bin; `rate`: how many false alarms in 30 days a threshold at this reading would mean
    for this series. That is `by_chance` at a steady rate, of so much `evidence` (a log likelihood ratio), or more: by
    how long it lasts (`by_length`), or else the larger of `by_habit` beyond its record or its bursts, and `by_peaks` of
    its past excursions, whichever of these two ways is rarer. `by_model`: by chance and habit alone, as these formulas
    call it, with tails that are too light.
    """

    expected: float
    by_model: float
    rate: float
    evidence: float
    by_chance: float
    by_habit: float
    by_peaks: float
    by_length: float

    @property
    def score(self) -> float:
        """ln(1000 / false alarms in 30 days) by the model and the records, >= 0, unbounded."""
        return max(0.0, log(_SCALE / _heavier(self.by_model)))

    def exceeds(self, budget: float) -> bool:
        """Whether it is an alarm for a budget of so many false alarms in 30 days."""
        return self.rate <= budget


class Detector(msgspec.Struct, kw_only=True, array_like=True):
    """Strictly causal, O(1) a bin.

    Three measures of a rise, none of which is enough alone:
    - a sequential test (`cusum`): near the optimum where the background is steady, and blind to benign bursts. It is
      compared with its own record, which fades with a half-life of 20 days;
    - the log ratio to the level over 5, 15 and 60 minutes, in units of the series' own bursts (`bursts`);
    - how long it lasts, whatever its size (`lasting`).

    An alarm must be significant for the sequential test, and beyond what the series has done before: longer than ever,
    or beyond it in one of the first two, and then how often that is was learnt from its own excursions (`peaks`).
    """

    width: float = 1.0
    level: Level = msgspec.field(default_factory=Level)
    sums: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(cusum.FACTORS))
    bursts: Bursts = msgspec.field(default_factory=Bursts)
    peaks: Peaks = msgspec.field(default_factory=Peaks)
    record: float = _RECORD
    highest: float = 0.0
    present: float = 0.0
    calm: float = 0.0
    lasting: Lasting = msgspec.field(default_factory=Lasting)

    def step(self, count: int, minute: float, times: float = 1.0) -> Reading:
        """Take in the bin that begins at `minute` (since the epoch); how surprising it was, before it is learnt. For a
        known reason up to `times` as many as usual are expected: so many are learnt as the usual count.
        """
        usual, dispersion = self.level.expected(minute, self.width), self.level.dispersion
        expected = usual * times
        calm = self._is_calm(count, expected, dispersion)
        most = at_most(expected, self.width, self.level.heard)
        gained = cusum.gains(most, dispersion)
        sums = cusum.add(self.sums, count, gained)
        self.lasting.step(count, expected, gained, self.width)
        self.sums = [cusum.leaked(each, self.width) for each in sums] if calm else sums
        evidence = cusum.evidence(self.sums)
        reading = self._reading(
            evidence,
            self.bursts.learn(count, self.width),
            expected,
            self.lasting.rate(expected, self.width, self.record),
        )
        self._remember(evidence, calm=calm)
        if self.level.heard > _DAY:
            self.peaks.learn(log(_SCALE / reading.by_model), self.level.heard, self.width, _SETTLED)
        left = cusum.evidence(self.sums)
        quiet = self._is_quiet(left, calm=calm)
        more = min(times, max(1.0, self.present / usual)) if times > 1 else 1.0
        self.level.learn(count / more, usual, minute, self.width, quiet=quiet, sure=left >= cusum.SURE)
        return reading

    def ahead(self, count: int, minute: float, part: float, totals: Sequence[int], times: float = 1.0) -> Reading:
        """How surprising the bin is that follows the last one and of which only `part` is over; nothing is learnt.
        `totals` are the counts of the last 5, 15 and 60 minutes; `times` as in `step`.
        """
        expected = self.level.expected(minute, self.width) * times
        most = at_most(expected, self.width, self.level.heard)
        gained = cusum.gains(most, self.level.dispersion)
        sums = cusum.add(self.sums, count, gained, part)
        by_length = self.lasting.ahead(count, expected, gained, part, self.record)
        return self._reading(cusum.evidence(sums), self.bursts.surprise(totals), expected, by_length)

    def soften(self) -> None:
        """What was learnt was about something else: keep the level as a prior only."""
        self.level.soften(_PRIOR_MINUTES)
        self.bursts.soften()
        self.sums, self.peaks = [0.0] * len(self.sums), Peaks()
        self.record, self.highest, self.lasting = _RECORD, 0.0, Lasting()

    def end(self) -> None:
        """What goes on has been told to its end: only what comes after it can be news."""
        self.record = with_excursion(self.record, self.highest)
        self.sums, self.highest = [0.0] * len(self.sums), 0.0
        self.lasting.end()
        self.peaks.keep(self.level.heard)

    def raise_to(self, other: "Detector") -> None:
        """Nothing is less usual than it was for `other`, unless that was not heard for a day: it knew nothing then."""
        if other.level.heard < _DAY:
            return
        if self.level.is_below(other.level):
            self.level = other.level
        self.bursts.level = max(self.bursts.level, other.bursts.level)

    def dump(self) -> bytes:
        """All of it: under 1 kB unless a minute of the last hour had more than 65,535 mentions, and at most 1.4 kB."""
        return _ENCODER.encode(self)

    @classmethod
    def load(cls, state: bytes) -> "Detector":
        """What `dump` gave. Raises msgspec.DecodeError when it is none."""
        return _DECODER.decode(state)

    def _reading(self, evidence: float, surprise: float, expected: float, by_length: float) -> Reading:
        by_chance = cusum.false_alarms(evidence, expected, self.width)
        # what chance alone makes as often is no habit
        own = cusum.own_share(self.record, expected, self.width, _RECORD_LASTS)
        beyond_record = own * _RECORD_SHARE * (self.record / max(evidence, 1e-9)) ** _RECORD_POWER
        by_habit = min(beyond_record, _BURST_RATE * exp(-surprise))
        by_model = max(by_chance, by_habit, 1e-300)
        by_peaks = self.peaks.rate(log(_SCALE / by_model), self.level.heard)
        return Reading(
            expected=expected,
            by_model=by_model,
            rate=_heavier(max(by_chance, min(by_length, max(by_habit, by_peaks)), 1e-300)),
            evidence=evidence,
            by_chance=_heavier(by_chance),
            by_habit=_heavier(by_habit),
            by_peaks=_heavier(by_peaks),
            by_length=_heavier(by_length),
        )

    def _is_quiet(self, evidence: float, *, calm: bool) -> bool:
        """Whether what is held back may be learnt: no excursion runs, nor may one have begun in the last two hours."""
        return evidence < _QUIET and (calm or self.level.held_time > _BEGINNING)

    def _is_calm(self, count: int, expected: float, dispersion: float) -> bool:
        self.present += (1 - exp(-self.width / _PRESENT)) * (count - self.present)
        hour = expected * 60 / self.width
        calm = self.present * 60 / self.width <= hour + 1.5 * sqrt(hour * (1 + dispersion * expected)) + 1
        self.calm = self.calm + self.width if calm else 0.0
        return calm

    def _remember(self, evidence: float, *, calm: bool) -> None:
        """Let the record fade, and take in an excursion that is over."""
        self.record = faded(self.record, self.width)
        known = self.level.heard > _DAY  # before, it is hardly known what is usual
        self.lasting.remember(self.width, known=known, calm=calm)
        if known:
            self.highest = max(self.highest, evidence)
        settled = calm and self.calm > _SETTLED
        told = settled and evidence < 0.9 * self.highest and self.peaks.peak > _TOLD
        if evidence < _QUIET or told or (settled and evidence < 0.7 * self.highest):
            self.record = with_excursion(self.record, self.highest)
            self.highest = 0.0 if told else evidence
        if told:
            self.sums = [0.0] * len(self.sums)


def _heavier(rate: float) -> float:
    return rate if rate > 1 else rate**_RARE


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Detector)
