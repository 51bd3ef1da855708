"""Who is told of a step in an incident, and who instead when a channel fails. Detection never sees this."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rules.transition import Severity, State

ACTING = frozenset({"open", "worse", "reopened"})
"""States that ask somebody to act: they reach new channels, and a critical one falls through."""


class RouteLike(Protocol):
    """Who is told of what. None fits everything; `go_on` lets the following routes be looked at as well."""

    @property
    def severity(self) -> tuple[Severity, ...] | None: ...
    @property
    def brand(self) -> tuple[str, ...] | None: ...
    @property
    def to(self) -> tuple[str, ...]: ...
    @property
    def go_on(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Routed:
    """`channels` are told now, each once, in the order of the routes. `fallback` maps each of them to those that are
    told in its place, in order, when its delivery parks. `reasons` explains every channel in words.
    """

    channels: tuple[str, ...]
    fallback: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


def recipients(
    routes: Sequence[RouteLike],
    brand: str,
    severity: Severity,
    state: State,
    *,
    held: bool = False,
    already: Iterable[str] = (),
    operator: Sequence[str] = (),
    rouses: Callable[[str], int] = lambda _: 0,
) -> Routed:
    """The channels of one transition. The first route that fits is used, and those after it while they say `go_on`.

    Whoever was told of an earlier step (`already`, channels that still exist) is told of every later one, so that the
    end reaches all who heard the beginning; a step that asks nobody to act reaches only them, and so does one that is
    `held`, unless it is critical. A critical step that no
    route fits goes to the operator. Fallback, for critical steps that ask to act: the channels of the fitting routes
    that were not used, then the operator's, without those that are told anyway; in both, those that wake somebody
    first (`rouses` is higher the surer a channel does).
    """
    told = tuple(dict.fromkeys(already))
    reasons = [f"{channel}: was told of this incident before" for channel in told]
    if state not in ACTING:
        return Routed(channels=told, reasons=tuple(reasons or ["nobody: nobody was told of this incident before"]))
    if held and severity != "critical":
        return Routed(channels=told, reasons=tuple(reasons or [f"nobody: {brand} is only watched, and this is held"]))
    fitting = [(number, route) for number, route in enumerate(routes, 1) if _fits(route, brand, severity)]
    used = _used(fitting)
    joining = _channels(used, beside=told)
    reasons += [f"{channel}: route {number} fits {severity} of {brand}" for channel, number in joining.items()]
    channels = (*told, *joining)
    if not channels and severity == "critical":
        channels = tuple(dict.fromkeys(operator))
        reasons += [f"{channel}: no route fits, so the operator is told" for channel in channels]
    if not channels:
        return Routed(channels=(), reasons=(f"nobody: no route fits {severity} of {brand}",))
    if severity != "critical":
        return Routed(channels=channels, reasons=tuple(reasons))
    spare = sorted(_channels(fitting[len(used) :], beside=channels), key=rouses, reverse=True)
    rest = (name for name in dict.fromkeys(operator) if name not in channels and name not in spare)
    last = sorted(rest, key=rouses, reverse=True)
    reasons += [f"{channel}: only if a channel fails" for channel in (*spare, *last)]
    return Routed(channels=channels, fallback=dict.fromkeys(channels, (*spare, *last)), reasons=tuple(reasons))


def _fits(route: RouteLike, brand: str, severity: Severity) -> bool:
    return (route.severity is None or severity in route.severity) and (route.brand is None or brand in route.brand)


def _used(fitting: Sequence[tuple[int, RouteLike]]) -> Sequence[tuple[int, RouteLike]]:
    for place, (_, route) in enumerate(fitting, 1):
        if not route.go_on:
            return fitting[:place]
    return fitting


def _channels(routes: Iterable[tuple[int, RouteLike]], beside: Sequence[str]) -> dict[str, int]:
    """Channel to the number of the first route that names it, in order, without those `beside`."""
    found: dict[str, int] = {}
    for number, route in routes:
        for name in route.to:
            if name not in beside:
                found.setdefault(name, number)
    return found
