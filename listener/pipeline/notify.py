"""Who is told of what: transitions and troubles of sources become deliveries in the outbox."""

from collections.abc import Sequence

from alerts.alert import Notice
from alerts.delivery import Delivery, Outcome, Outgoing
from alerts.outbox import delivery_id, passed_on
from alerts.routing import ACTING, recipients
from config.settings import Settings
from listener.pipeline.work import Settled
from listener.store.port import SourceRow
from rules.instant import Instant, moment
from rules.transition import Transition

TROUBLE = frozenset({"starved", "parked", "auth_failed", "gone"})
"""Source states that only a person can mend."""


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
            already=already,
            operator=self._settings.operator.to,
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

    def passed_on(self, deliveries: Sequence[Outgoing]) -> None:
        """Whoever is told in another channel's place hears of the rest of the incident as well."""
        for each in deliveries:
            if each.transition and each.thread in self.told:
                self.told[each.thread] = tuple(dict.fromkeys((*self.told[each.thread], each.channel)))

    def source_changed(self, before: SourceRow, after: SourceRow, at: Instant) -> list[Outgoing]:
        """The operator is told when a source needs a person, and when it is heard again."""
        if after.state in TROUBLE and before.state not in TROUBLE:
            topic = "source_down"
        elif after.state == "live" and before.state in TROUBLE:
            topic = "source_up"
        else:
            return []
        detail = " ".join(part for part in (after.code, after.detail) if part)
        notice = Notice(
            id=f"{topic}-{after.name}-{at}",
            topic="source_down" if topic == "source_down" else "source_up",
            at=moment(at),
            subject=after.name,
            detail=detail,
        )
        return to_operator(notice, self._settings.operator.to, at)


def homeless(delivery: Delivery, at: Instant) -> Settled:
    """What becomes of a delivery whose channel the configuration no longer has."""
    outcome = Outcome(
        delivery=delivery.id,
        at=at,
        attempt=delivery.attempts,
        state="parked",
        reason="other",
        detail=f"the configuration no longer has the channel {delivery.channel}",
    )
    instead = passed_on(delivery, outcome, delivery.created)
    return Settled(outcome=outcome, instead=[instead] if instead else [])


def to_operator(notice: Notice, channels: Sequence[str], at: Instant) -> list[Outgoing]:
    """The deliveries of a notice."""
    return [
        Outgoing(id=delivery_id(notice.id, name), channel=name, thread=notice.id, due=at, notice=notice)
        for name in channels
    ]
