"""Who is told of a step in an incident, and who instead when a channel fails. Detection never sees this."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts.ceiling import Load
from alerts.delivery import Call
from alerts.people import Meant, Seat
from alerts.silence import Silence
from alerts.step import ACTING, Step
from config.hours import within
from rules.instant import Instant, moment
from rules.transition import Severity


class RouteLike(Protocol):
    """Who is told of what. None fits everything; `go_on` lets the following routes be looked at as well."""

    @property
    def severity(self) -> tuple[Severity, ...] | None: ...
    @property
    def brand(self) -> tuple[str, ...] | None: ...
    @property
    def language(self) -> tuple[str, ...] | None: ...
    @property
    def source(self) -> tuple[str, ...] | None: ...
    @property
    def hours(self) -> tuple[str, ...] | None: ...
    @property
    def time_zone(self) -> str | None: ...
    @property
    def to(self) -> tuple[str, ...]: ...
    @property
    def go_on(self) -> bool: ...
    @property
    def quiet_while_critical(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Routed:
    """`channels` are told now, each once, in the order of the routes. `fallback` maps each of them to those that are
    told in its place, in order, when its delivery parks. `reasons` explains every channel in words. `silence` is the
    number of the one that holds the step back, `behind` the critical incident for which some channels are spared.
    `calls` says for whom a channel is told, where that is somebody by name or of the watch. `spared` are people who
    are not told, as the ceiling of their false alarms is near.
    """

    channels: tuple[str, ...] = ()
    fallback: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    silence: int | None = None
    behind: str | None = None
    calls: Mapping[str, Call] = field(default_factory=dict)
    spared: Mapping[str, Load] = field(default_factory=dict)

    @property
    def ladder(self) -> Instant | None:
        """When the ladder begins to be climbed, None where nobody of the watch is told."""
        return min((call.ladder for call in self.calls.values() if call.ladder is not None), default=None)


@dataclass(frozen=True, kw_only=True)
class _Joining:
    """Channels that routes add: of each the number of the first route that leads to it, and its seat. `calls` are also
    of channels that were told before.
    """

    found: dict[str, tuple[int, RouteLike, Seat]] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    left_out: dict[str, None] = field(default_factory=dict)


def _itself(name: str, _brand: str, _at: Instant) -> Meant:
    return Meant(seats=(Seat(channel=name),))


def recipients(
    routes: Sequence[RouteLike],
    step: Step,
    *,
    held: bool = False,
    already: Iterable[str] = (),
    operator: Sequence[str] = (),
    rouses: Callable[[str], int] = lambda _: 0,
    zone: str = "UTC",
    silences: Iterable[Silence] = (),
    busy: Mapping[str, str] | None = None,
    reach: Callable[[str, str, Instant], Meant] = _itself,
    goes_on: Callable[[str], bool] = lambda _: True,
) -> Routed:
    """The channels of one transition: those that `reach` finds for the names in routes, for a brand at a moment. The
    first route that fits is used, and those after it while they say `go_on`; `zone` is that of their hours where they
    have none.

    Whoever was told of an earlier step (`already`, channels that still exist) is told of every later one, so that the
    end reaches all who heard the beginning; a step that asks nobody to act reaches only them, and so does one that is
    `held`, unless it is critical. That it eases reaches those of them alone that put it beside or in the place of what
    they told (`goes_on`): it is worth no ring. What a silence holds reaches nobody. A critical step that no route fits
    goes to the operator. Fallback, for critical steps that ask to act: the channels of the fitting routes
    that were not used, then the operator's, without those that are told anyway; in both, those that wake somebody
    first (`rouses` is higher the surer a channel does). `busy` maps channels to an open critical incident of the brand
    that they were told of: a route that is quiet beside such a one spares them what is not critical.
    """
    told = tuple(dict.fromkeys(already))
    silence = next((each for each in silences if each.holds(step)), None)
    if silence:
        return Routed(silence=silence.number, reasons=(f"nobody: {told_of(silence)}",))
    reasons = [f"{channel}: was told of this incident before" for channel in told]
    if step.state == "better":
        rings = {
            channel: f"{channel}: not of this: it could only ring once more" for channel in told if not goes_on(channel)
        }
        reasons = [rings.get(channel, reason) for channel, reason in zip(told, reasons, strict=True)]
        told = tuple(channel for channel in told if channel not in rings)
    if step.state not in ACTING:
        return Routed(channels=told, reasons=tuple(reasons or ["nobody: nobody was told of this incident before"]))
    if held and step.severity != "critical":
        only_watched = f"nobody: {step.brand} is only watched, and this is held"
        return Routed(channels=told, reasons=tuple(reasons or [only_watched]))
    fitting = [(number, route) for number, route in enumerate(routes, 1) if not objection(route, step, zone)]
    used = _used(fitting)
    joining = _joining(used, told, step, reach)
    if step.severity != "critical":
        return _calm(joining, told, reasons, step, busy or {})
    reasons += [*joining.left_out, *(_by_route(*each, step) for each in joining.found.values())]
    spare = _joining(fitting[len(used) :], (*told, *joining.found), step, reach)
    return _critical(joining, spare, told, reasons, step, operator, rouses)


def _critical(
    joining: _Joining,
    spare: _Joining,
    told: Sequence[str],
    reasons: list[str],
    step: Step,
    operator: Sequence[str],
    rouses: Callable[[str], int],
) -> Routed:
    """What is critical always reaches somebody, where there is anybody."""
    calls, channels = joining.calls, (*told, *joining.found)
    nobody = "no route fits" if not joining.left_out else "nobody else may hear of it"
    if not channels and operator:
        channels = tuple(dict.fromkeys(operator))
        reasons += [f"{channel}: {nobody}, so the operator is told" for channel in channels]
    elif not channels:
        channels, calls = tuple(spare.found), spare.calls
        reasons += [_by_route(*each, step) for each in spare.found.values()]
    if not channels:
        return Routed(reasons=(*joining.left_out, _no_route(step)))
    others = sorted((name for name in spare.found if name not in channels), key=rouses, reverse=True)
    rest = (name for name in dict.fromkeys(operator) if name not in channels and name not in others)
    last = sorted(rest, key=rouses, reverse=True)
    reasons += [f"{channel}: only if a channel fails" for channel in (*others, *last)]
    fallback = dict.fromkeys(channels, (*others, *last))
    return Routed(channels=channels, fallback=fallback, reasons=tuple(reasons), calls=calls)


def objection(route: RouteLike, step: Step, zone: str = "UTC") -> str:
    """Why a route does not fit a step, "" when it does."""
    if route.severity is not None and step.severity not in route.severity:
        return f"only {' or '.join(route.severity)}"
    if route.brand is not None and step.brand not in route.brand:
        return f"only of {' or '.join(route.brand)}"
    if _lacks(route.language, step.languages):
        return f"only where mentions are in {' or '.join(route.language or ())}"
    if _lacks(route.source, step.sources):
        return f"only where mentions are from {' or '.join(route.source or ())}"
    if route.hours is not None:
        place = route.time_zone or zone
        local = moment(step.at).astimezone(ZoneInfo(place))
        if not any(within(each, local) for each in route.hours):
            return f"only {' or '.join(route.hours)} in {place}, where it is {local:%a %H:%M}"
    return ""


def told_of(silence: Silence) -> str:
    """Why a step is held back, in words."""
    until, what = f"{moment(silence.until):%Y-%m-%dT%H:%M:%SZ}", silence.what
    weekly = f", {' and '.join(what.hours)} ({what.time_zone})" if what.hours else ""
    return f"silence {silence.number} of {silence.by} until {until}{weekly}: {silence.because}"


def _lacks(wanted: Iterable[str] | None, found: Iterable[str] | None) -> bool:
    return wanted is not None and found is not None and not set(wanted) & set(found)


def _calm(joining: _Joining, told: Sequence[str], reasons: list[str], step: Step, busy: Mapping[str, str]) -> Routed:
    """What is not critical: it has no fallback, and may wait for what is."""
    spared = {name for name, (_, route, _) in joining.found.items() if route.quiet_while_critical and name in busy}
    channels = (*told, *(name for name in joining.found if name not in spared))
    reasons += joining.left_out
    for name, each in joining.found.items():
        quiet = f"{name}: not now: it was told of incident {busy.get(name)} of {step.brand}, which is critical"
        reasons.append(quiet if name in spared else _by_route(*each, step))
    behind = next((busy[name] for name in joining.found if name in spared), None)
    calls = {name: call for name, call in joining.calls.items() if name not in spared}
    return Routed(channels=channels, reasons=tuple(reasons or [_no_route(step)]), behind=behind, calls=calls)


def _by_route(number: int, _: RouteLike, seat: Seat, step: Step) -> str:
    because = f"; {seat.because}" if seat.because else ""
    return f"{seat.channel}: route {number} fits {step.severity} of {step.brand}{because}"


def _no_route(step: Step) -> str:
    return f"nobody: no route fits {step.severity} of {step.brand}"


def _used(fitting: Sequence[tuple[int, RouteLike]]) -> Sequence[tuple[int, RouteLike]]:
    for place, (_, route) in enumerate(fitting, 1):
        if not route.go_on:
            return fitting[:place]
    return fitting


def _joining(
    routes: Iterable[tuple[int, RouteLike]],
    beside: Sequence[str],
    step: Step,
    reach: Callable[[str, str, Instant], Meant],
) -> _Joining:
    """The channels of routes, each once, in order, without those `beside`. For whom of several a channel is told, and
    whether a ladder follows, says whoever is on the watch.
    """
    joining = _Joining()
    for number, route in routes:
        for reached in (reach(name, step.brand, step.at) for name in route.to):
            joining.left_out.update(dict.fromkeys(reached.left_out))
            for seat in reached.seats:
                if seat.channel not in beside:
                    joining.found.setdefault(seat.channel, (number, route, seat))
                known = joining.calls.get(seat.channel)
                if seat.call and (known is None or known.ladder is None):
                    joining.calls[seat.channel] = seat.call
    return joining
