"""Who is told of a step in an incident, and who instead when a channel fails. Detection never sees this."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from alerts.silence import Silence
from alerts.step import ACTING, Step
from config.hours import within
from rules.instant import moment
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
    """

    channels: tuple[str, ...] = ()
    fallback: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    silence: int | None = None
    behind: str | None = None


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
) -> Routed:
    """The channels of one transition. The first route that fits is used, and those after it while they say `go_on`;
    `zone` is that of their hours where they have none.

    Whoever was told of an earlier step (`already`, channels that still exist) is told of every later one, so that the
    end reaches all who heard the beginning; a step that asks nobody to act reaches only them, and so does one that is
    `held`, unless it is critical. What a silence holds reaches nobody. A critical step that no
    route fits goes to the operator. Fallback, for critical steps that ask to act: the channels of the fitting routes
    that were not used, then the operator's, without those that are told anyway; in both, those that wake somebody
    first (`rouses` is higher the surer a channel does). `busy` maps channels to an open critical incident of the brand
    that they were told of: a route that is quiet beside such a one spares them what is not critical.
    """
    told = tuple(dict.fromkeys(already))
    silence = next((each for each in silences if each.holds(step)), None)
    if silence:
        return Routed(silence=silence.number, reasons=(f"nobody: {told_of(silence)}",))
    reasons = [f"{channel}: was told of this incident before" for channel in told]
    if step.state not in ACTING:
        return Routed(channels=told, reasons=tuple(reasons or ["nobody: nobody was told of this incident before"]))
    if held and step.severity != "critical":
        only_watched = f"nobody: {step.brand} is only watched, and this is held"
        return Routed(channels=told, reasons=tuple(reasons or [only_watched]))
    fitting = [(number, route) for number, route in enumerate(routes, 1) if not objection(route, step, zone)]
    used = _used(fitting)
    if step.severity != "critical":
        return _calm(_joining(used, told), told, reasons, step, busy or {})
    joining = _joining(used, told)
    reasons += [_by_route(channel, number, step) for channel, (number, _) in joining.items()]
    channels = (*told, *joining)
    if not channels:
        channels = tuple(dict.fromkeys(operator))
        reasons += [f"{channel}: no route fits, so the operator is told" for channel in channels]
    if not channels:
        return Routed(reasons=(_no_route(step),))
    spare = sorted(_joining(fitting[len(used) :], channels), key=rouses, reverse=True)
    rest = (name for name in dict.fromkeys(operator) if name not in channels and name not in spare)
    last = sorted(rest, key=rouses, reverse=True)
    reasons += [f"{channel}: only if a channel fails" for channel in (*spare, *last)]
    return Routed(channels=channels, fallback=dict.fromkeys(channels, (*spare, *last)), reasons=tuple(reasons))


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
    until = f"{moment(silence.until):%Y-%m-%dT%H:%M:%SZ}"
    return f"silence {silence.number} of {silence.by} until {until}: {silence.because}"


def _lacks(wanted: Iterable[str] | None, found: Iterable[str] | None) -> bool:
    return wanted is not None and found is not None and not set(wanted) & set(found)


def _calm(
    joining: Mapping[str, tuple[int, RouteLike]],
    told: Sequence[str],
    reasons: list[str],
    step: Step,
    busy: Mapping[str, str],
) -> Routed:
    """What is not critical: it has no fallback, and may wait for what is."""
    spared = {name for name, (_, route) in joining.items() if route.quiet_while_critical and name in busy}
    channels = (*told, *(name for name in joining if name not in spared))
    for name, (number, _) in joining.items():
        quiet = f"{name}: not now: it was told of incident {busy.get(name)} of {step.brand}, which is critical"
        reasons.append(quiet if name in spared else _by_route(name, number, step))
    behind = next((busy[name] for name in joining if name in spared), None)
    return Routed(channels=channels, reasons=tuple(reasons or [_no_route(step)]), behind=behind)


def _by_route(channel: str, number: int, step: Step) -> str:
    return f"{channel}: route {number} fits {step.severity} of {step.brand}"


def _no_route(step: Step) -> str:
    return f"nobody: no route fits {step.severity} of {step.brand}"


def _used(fitting: Sequence[tuple[int, RouteLike]]) -> Sequence[tuple[int, RouteLike]]:
    for place, (_, route) in enumerate(fitting, 1):
        if not route.go_on:
            return fitting[:place]
    return fitting


def _joining(routes: Iterable[tuple[int, RouteLike]], beside: Sequence[str]) -> dict[str, tuple[int, RouteLike]]:
    """Channel to the first route that names it, with its number, in order, without those `beside`."""
    found: dict[str, tuple[int, RouteLike]] = {}
    for number, route in routes:
        for name in route.to:
            if name not in beside:
                found.setdefault(name, (number, route))
    return found
