"""What is known beforehand of brands, and what of it matters at a moment: posts to come, campaigns under way."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from alerts.alert import Running, Slot
from config.calendar import CalendarFile, Campaign, Live, Post, on_the_clock
from config.settings import Settings

AHEAD = timedelta(days=2)
"""Posts that are due later than that can wait until somebody has looked at the incident."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From `since` on and before `until`: a campaign, or with `tag` a live event, of which a `report` may be wanted.
    `posts`: how many times as many posts as usual are expected, at most.
    """

    since: datetime
    until: datetime
    name: str
    posts: float | None = None
    tag: str | None = None
    report: bool = False


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one brand; moments are aware UTC."""

    posts: tuple[Slot, ...] = ()
    spans: tuple[Span, ...] = ()

    def __add__(self, other: "Planned") -> "Planned":
        return Planned(posts=self.posts + other.posts, spans=self.spans + other.spans)

    def next_posts(self, at: datetime) -> tuple[Slot, ...]:
        """Posts from then on, for two days, in their order."""
        return tuple(
            sorted((post for post in self.posts if at <= post.at < at + AHEAD), key=lambda post: (post.at, post.name))
        )

    def running(self, at: datetime) -> tuple[Running, ...]:
        """What is under way, that which ends first before the others."""
        now = sorted((span for span in self.spans if span.since <= at < span.until), key=lambda span: span.until)
        return tuple(Running(name=span.name, until=span.until, live=span.tag is not None) for span in now)


Agenda = Mapping[str, Planned]
"""What is known, by brand."""
NOTHING = Planned()


def written(settings: Settings) -> dict[str, Planned]:
    """What a configuration itself says of its brands; by the clocks of its time zone."""
    zone, agenda = ZoneInfo(settings.daemon.time_zone), dict.fromkeys(settings.brands, NOTHING)
    for entry in settings.calendar:
        if not isinstance(entry, CalendarFile) and entry.brand in agenda:
            agenda[entry.brand] += _planned(entry, zone)
    return agenda


def together(agendas: Iterable[Agenda]) -> dict[str, Planned]:
    """All that they say, in their order."""
    whole: dict[str, Planned] = {}
    for agenda in agendas:
        for brand, planned in agenda.items():
            whole[brand] = whole.get(brand, NOTHING) + planned
    return whole


def _planned(entry: Post | Campaign | Live, zone: ZoneInfo) -> Planned:
    if isinstance(entry, Post):
        slot = Slot(name=entry.name, at=on_the_clock(entry.post_at, zone), stop_with=entry.stop_with)
        return Planned(posts=(slot,))
    live = entry if isinstance(entry, Live) else None
    span = Span(
        since=on_the_clock(entry.begins, zone),
        until=on_the_clock(entry.ends, zone),
        name=entry.live if isinstance(entry, Live) else entry.name,
        posts=entry.expect.posts if entry.expect else None,
        tag=live.live if live else None,
        report=live is not None and live.report,
    )
    return Planned(spans=(span,))
