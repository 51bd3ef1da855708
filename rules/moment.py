"""Which instant a mention counts for, when platforms are late and clocks lie."""

from rules.instant import HOUR, MINUTE, Instant, Span

LATENESS: Span = 30 * MINUTE
"""How late a mention may come and still count for the moment it was written."""
LATENESS_CAP: Span = 6 * HOUR


def lateness_of(interval: Span | None) -> Span:
    """The lateness of a source polled every `interval` (None: it streams): twice that, from 30 min to 6 h."""
    return LATENESS if interval is None else min(max(LATENESS, 2 * interval), LATENESS_CAP)


def moment_of(
    created: Instant | None, at: Instant, lateness: Span, reading_since: Instant | None, *, listed: bool = False
) -> tuple[Instant, bool]:
    """(moment, history) of a mention taken at `at`.

    Future: `at`. At most `lateness` old: when it was written. Older: `at` if its source was being read when it was
    written (the platform is slow), else it is history and counts in no window and no baseline. Missing: `at`; but of a
    source that shows a list when it is asked (`listed`), what its first answers show may be of any age: history.
    """
    # one that is asked so seldom gives a first answer every time, and would never count
    if created is None and listed and lateness < LATENESS_CAP:
        return at, reading_since is None or at - reading_since < LATENESS
    if created is None or created > at:
        return at, False
    if at - created <= lateness:
        return created, False
    if reading_since is not None and created >= reading_since:
        return at, False
    return created, True
