"""The life of one incident: when it opens, gets worse, eases, is taken, ends, and comes back."""

from collections.abc import Sequence
from hashlib import blake2s

import msgspec

from rules.bin import Bin
from rules.easing import calm_needed, can_ease, comes_back_within, dwell, has_fallen
from rules.instant import Instant, Span
from rules.rule import Opening, Verdict
from rules.transition import SEVERITIES, Easing, Return, Severity, State

WORSE_FACTOR = 2
"""An open incident is told again as worse when its count reaches this multiple of the one last told."""


class Incident(msgspec.Struct, kw_only=True):
    """An incident that is open, or that ended at `ended_at` and may come back. `told` is the count last told to people,
    `calm_since` the start of the present calm; `sources` are those that contributed; `usual` and `usual_high` are what
    its rule said of `window` minutes when it opened; `first` is the mention it began with, "" once deleted, counted for
    `first_at`; `series` is what is counted, "" for that of its rule; `source` the only one it is of, "" for all; `also`
    those that were as bad by themselves since; `raised_by` the rules whose incidents made it critical; `answered_at`
    when the brand itself first wrote; `wrong_rate` the least that its rule said. `high` is the highest count since the
    last rise, `low_since` since when it is far below it, `eased` what was told of that since the rise, `rose_from` the
    count that it had eased to before the rise. It came back `returns` times, and rose again `relapses` times after it
    eased.
    """

    id: str
    rule: str
    opened_at: Instant
    severity: Severity
    opening: int
    told: int
    peak: int
    peak_at: Instant
    during: int
    step: int = 0
    acknowledged_by: str | None = None
    calm_since: Instant | None = None
    sources: list[str] = []
    usual: float | None = None
    usual_high: float | None = None
    window: int = 15
    first: str = ""
    first_at: Instant | None = None
    series: str = ""
    source: str = ""
    also: list[str] = []
    raised_by: list[str] = []
    answered_at: Instant | None = None
    wrong_rate: float | None = None
    high: int = 0
    high_at: Instant = 0
    low_since: Instant | None = None
    eased: Easing | None = None
    rose_from: int | None = None
    relapses: int = 0
    returns: int = 0
    ended_at: Instant | None = None

    def __post_init__(self) -> None:
        if not self.high_at:  # what was stored before this was known
            self.high, self.high_at = self.peak, self.peak_at

    def observe(self, verdict: Verdict, at: Instant, calm_for: Span, *, heard: bool) -> State | None:
        """Take in a verdict and say which step follows, if any. Calm and ease count only while what contributed is
        heard; `calm_for` is what its rule says.
        """
        self._measure(verdict, at)
        spreads = self._spread(verdict.also)
        if _rank(verdict.severity) > _rank(self.severity) or self._doubled(verdict) or spreads:
            self._rise(verdict, at)
            return "worse"
        self.calm_since = _since(self.calm_since, at, lasts=verdict.calm and heard)
        low = self.eased is None and heard and can_ease(verdict, self.high)
        self.low_since = _since(self.low_since, at, lasts=low)
        if self.low_since is None or at - self.low_since < dwell(calm_for, self.relapses):
            return None
        self._ease(verdict)
        return "better"

    def _measure(self, verdict: Verdict, at: Instant) -> None:
        if verdict.count > self.peak:
            self.peak, self.peak_at = verdict.count, at
        if verdict.count > self.high:
            self.high, self.high_at = verdict.count, at
        rates = [rate for rate in (self.wrong_rate, verdict.wrong_rate) if rate is not None]
        self.wrong_rate = min(rates, default=None)

    def _doubled(self, verdict: Verdict) -> bool:
        doubled = verdict.count >= WORSE_FACTOR * self.told and not verdict.fewer
        # what was told last is low by then: chance must not make it a rise
        return doubled and (self.eased is None or has_fallen(verdict.count, self.told))

    def _rise(self, verdict: Verdict, at: Instant) -> None:
        self.severity = max(self.severity, verdict.severity, key=_rank)
        # what is told of another source is no news of this one
        self.told = max(self.told, verdict.count) if verdict.also else verdict.count
        self.rose_from = self.eased.to if self.eased else None
        self.relapses += self.eased is not None
        self._begin_rise(at)

    def _begin_rise(self, at: Instant) -> None:
        self.high, self.high_at = self.told, at
        self.calm_since = self.low_since = self.eased = None

    def _ease(self, verdict: Verdict) -> None:
        self.eased = Easing(to=verdict.count, high=self.high, high_at=self.high_at)
        self.told = max(1, verdict.count)
        self.low_since = None

    def may_come_back(self, verdict: Verdict, at: Instant, calm_for: Span) -> bool:
        """Whether what fires is this incident once more, which has ended: it is of the same, and not long after."""
        same = (self.series, self.source) == (verdict.series, verdict.source)
        same = same and verdict.mention in {"", self.first}
        return same and not self.is_past(at, calm_for)

    def is_past(self, at: Instant, calm_for: Span) -> bool:
        """Whether it ended too long ago to come back."""
        return self.ended_at is None or at - self.ended_at > comes_back_within(calm_needed(calm_for, self.returns))

    def come_back(self, verdict: Verdict, at: Instant, window: Sequence[tuple[int, Bin]]) -> None:
        """It is open once more, of the severity that its rule gives it now, and nobody has it."""
        if verdict.window != self.window:  # counts of other windows are no measure
            self.window, self.usual, self.usual_high = verdict.window, verdict.usual, verdict.usual_high
            self.peak = 0
        self._measure(verdict, at)
        self.severity, self.told, self.also = verdict.severity, verdict.count, list(verdict.also)
        self.sources = sorted({*self.sources, *_sources_of(verdict, window)})
        self.acknowledged_by, self.raised_by, self.rose_from = None, [], None
        self.returns += 1
        self._begin_rise(at)

    def answer(self, at: Instant) -> None:
        """The brand itself wrote something."""
        if self.answered_at is None and at >= self.opened_at:
            self.answered_at = at

    def raise_by(self, rules: Sequence[str]) -> None:
        """It is critical, as these have incidents too."""
        if rules:
            self.severity, self.raised_by = "critical", list(rules)

    def _spread(self, also: Sequence[str]) -> bool:
        """Take in which sources are as bad by themselves; whether there are more of them."""
        fresh = [source for source in also if source not in self.also]
        self.also += fresh
        self.sources += [source for source in fresh if source and source not in self.sources]
        return bool(fresh)

    @property
    def as_opened(self) -> Opening:
        """What its rule said when it opened."""
        return Opening(self.window, self.usual, self.usual_high, self.series, self.source, self.first)

    def returned(self, calm_for: Span) -> Return | None:
        """How it came back, None where it did not; `calm_for` is what its rule says."""
        if self.ended_at is None or not self.returns:
            return None
        return Return(times=self.returns, ended_at=self.ended_at, calm_for=calm_needed(calm_for, self.returns))

    def is_over(self, at: Instant, calm_for: Span) -> bool:
        """Whether calm has lasted long enough."""
        return self.calm_since is not None and at - self.calm_since >= calm_needed(calm_for, self.returns)

    def unsettle(self, at: Instant) -> None:
        """The calm so far is not known to have been one: it begins at `at`, and so does ease."""
        self.calm_since = self.calm_since and at
        self.low_since = self.low_since and at

    def pause(self, span: Span) -> None:
        """Nothing was heard for `span`: that time is no calm."""
        self.calm_since = self.calm_since and self.calm_since + span
        self.low_since = self.low_since and self.low_since + span


def begun(brand: str, rule: str, verdict: Verdict, at: Instant, window: Sequence[tuple[int, Bin]]) -> Incident:
    """The incident that a verdict opens; `window` is what its rule's series has there, by minute."""
    return Incident(
        id=_id(brand, rule, at),
        rule=rule,
        opened_at=at,
        severity=verdict.severity,
        opening=verdict.count,
        told=verdict.count,
        peak=verdict.count,
        peak_at=at,
        high=verdict.count,
        high_at=at,
        during=sum(cell.count for _, cell in window),
        sources=sorted(_sources_of(verdict, window)),
        usual=verdict.usual,
        usual_high=verdict.usual_high,
        window=verdict.window,
        series=verdict.series,
        source=verdict.source,
        also=list(verdict.also),
        wrong_rate=verdict.wrong_rate,
        first=verdict.mention or next((cell.first for _, cell in window if cell.first), ""),
        first_at=None if verdict.mention else next((cell.began for _, cell in window), None),
    )


def _sources_of(verdict: Verdict, window: Sequence[tuple[int, Bin]]) -> set[str]:
    return {verdict.told_by} if verdict.mention else {name for _, cell in window for name in cell.sources}


def _since(begun: Instant | None, at: Instant, *, lasts: bool) -> Instant | None:
    """Since when something lasts."""
    return None if not lasts else at if begun is None else begun


def _id(brand: str, rule: str, opened_at: Instant) -> str:
    """The same in every replay, 12 hexadecimal digits."""
    return blake2s(f"{brand}\n{rule}\n{opened_at}".encode(), digest_size=6).hexdigest()


def _rank(severity: Severity) -> int:
    return SEVERITIES.index(severity)
