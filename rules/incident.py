"""The life of one incident: when it opens, gets worse, is taken, and ends."""

from collections.abc import Sequence
from hashlib import blake2s

import msgspec

from rules.instant import Instant, Span
from rules.rule import Opening, Verdict
from rules.series import Bin
from rules.transition import SEVERITIES, Severity, State

WORSE_FACTOR = 2
"""An open incident is told again as worse when its count reaches this multiple of the one last told."""


class Incident(msgspec.Struct, kw_only=True):
    """An open incident. `told` is the count last told to people, `calm_since` the start of the present calm;
    `sources` are those that contributed; `usual` and `usual_high` are what its rule said of `window` minutes when it
    opened; `first` is the mention it began with, "" once deleted, counted for `first_at`; `series` is what is counted,
    "" for that of its rule; `source` the only one it is of, "" for all; `also` those that were as bad by themselves
    since; `raised_by` the rules whose incidents made it critical; `answered_at` when the brand itself first wrote;
    `wrong_rate` the least that its rule said.
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

    def observe(self, verdict: Verdict, at: Instant, *, heard: bool) -> State | None:
        """Take in a verdict and say which step follows, if any. Calm counts only while what contributed is heard."""
        if verdict.count > self.peak:
            self.peak, self.peak_at = verdict.count, at
        rates = [rate for rate in (self.wrong_rate, verdict.wrong_rate) if rate is not None]
        self.wrong_rate = min(rates, default=None)
        doubled = verdict.count >= WORSE_FACTOR * self.told and not verdict.fewer
        spreads = self._spread(verdict.also)
        if _rank(verdict.severity) > _rank(self.severity) or doubled or spreads:
            self.severity = max(self.severity, verdict.severity, key=_rank)
            # what is told of another source is no news of this one
            self.told = max(self.told, verdict.count) if verdict.also else verdict.count
            self.calm_since = None
            return "worse"
        if not (verdict.calm and heard):
            self.calm_since = None
        elif self.calm_since is None:
            self.calm_since = at
        return None

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

    def is_over(self, at: Instant, calm_for: Span) -> bool:
        """Whether calm has lasted long enough."""
        return self.calm_since is not None and at - self.calm_since >= calm_for

    def unsettle(self, at: Instant) -> None:
        """The calm so far is not known to have been one: it begins at `at`."""
        if self.calm_since is not None:
            self.calm_since = at

    def pause(self, span: Span) -> None:
        """Nothing was heard for `span`: that time is no calm."""
        if self.calm_since is not None:
            self.calm_since += span


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
        during=sum(cell.count for _, cell in window),
        sources=[verdict.told_by] if verdict.mention else sorted({name for _, cell in window for name in cell.sources}),
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


def _id(brand: str, rule: str, opened_at: Instant) -> str:
    """The same in every replay, 12 hexadecimal digits."""
    return blake2s(f"{brand}\n{rule}\n{opened_at}".encode(), digest_size=6).hexdigest()


def _rank(severity: Severity) -> int:
    return SEVERITIES.index(severity)
