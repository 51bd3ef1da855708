"""All of a brand's engine that must survive a restart."""

from typing import Any

import msgspec

from rules.hearing import Hearing
from rules.incident import Incident
from rules.inputs import Plan
from rules.instant import Instant
from rules.series import Counts, minute_of


class EngineState(Hearing, msgspec.Struct, kw_only=True):
    """All of an engine that must survive a restart. `ticked` is the last grid instant run, `learnt` the first minute
    not yet learnt, `news` the series that changed at `news_at` and were not judged since, `hushed` the counts at which
    a person ended an incident of a rule that was not calm since, `ended` the last incident of a rule, which may come
    back, `whole` what rules had learnt before they went on
    without a source, `model` the label model that tones are judged with, `imported` the minute up to which each rule
    knows a history of before.
    """

    plan: Plan | None = None
    ticked: Instant = 0
    learnt: int = 0
    news: dict[str, bool] = {}
    news_at: Instant = 0
    counts: Counts = msgspec.field(default_factory=Counts)
    incidents: dict[str, Incident] = {}
    ended: dict[str, Incident] = {}
    hushed: dict[str, int] = {}
    learned: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    model: str | None = None
    imported: dict[str, int] = {}

    @property
    def sources(self) -> tuple[str, ...]:
        """Those that the brand is heard through."""
        return self.plan.sources if self.plan else ()

    @property
    def known(self) -> tuple[Incident, ...]:
        """The incidents that are open, and those that may come back."""
        return (*self.incidents.values(), *self.ended.values())

    def close(self, before: int) -> None:
        """Minutes before that one do not change any more."""
        self.learnt = before
        for counts in (self.counts, *self.counts.sources.values()):
            counts.open = max(before, counts.since)

    def note_coverage(self, minute: int) -> None:
        """What is heard may have changed in that minute."""
        _note(self.counts, minute, full=self.coverage(self.sources) >= 1)
        for source, own in self.counts.sources.items():
            _note(own, minute, full=self.share_of(source) >= 1)

    def find_deaf(self, at: Instant) -> None:
        """Know in which of the open minutes not all was heard."""
        if self.down or self.unheard or self.counts.deaf:
            minutes = range(self.counts.open, minute_of(at))
            self.counts.deaf = [minute for minute in minutes if self.is_unheard(minute, self.sources)]
            for own in self.counts.sources.values():
                own.deaf = self.counts.deaf


def _note(counts: Counts, minute: int, *, full: bool) -> None:
    if not full:
        counts.full_since = None
    elif counts.full_since is None:
        counts.full_since = minute + 1
