"""What follows when an alert is not delivered: who is told in its place, and what the operator hears of it."""

from collections.abc import Sequence

from alerts.alert import Notice
from alerts.delivery import Delivery, Outgoing
from alerts.drill import drill_of
from alerts.outbox import delivery_id, passed_on
from config.settings import Settings
from listener.pipeline.describe import page_of
from listener.pipeline.notify import to_operator
from listener.store.port import Views
from rules.instant import HOUR, Instant, moment


class Undelivered:
    """Makes outbox rows in place of those that do not arrive."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def instead(self, delivery: Delivery, at: Instant, detail: str, settings: Settings) -> list[Outgoing]:
        """A critical one goes to the next channel; the operator hears of each alert. Raises StoreError."""
        if (delivery.notice and not delivery.critical) or drill_of(delivery.transition):
            return []  # of a drill, its end tells what did not arrive
        passed = passed_on(delivery, at)
        told = [] if delivery.notice else await self._told(delivery, passed, at, detail, settings)
        return [*([passed] if passed else []), *told]

    async def _told(
        self, delivery: Delivery, passed: Outgoing | None, at: Instant, detail: str, settings: Settings
    ) -> Sequence[Outgoing]:
        others = [name for name in settings.operator.to if name != delivery.channel]
        step = await self._views.transition(delivery.transition or "")
        row = await self._views.incident(step.incident) if step else None
        # a dead channel must not become a flood elsewhere, nor a trifle hide what is critical
        which = delivery.thread if delivery.critical else at // HOUR
        notice = Notice(
            id=f"undelivered-{delivery.channel}-{which}",
            topic="undelivered",
            at=moment(at),
            subject=delivery.channel,
            detail=detail,
            brand=step.brand if step else None,
            number=row.number if row else None,
            severity=step.severity if step else None,
            since=moment(step.at) if step else None,
            passed_to=passed.channel if passed else None,
            link=page_of(row, settings) if row else None,
        )
        return to_operator(notice, others, at)

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
