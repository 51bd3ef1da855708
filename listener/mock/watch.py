"""Watches a daemon from outside, through its store: steps of incidents, attempts to deliver, mentions."""

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.delivery import Delivery
from listener.store.port import StoredMention, Views
from rules.instant import Instant
from rules.transition import Transition

MOST = 500
"""Deliveries and mentions that are looked at: more than any demonstration has."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt to deliver an alert. `outcome` is sent, retry, parked or cancelled."""

    at: Instant
    alert: str
    incident: str
    channel: str
    kind: str
    number: int
    outcome: str


class Watch:
    """Tells each transition and attempt once, in the order in which they happened. `kinds` maps channels to kinds."""

    def __init__(self, views: Views, kinds: Mapping[str, str]) -> None:
        self._views, self._kinds = views, kinds
        self._told = 0
        self._attempts: dict[str, tuple[int, str]] = {}
        self._states: dict[str, str] = {}
        self._unfinished: list[Delivery] = []

    async def transitions(self) -> list[Transition]:
        """Those that are new. Raises StoreError."""
        steps = [step async for step in self._views.transitions()]
        new, self._told = steps[self._told :], len(steps)
        self._states.update({step.incident: step.state for step in new})
        return new

    async def attempts(self, now: Instant) -> list[Attempt]:
        """Those that are new; one that is not finished is dated `now`. Raises StoreError."""
        deliveries = await self._views.deliveries(limit=MOST)
        self._unfinished = [each for each in deliveries if each.state in {"due", "parked"}]
        return [attempt for each in reversed(deliveries) for attempt in self._new(each, now)]

    async def mentions(self) -> list[StoredMention]:
        """What was heard of the brands, newest first. Raises StoreError."""
        return await self._views.mentions(limit=MOST)

    def missing(self) -> list[str]:
        """What keeps the story from being over, as keys of the words: none when every incident is resolved and
        everything delivered.
        """
        missing = []
        if not self._states:
            missing.append("missing_incident")
        if any(state != "resolved" for state in self._states.values()):
            missing.append("missing_end")
        return missing + sorted({f"missing_{_trouble(each)}" for each in self._unfinished})

    def _new(self, delivery: Delivery, now: Instant) -> list[Attempt]:
        known, state = self._attempts.get(delivery.id, (0, ""))
        self._attempts[delivery.id] = delivery.attempts, delivery.state
        if (known, state) == (delivery.attempts, delivery.state) or not delivery.attempts:
            return []
        return [
            Attempt(
                at=delivery.finished or now,
                alert=delivery.id,
                incident=delivery.thread,
                channel=delivery.channel,
                kind=self._kinds.get(delivery.channel, ""),
                number=number,
                outcome="retry" if number < delivery.attempts or delivery.state == "due" else delivery.state,
            )
            for number in range(known + 1, delivery.attempts + 1)
        ]


def _trouble(delivery: Delivery) -> str:
    return "parked" if delivery.state == "parked" else "delivery"
