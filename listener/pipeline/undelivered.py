"""What follows when an alert is not delivered: who is told in its place, and what the operator hears of it."""

from dataclasses import replace

import msgspec

from alerts.alert import Notice
from alerts.delivery import Delivery, Outgoing
from alerts.drill import drill_of
from alerts.outbox import delivery_id, passed_on
from config.settings import Settings
from listener.pipeline.describe import page_of
from listener.pipeline.notify import to_operator
from listener.store.port import Views
from rules.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span, instant, moment

GATHERED: Span = 30 * SECOND
"""So long after the first alert of a channel that is not delivered the operator hears of it, and of the next ones."""
AGAIN: Span = 15 * MINUTE
"""So long after one notice of critical alerts comes the next of that channel at the soonest."""
_AGAIN_CALM: Span = HOUR
NAMED = 5
"""Incidents that such a notice names."""


class Undelivered:
    """Makes outbox rows in place of those that do not arrive."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def instead(self, delivery: Delivery, at: Instant, detail: str, settings: Settings) -> list[Outgoing]:
        """A critical one goes to the next channel; the operator hears of it with others. Raises StoreError."""
        if (delivery.notice and not delivery.critical) or drill_of(delivery.transition):
            return []  # of a drill, its end tells what did not arrive
        passed = passed_on(delivery, at)
        told = [] if delivery.notice else await self._told(delivery, at, detail, settings)
        return [*([passed] if passed else []), *told]

    async def _told(self, delivery: Delivery, at: Instant, detail: str, settings: Settings) -> list[Outgoing]:
        """A notice to come, unless one is planned that will count this alert as well."""
        # a dead channel must not become a flood elsewhere, nor a trifle hide what is critical
        about = f"undelivered-{delivery.channel}{'-critical' if delivery.critical else ''}-"
        lately = [f"{about}{day}" for day in (at // DAY, at // DAY - 1)]
        rows = [each for thread in lately for each in await self._views.deliveries(thread=thread)]
        # one that was cancelled told nobody anything
        planned = [instant(each.notice.at) for each in rows if each.notice and each.state != "cancelled"]
        last = max(planned, default=at - _AGAIN_CALM)
        if last > at:
            return []
        due = max(at + GATHERED, last + (AGAIN if delivery.critical else _AGAIN_CALM))
        notice = Notice(
            id=f"{about}{due}",
            topic="undelivered",
            at=moment(due),
            since=moment(at),
            subject=delivery.channel,
            detail=detail,
            severity="critical" if delivery.critical else "warning",
        )
        others = [name for name in settings.operator.to if name != delivery.channel]
        return [replace(each, thread=lately[0]) for each in to_operator(notice, others, due)]

    async def counted(self, notice: Notice, at: Instant, settings: Settings) -> Notice | None:
        """A notice as it is to be told: with the alerts that were not delivered by now; None where all were after all.
        Raises StoreError.
        """
        if notice.topic != "undelivered" or notice.since is None or notice.number is not None:
            return notice
        critical, since = notice.severity == "critical", instant(notice.since)
        found = await self._views.missed(notice.subject, since, at, critical=critical)
        latest = {each.thread: each for each in found if not drill_of(each.transition)}
        if len(latest) == 1:
            return await self._of_one(notice, next(iter(latest.values())), settings)
        named = [row for thread in list(latest)[:NAMED] if (row := await self._views.incident(thread))]
        briefs = tuple((row.brand, row.number) for row in named)
        passed = {each.fallback[:1] if critical else () for each in latest.values()}
        passed_to = next(iter(passed)) if len(passed) == 1 else ()
        told = msgspec.structs.replace(
            notice, missed=briefs, others=len(latest) - len(briefs), passed_to=next(iter(passed_to), None)
        )
        return told if latest else None

    async def _of_one(self, notice: Notice, delivery: Delivery, settings: Settings) -> Notice:
        step = await self._views.transition(delivery.transition or "")
        row = await self._views.incident(delivery.thread)
        return msgspec.structs.replace(
            notice,
            brand=step.brand if step else None,
            number=row.number if row else None,
            severity=step.severity if step else None,
            since=moment(step.at) if step else None,
            passed_to=next(iter(delivery.fallback), None) if delivery.critical else None,
            link=page_of(row, settings) if row else None,
        )

    async def end(self, delivery: Delivery, at: Instant) -> Outgoing | None:
        """The end of an incident that was over before `delivery`, an earlier step, came through. Raises StoreError."""
        row = await self._views.incident(delivery.thread) if delivery.transition else None
        if row is None or row.state != "resolved":
            return None
        last, channel = f"{row.id}.{row.steps - 1}", delivery.channel
        if last == delivery.transition:
            return None
        return Outgoing(
            id=delivery_id(last, channel),
            channel=channel,
            thread=row.id,
            due=at,
            transition=last,
            circle=delivery.circle,
        )
