"""Taking over the watch: who is told, who confirms, and who hears that nobody did. Pure: time is an argument."""

from dataclasses import dataclass
from hashlib import blake2s

from alerts.people import Directory
from alerts.rota import Watch
from rules.instant import MINUTE, Instant, Span

ANSWER: Span = 15 * MINUTE
"""How long whoever takes over has for confirming."""
UNWRITTEN: Span = 45 * MINUTE
"""Whoever has an incident that still grows is nudged when nobody wrote a note for so long."""
_NAME = "watch-"


@dataclass(frozen=True, kw_only=True)
class TakenOver:
    """A watch that begins: the `id` of its thread, and whether it has just begun or was to be confirmed by now."""

    id: str
    watch: Watch
    begun: bool
    unanswered: bool


def taken_over(directory: Directory, after: Instant, until: Instant) -> TakenOver | None:
    """The hand-over of which something is due after one moment and until another; None when nothing is."""
    watch = directory.rota.at(until) if directory.rota else None
    if watch is None or not watch.on or watch.since is None:
        return None
    begun, unanswered = after < watch.since <= until, after < watch.since + ANSWER <= until
    if not (begun or unanswered) or directory.rota is None or directory.rota.taken_over(until) is None:
        return None
    drawn = blake2s(f"{watch.first}\n{watch.since}".encode(), digest_size=6).hexdigest()
    return TakenOver(id=f"{_NAME}{drawn}", watch=watch, begun=begun, unanswered=unanswered)


def is_watch(target: str) -> bool:
    """Whether what somebody took is a watch, and no incident."""
    return target.startswith(_NAME)


def is_unwritten(since: Instant, peak_at: Instant, calm_since: Instant | None, at: Instant) -> bool:
    """Whether an incident grew in the time in which nobody wrote of it: since it was taken, or since the last note."""
    return at - since >= UNWRITTEN and calm_since is None and at - peak_at < UNWRITTEN and peak_at > since
