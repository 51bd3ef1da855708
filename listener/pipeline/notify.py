"""Who is told of what: transitions and troubles of sources become deliveries in the outbox."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from alerts.alert import Notice
from alerts.channel import CHANNELS
from alerts.delivery import Delivery, Outcome, Outgoing
from alerts.outbox import delivery_id
from alerts.routing import ACTING, recipients
from config.settings import Settings
from listener.pipeline.watched import is_watched
from listener.store.port import SourceRow
from rules.instant import Instant, moment
from rules.transition import Transition

TROUBLE = frozenset({"starved", "parked", "auth_failed", "gone"})
"""Source states of which the operator hears at once: they do not pass by themselves, or not soon."""
MOST_BRANDS = 4
"""Brands of which a notice tells how much is heard: those of which the least is."""


def latest(steps: Sequence[Transition]) -> list[Transition]:
    """The steps worth telling: where one reading makes an incident open and get worse at the same instant, the last."""
    last = {(step.incident, step.at): step for step in steps if step.state in ACTING}
    return [step for step in steps if step.state not in ACTING or last[step.incident, step.at] is step]


class Notifier:
    """Makes outbox rows. `told` maps an open incident to the channels that were told of it so far."""

    def __init__(self, settings: Settings, told: dict[str, tuple[str, ...]] | None = None) -> None:
        self._settings = settings
        self.told = {} if told is None else told

    def transition(self, step: Transition) -> list[Outgoing]:
        """The deliveries of one transition."""
        already = tuple(name for name in self.told.get(step.incident, ()) if name in self._settings.channels)
        routed = recipients(
            self._settings.routes,
            brand=step.brand,
            severity=step.severity,
            state=step.state,
            held=is_watched(self._settings, step.brand, step.rule, step.at),
            already=already,
            operator=self._settings.operator.to,
            rouses=self._rouses,
        )
        self.told[step.incident] = tuple(dict.fromkeys((*already, *routed.channels)))
        if step.state == "resolved":
            del self.told[step.incident]
        return [
            Outgoing(
                id=delivery_id(step.id, channel),
                channel=channel,
                thread=step.incident,
                due=step.at,
                transition=step.id,
                critical=step.severity == "critical",
                fallback=tuple(routed.fallback.get(channel, ())),
            )
            for channel in routed.channels
        ]

    def _rouses(self, channel: str) -> int:
        configured = self._settings.channels.get(channel)
        return ("no", "depends", "yes").index(CHANNELS.spec(configured.kind).wakes) if configured else 0

    def passed_on(self, deliveries: Sequence[Outgoing]) -> None:
        """Whoever is told in another channel's place hears of the rest of the incident as well."""
        for each in deliveries:
            if each.transition and each.thread in self.told:
                self.told[each.thread] = tuple(dict.fromkeys((*self.told[each.thread], each.channel)))

    def source_blind(self, source: SourceRow, at: Instant, heard: Mapping[str, float]) -> list[Outgoing]:
        """The operator hears that a source is not heard, and why; and how much of what each brand usually hears is."""
        notice = _of_source("source_down", source, at)
        notice = replace(
            notice,
            detail=source.detail,
            state=None if source.state in ("starting", "live") else source.state,
            code=source.code,
            silent_since=None if source.silent_since is None else moment(source.silent_since),
            heard=dict(sorted(heard.items(), key=lambda item: (item[1], item[0]))[:MOST_BRANDS]),
        )
        return to_operator(notice, self._settings.operator.to, at)

    def source_heard(self, source: SourceRow, at: Instant) -> list[Outgoing]:
        """The operator hears that it is heard again."""
        return to_operator(_of_source("source_up", source, at), self._settings.operator.to, at)


def _of_source(topic: Literal["source_down", "source_up"], source: SourceRow, at: Instant) -> Notice:
    return Notice(id=f"{topic}-{source.name}-{at}", topic=topic, at=moment(at), subject=source.name)


def homeless(delivery: Delivery, at: Instant) -> Outcome:
    """What becomes of a delivery whose channel the configuration no longer has."""
    return Outcome(
        delivery=delivery.id,
        at=at,
        attempt=delivery.attempts,
        state="parked",
        reason="other",
        detail=f"the configuration no longer has the channel {delivery.channel}",
    )


def to_operator(notice: Notice, channels: Sequence[str], at: Instant) -> list[Outgoing]:
    """The deliveries of a notice."""
    return [
        Outgoing(id=delivery_id(notice.id, name), channel=name, thread=notice.id, due=at, notice=notice)
        for name in channels
    ]
