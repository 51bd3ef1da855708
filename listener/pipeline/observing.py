"""What a committed transaction means for the metrics."""

from collections.abc import Iterable, Mapping

from listener.observe.metrics import Metrics
from listener.pipeline.setup import Setup
from listener.pipeline.work import Read
from listener.store.port import Commit
from rules.facts import Label
from rules.inputs import Heard
from rules.instant import Span, instant

NOT_HEARD = frozenset({"starting", "starved", "reconnecting", "parked", "auth_failed", "gone"})
"""Source states in which nothing of a source is heard."""


def forget(metrics: Metrics, before: Setup, after: Setup) -> None:
    """What a new configuration no longer has must not look silent or stuck."""
    for source in before.settings.sources.keys() - after.settings.sources.keys():
        metrics.source_removed(source)
    metrics.brands.watch(after.plans.keys())


def observe(metrics: Metrics, commit: Commit, reads: Iterable[Read], dropped: Mapping[str, int]) -> None:
    """Count what was committed; call only when it was."""
    for read in reads:
        metrics.source_events(read.source, read.events)
        if read.missed is not None:
            metrics.source_missed(read.source, max(0, commit.last - read.missed))
    _count_mentions(metrics, commit)
    for reason, count in dropped.items():
        metrics.mentions_dropped(reason, count)
    _count_marks(metrics, commit)
    for step in commit.transitions:
        metrics.incident_moved(step)
    for row in commit.sources:
        metrics.source_state(row.name, row.state, up=row.state not in NOT_HEARD)
        if row.last_read is not None:
            metrics.source_event(row.name, row.last_read)


def _count_mentions(metrics: Metrics, commit: Commit) -> None:
    heard: dict[tuple[str, str], list[tuple[Label, Span]]] = {}
    new = {(logged.brand, logged.entry.facts.mention) for logged in commit.inputs if isinstance(logged.entry, Heard)}
    for stored in [*commit.mentions, *commit.joined]:
        created = stored.mention.created_at
        lag = max(0, stored.at - instant(created)) if created else 0
        for brand, facts in stored.facts.items():
            if (brand, facts.mention) in new:
                new.remove((brand, facts.mention))  # edited in the same transaction: it is one mention
                heard.setdefault((stored.mention.source, brand), []).append((facts.label, lag))
    for (source, brand), each in heard.items():
        metrics.mentions_taken(source, brand, each)


def _count_marks(metrics: Metrics, commit: Commit) -> None:
    for mark in commit.marks:
        metrics.brands.marked(mark.brand, mark.label)
