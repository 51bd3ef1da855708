"""Who is told of what: transitions and troubles of sources become deliveries in the outbox."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from alerts.alert import Notice
from alerts.channel import CHANNELS
from alerts.delivery import Delivery, Outcome, Outgoing
from alerts.outbox import delivery_id
from alerts.routing import Routed, recipients
from alerts.silence import HeldBack, Silence
from alerts.step import ACTING, Step
from config.settings import Settings
from listener.pipeline.watched import is_watched
from listener.store.port import SourceRow
from rules.instant import Instant, moment
from rules.transition import SEVERITIES, Severity, Transition

TROUBLE = frozenset({"starved", "parked", "auth_failed", "gone"})
"""Source states of which the operator hears at once: they do not pass by themselves, or not soon."""
MOST_BRANDS = 4
"""Brands of which a notice tells how much is heard: those of which the least is."""

Languages = Collection[str] | None
"""Of the mentions of a step, where that is known."""


def latest(steps: Sequence[Transition]) -> list[Transition]:
    """The steps worth telling: where one reading makes an incident open and get worse at the same instant, the last."""
    last = {(step.incident, step.at): step for step in steps if step.state in ACTING}
    return [step for step in steps if step.state not in ACTING or last[step.incident, step.at] is step]


@dataclass(frozen=True)
class Waiting:
    """A step that was held back, with the languages of its mentions."""

    held: HeldBack
    step: Transition
    languages: Languages


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What people know of an open incident: the `channels` that were told. `severity` is the highest it had; `waiting`
    what they are to hear of it once nothing holds it back, as nobody has taken it.
    """

    brand: str
    rule: str
    severity: Severity
    channels: tuple[str, ...] = ()
    waiting: Waiting | None = None


@dataclass(kw_only=True)
class Told:
    """What one step comes to."""

    outgoing: list[Outgoing] = field(default_factory=list)
    held_back: list[HeldBack] = field(default_factory=list)


class Notifier:
    """Makes outbox rows. `heard` maps open incidents to what people know of them so far; `silences` are by number."""

    def __init__(
        self,
        settings: Settings,
        heard: dict[str, Heard] | None = None,
        silences: Mapping[int, Silence] | None = None,
    ) -> None:
        self._settings = settings
        self.heard = {} if heard is None else heard
        self._silences = {} if silences is None else silences

    def transition(self, step: Transition, languages: Languages = None) -> Told:
        """The deliveries of one transition, and whether it is held back."""
        before = self.heard.get(step.incident) or Heard(brand=step.brand, rule=step.rule, severity=step.severity)
        routed = self._route(step, step.at, before, languages)
        held = HeldBack(
            incident=step.incident, step=step.step, at=step.at, silence=routed.silence, behind=routed.behind
        )
        is_held = routed.silence is not None or routed.behind is not None
        waiting = Waiting(held, step, languages) if is_held else None
        self.heard[step.incident] = replace(
            before,
            severity=max(before.severity, step.severity, key=SEVERITIES.index),
            channels=tuple(dict.fromkeys((*before.channels, *routed.channels))),
            waiting=waiting if step.state in ACTING else None if step.state == "acknowledged" else before.waiting,
        )
        if step.state == "resolved":
            del self.heard[step.incident]
        return Told(outgoing=_deliveries(step, step.at, routed, routed.channels), held_back=[held] if is_held else [])

    def afterwards(self, at: Instant) -> Told:
        """What was held back, still stands, and is held back no more: those hear of it who would have, and did not."""
        told = Told()
        for incident, heard in list(self.heard.items()):
            if heard.waiting is None:
                continue
            step = heard.waiting.step
            routed = self._route(step, at, heard, heard.waiting.languages)
            if routed.silence is not None or routed.behind is not None:
                continue
            # a silence kept the step from all, also from those who heard of the incident before
            before = heard.channels if heard.waiting.held.silence is None else ()
            fresh = [name for name in routed.channels if name not in before]
            channels = tuple(dict.fromkeys((*heard.channels, *fresh)))
            self.heard[incident] = replace(heard, channels=channels, waiting=None)
            told.outgoing += _deliveries(step, at, routed, fresh)
            told.held_back += [msgspec.structs.replace(heard.waiting.held, told_at=at)] if fresh else []
        return told

    def _route(self, step: Transition, at: Instant, heard: Heard, languages: Languages) -> Routed:
        as_routed = routed_step(
            step, at, rises=SEVERITIES.index(step.severity) > SEVERITIES.index(heard.severity), languages=languages
        )
        return route(
            self._settings,
            as_routed,
            held=is_watched(self._settings, step.brand, step.rule, step.at),
            already=heard.channels,
            silences=self._silences.values(),
            busy=busy_channels(self.heard, step.brand, step.rule),
        )

    def passed_on(self, deliveries: Sequence[Outgoing]) -> None:
        """Whoever is told in another channel's place hears of the rest of the incident as well."""
        for each in deliveries:
            if each.transition and each.thread in self.heard:
                heard = self.heard[each.thread]
                channels = tuple(dict.fromkeys((*heard.channels, each.channel)))
                self.heard[each.thread] = replace(heard, channels=channels)

    def source_blind(self, source: SourceRow, at: Instant, heard: Mapping[str, float]) -> list[Outgoing]:
        """The operator hears that a source is not heard, and why; and how much of what each brand usually hears is."""
        notice = _of_source("source_down", source, at)
        notice = msgspec.structs.replace(
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


def route(
    settings: Settings,
    step: Step,
    *,
    held: bool = False,
    already: Iterable[str] = (),
    silences: Iterable[Silence] = (),
    busy: Mapping[str, str] | None = None,
) -> Routed:
    """Who is told of a step, as a configuration says; see `recipients`."""

    def rouses(channel: str) -> int:
        configured = settings.channels.get(channel)
        return ("no", "depends", "yes").index(CHANNELS.spec(configured.kind).wakes) if configured else 0

    return recipients(
        settings.routes,
        step,
        held=held,
        already=[name for name in already if name in settings.channels],
        operator=settings.operator.to,
        rouses=rouses,
        zone=settings.daemon.time_zone,
        silences=silences,
        busy=busy,
    )


def busy_channels(heard: Mapping[str, Heard], brand: str, rule: str) -> dict[str, str]:
    """Channels that were told of an open critical incident of the brand by another rule, with that incident."""
    return {
        channel: incident
        for incident, each in heard.items()
        if (each.brand, each.severity) == (brand, "critical") and each.rule != rule
        for channel in each.channels
    }


def routed_step(step: Transition, at: Instant, *, rises: bool = False, languages: Languages = None) -> Step:
    """A transition as routes look at it at a moment."""
    evidence = step.evidence
    return Step(
        brand=step.brand,
        severity=step.severity,
        state=step.state,
        at=at,
        rule=step.rule,
        incident=step.incident,
        rises=rises,
        languages=languages,
        sources=frozenset((*evidence.sources, *evidence.also, evidence.source)) - {""},
    )


def _deliveries(step: Transition, at: Instant, routed: Routed, channels: Iterable[str]) -> list[Outgoing]:
    return [
        Outgoing(
            id=delivery_id(step.id, channel),
            channel=channel,
            thread=step.incident,
            due=at,
            transition=step.id,
            critical=step.severity == "critical",
            fallback=tuple(routed.fallback.get(channel, ())),
        )
        for channel in channels
    ]


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
