"""How long each source of a brand was not heard, by its log. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from alerts.digest import Unheard
from rules.inputs import Coverage, Gap, Input, Missed
from rules.instant import MINUTE, Instant, Span, duration

LEAST = MINUTE
"""What is shorter is not told."""
NOTICED = 5 * MINUTE
"""Nor is what restarts took together, where that is less."""


@dataclass
class _Ear:
    """What of one source is heard, and what was not so far."""

    share: float = 1.0
    blind: Span = 0
    partly: Span = 0
    lost: Span = 0

    def live(self, span: Span) -> None:
        if self.share <= 0:
            self.blind += span
        elif self.share < 1:
            self.partly += span


@dataclass
class _Ears:
    """All sources of a brand from `since` on; `now` is up to when was reckoned."""

    since: Instant
    by_source: dict[str, _Ear]
    now: Instant = 0
    stopped: Span = 0
    ears: list[_Ear] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now, self.ears = self.since, list(self.by_source.values())

    def reckon(self, to: Instant) -> None:
        for ear in self.ears:
            ear.live(max(0, to - self.now))
        self.now = max(self.now, to)

    def hear(self, entry: Input) -> None:
        match entry:
            case Coverage():
                self.reckon(entry.at)
                if entry.source in self.by_source:
                    self.by_source[entry.source].share = entry.share
            case Gap():
                self.reckon(entry.since)
                self.stopped += max(0, entry.at - self.now)
                self.now = max(self.now, entry.at)
            case Missed() if entry.source in self.by_source:
                self.by_source[entry.source].lost += max(0, entry.at - max(entry.since, self.since))


def unheard(
    shares: dict[str, float], entries: Iterable[Input], since: Instant, until: Instant, never: Sequence[str] = ()
) -> tuple[list[Unheard], timedelta]:
    """The sources that were not heard in full all the time, the worst first, and how long nothing ran. `shares` is what
    was heard of each before the `entries`; `never` are sources that were not heard yet.
    """
    ears = _Ears(since, {source: _Ear(share) for source, share in shares.items() if source not in never})
    for entry in entries:
        if entry.at < until:
            ears.hear(entry)
    ears.reckon(until)
    found = [
        Unheard(source=name, blind=duration(ear.blind), partly=duration(ear.partly), lost=duration(ear.lost))
        for name, ear in ears.by_source.items()
        if max(ear.blind, ear.partly, ear.lost) >= LEAST
    ]
    told = sorted(found, key=lambda each: (-each.blind, -each.lost, each.source))
    silent = [Unheard(source=name, never=True) for name in sorted(never)]
    return [*silent, *told], duration(ears.stopped if ears.stopped >= NOTICED else 0)
