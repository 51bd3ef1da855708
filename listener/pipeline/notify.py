"""Who is told of what: transitions and troubles of sources become deliveries in the outbox."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from alerts.alert import Notice
from alerts.ceiling import Load, Spared, times_usual
from alerts.channel import CHANNELS
from alerts.delivery import Call, Delivery, Outcome, Outgoing, Present
from alerts.ladder import Step as Rung
from alerts.ladder import due, seats
from alerts.outbox import delivery_id
from alerts.people import Directory, directory
from alerts.routing import Routed, recipients
from alerts.silence import HeldBack, Silence
from alerts.sparing import spare
from alerts.step import ACTING, Step
from config.oncall import LONGEST_WAIT
from config.settings import Settings
from listener.pipeline.watched import is_watched
from listener.store.port import SourceRow
from rules.instant import Instant, Span, moment, span
from rules.transition import SEVERITIES, Severity, Transition

TROUBLE = frozenset({"starved", "parked", "auth_failed", "gone"})
"""Source states of which the operator hears at once: they do not pass by themselves, or not soon."""
MOST_BRANDS = 4
"""Brands of which a notice tells how much is heard: those of which the least is."""

LONGEST: Span = span(LONGEST_WAIT)
"""How long after its beginning the last rung of a ladder comes at most."""

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
    """What people know of an open incident: the `channels` that were told; `own` have a message about it alone, and
    `planned` is when a channel is told. `severity` is the highest it had since it opened or came back; `waiting` what
    they are to hear of it once nothing holds it back, as nobody has taken it. `ladder` is when the ladder begins to be
    climbed for it, None where it is not, and while it is `taken`, nobody climbs; `step` is the last that asked to act.
    What became due on the ladder since `hushed` was kept quiet by a silence; None where nothing is. `spared` are people
    who are not called for it before it gets worse.
    """

    brand: str
    rule: str
    severity: Severity
    channels: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    planned: Mapping[str, Instant] = field(default_factory=dict)
    waiting: Waiting | None = None
    ladder: Instant | None = None
    taken: bool = False
    step: Transition | None = None
    hushed: Instant | None = None
    spared: frozenset[str] = frozenset()

    def climbing(self, routed: Routed) -> Instant | None:
        """When the ladder begins, once that is routed as well."""
        return routed.ladder if self.ladder is None else self.ladder

    def called(self, call: Call | None) -> Call | None:
        """The same call on the ladder that is climbed already."""
        return call if call is None or call.ladder is None else msgspec.structs.replace(call, ladder=self.ladder)


@dataclass(kw_only=True)
class Told:
    """What one step comes to."""

    outgoing: list[Outgoing] = field(default_factory=list)
    held_back: list[HeldBack] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)


class Notifier:
    """Makes outbox rows. `heard` maps open incidents to what people know of them so far; `silences` are by number, and
    `loads` of people who have a ceiling of false alarms.
    """

    def __init__(
        self,
        settings: Settings,
        heard: dict[str, Heard] | None = None,
        silences: Mapping[int, Silence] | None = None,
        loads: Mapping[str, Load] | None = None,
    ) -> None:
        self._settings, self._directory = settings, directory_of(settings)
        self.heard = {} if heard is None else heard
        self._silences = {} if silences is None else silences
        self._loads = {} if loads is None else loads

    def transition(self, step: Transition, languages: Languages = None) -> Told:
        """The deliveries of one transition, and whether it is held back."""
        before = self.heard.get(step.incident) or Heard(brand=step.brand, rule=step.rule, severity=step.severity)
        routed = self._route(step, step.at, before, languages)
        held = HeldBack(
            incident=step.incident, step=step.step, at=step.at, silence=routed.silence, behind=routed.behind
        )
        is_held = routed.silence is not None or routed.behind is not None
        waiting = Waiting(held, step, languages) if is_held else None
        acting, rises = step.state in ACTING, _rises(step, before.severity)
        taken = step.state == "acknowledged" or (before.taken and step.state not in ("released", "reopened"))
        now = replace(
            before,
            severity=max(before.severity, step.severity, key=SEVERITIES.index),
            channels=tuple(dict.fromkeys((*before.channels, *routed.channels))),
            waiting=waiting if acting else None if step.state == "acknowledged" else before.waiting,
            taken=taken,
            step=step if acting and not is_held else before.step,
            spared=before.spared if not acting else frozenset(routed.spared),
        )
        now = replace(now, ladder=before.climbing(routed))
        if step.state == "released" and before.ladder is not None:
            # whoever gave it back may have had it for long: the ladder is climbed from its foot once more
            now = replace(now, ladder=step.at)
            routed = replace(routed, calls=dict.fromkeys(routed.channels, Call(ladder=step.at)))
        outgoing = self._deliveries(step, step.at, routed, routed.channels, before, now)
        self.heard[step.incident] = now
        if step.state == "resolved":
            del self.heard[step.incident]
        elif rises and not is_held and before.ladder is not None and not taken:
            outgoing += self._call(step.incident, now, self._sooner(now, step.at), step.at)
        spared = _spared(step, routed, step.at)
        return Told(outgoing=outgoing, held_back=[held] if is_held else [], spared=spared)

    def climb(self, after: Instant, at: Instant, count: Callable[[str, str], Present | None]) -> list[Outgoing]:
        """Who is reminded, and to whom it is passed on, of what nobody has taken: the rungs due after one moment and
        until another, and those that a silence kept quiet which is over. `count` knows what is counted now of an
        incident of a brand.
        """
        found = []
        for incident, heard in list(self.heard.items()):
            if heard.taken or heard.ladder is None or heard.step is None:
                continue
            since = after if heard.hushed is None else heard.hushed
            is_quiet = self._is_quiet(heard.step, at)
            self.heard[incident] = replace(heard, hushed=since if is_quiet else None)
            for rung in () if is_quiet else due(self._directory, heard.ladder, since, at):
                found += self._call(incident, self.heard[incident], rung, at, count(heard.brand, incident))
        return found

    def _is_quiet(self, step: Transition, at: Instant) -> bool:
        return any(silence.holds(routed_step(step, at)) for silence in self._silences.values())

    def _sooner(self, heard: Heard, at: Instant) -> Rung | None:
        """The rung by which a rise is passed on at once: the next that calls somebody who was not told."""
        assert heard.ladder is not None
        for rung in due(self._directory, heard.ladder, at, heard.ladder + LONGEST):
            found = seats(self._directory, rung, heard.brand, heard.ladder)
            if rung.rung.call and any(seat.channel not in heard.channels for seat in found):
                return rung
        return None

    def _call(
        self, incident: str, heard: Heard, rung: Rung | None, at: Instant, present: Present | None = None
    ) -> list[Outgoing]:
        """The deliveries of a rung; made again, they have the same ids."""
        if rung is None or heard.step is None or heard.ladder is None:
            return []
        at_foot = rung.due == heard.ladder  # whoever was told already is not told twice at once
        found = [
            seat
            for seat in seats(self._directory, rung, heard.brand, heard.ladder)
            if not (at_foot and seat.channel in heard.channels)
            and (heard.severity == "critical" or self._directory.owner(seat.channel) not in heard.spared)
        ]
        channels = tuple(dict.fromkeys((*heard.channels, *(seat.channel for seat in found))))
        self.heard[incident] = replace(heard, channels=channels)
        return [
            Outgoing(
                id=delivery_id(f"{incident}.{heard.ladder}.{rung.number}", seat.channel),
                channel=seat.channel,
                thread=incident,
                due=at,
                transition=heard.step.id,
                critical=heard.severity == "critical",
                circle=circle_of(self._settings, heard.brand),
                call=seat.call and msgspec.structs.replace(seat.call, present=present),
                asks=True,
            )
            for seat in found
        ]

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
            now = replace(heard, channels=channels, waiting=None, step=step, ladder=heard.climbing(routed))
            now = replace(now, spared=frozenset(routed.spared))
            self.heard[incident] = now
            told.outgoing += self._deliveries(step, at, routed, fresh, heard, now)
            told.held_back += [msgspec.structs.replace(heard.waiting.held, told_at=at)] if fresh else []
            told.spared += _spared(step, routed, at)
        return told

    def _deliveries(
        self, step: Transition, at: Instant, routed: Routed, channels: Iterable[str], before: Heard, now: Heard
    ) -> list[Outgoing]:
        circle = circle_of(self._settings, step.brand)
        # a new high of what was told at that level wakes nobody either
        rises = _rises(step, before.severity)
        is_high = step.state == "worse" and at == step.at and not rises
        is_calm = is_high or step.state not in ACTING
        return [
            Outgoing(
                id=delivery_id(step.id, channel),
                channel=channel,
                thread=step.incident,
                due=at,
                transition=step.id,
                critical=step.severity == "critical",
                fallback=tuple(routed.fallback.get(channel, ())),
                circle=circle,
                call=now.called(routed.calls.get(channel)),
                asks=step.state in ACTING,
                rises=rises,
                goes_on=is_calm and channel in before.own and before.planned.get(channel, at) <= at,
            )
            for channel in channels
        ]

    def _route(self, step: Transition, at: Instant, heard: Heard, languages: Languages) -> Routed:
        as_routed = routed_step(step, at, rises=_rises(step, heard.severity), languages=languages)
        routed = route(
            self._settings,
            as_routed,
            held=is_watched(self._settings, step.brand, step.rule, step.at),
            already=heard.channels,
            silences=self._silences.values(),
            busy=busy_channels(self.heard, step.brand, step.rule),
        )
        times = times_usual(step.evidence)
        return spare(routed, as_routed, times, heard.channels, self._directory.owner, self._loads)

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

    def goes_on(channel: str) -> bool:
        spec = CHANNELS.spec(settings.channels[channel].kind)
        return spec.thread or spec.edit or not spec.people

    people = directory_of(settings)

    def may_hear(channel: str) -> bool:
        return all(people.sees(name, step.brand) for name in people.behind(channel))

    return recipients(
        settings.routes,
        step,
        held=held,
        already=[name for name in already if name in settings.channels and may_hear(name)],
        operator=list(filter(may_hear, settings.operator.to)),
        rouses=rouses,
        zone=settings.daemon.time_zone,
        silences=silences,
        busy=busy,
        reach=people.reach,
        goes_on=goes_on,
    )


def directory_of(settings: Settings) -> Directory:
    """The people of a configuration."""
    return directory(settings.people, settings.oncall, settings.daemon.time_zone)


def _spared(step: Transition, routed: Routed, at: Instant) -> list[Spared]:
    return [
        Spared(incident=step.incident, person=who, step=step.step, at=at, had=load.had, accept=load.accept)
        for who, load in routed.spared.items()
    ]


def _rises(step: Transition, before: Severity) -> bool:
    return SEVERITIES.index(step.severity) > SEVERITIES.index(before)


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


def circle_of(settings: Settings, brand: str) -> str:
    """Whose brand it is: what is of one client stands in one message; brands without one are the house's own."""
    configured = settings.brands.get(brand)
    return (configured.client if configured else None) or ""


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
