"""What is wrong with routes: incidents that nobody hears of, pages that wake nobody, routes never reached."""

from collections.abc import Iterator, Sequence

from alerts.channel import ChannelSpec
from config.hours import fill_a_week
from config.load import Catalogs, Loaded
from config.problems import Problem
from config.settings import Route


def check_routes(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    """Every problem of the routes. Where they are flawed, nothing is said of them."""
    if "routes" not in loaded.flawed:
        yield from _wakes(loaded, catalogs)
        yield from _untold(loaded)
        yield from _unreached(loaded)


def _wakes(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    """A critical alert should reach somebody who sleeps."""
    if loaded.lacks("channels"):
        return
    for number, route in enumerate(loaded.settings.routes):
        if not _takes(route, "critical"):
            continue
        reached = [channel for name in route.to for channel in loaded.settings.reached_by(name)]
        kinds = [loaded.document.data["channels"][name]["kind"] for name in reached]
        specs: list[ChannelSpec] = [catalogs.channels.spec(kind) for kind in kinds]
        if all(spec.wakes == "no" for spec in specs):
            message = "a critical alert on this route wakes nobody"
            hint = "add a channel that rings, such as ntfy"
            yield loaded.document.problem(("routes", number, "to"), message, hint, warning=True)
        if _takes_all(route, "critical"):
            return


def _untold(loaded: Loaded) -> Iterator[Problem]:
    settings = loaded.settings
    for severity in ("warning", "critical"):
        for name in settings.brands:
            taking = [
                route for route in settings.routes if _takes(route, severity) and name in (route.brand or (name,))
            ]
            if not taking:
                message = f"no route takes {severity} incidents of '{name}': nobody is told"
                yield loaded.document.problem(("routes",), message, "add a last route: - {to: [...]}", warning=True)
            elif not _always(taking):
                message = f"not all {severity} incidents of '{name}' fit a route, for their hour, language or source"
                yield loaded.document.problem(("routes",), message, "add a last route: - {to: [...]}", warning=True)


def _always(routes: Sequence[Route]) -> bool:
    """Whether some route fits at any time, whatever the mentions; hours are taken as those of one place."""
    anyhow = [route for route in routes if route.language is None and route.source is None]
    hours = [each for route in anyhow for each in route.hours or ()]
    return any(route.hours is None for route in anyhow) or fill_a_week(hours)


def _unreached(loaded: Loaded) -> Iterator[Problem]:
    routes = loaded.settings.routes
    last = next((number for number, route in enumerate(routes) if _takes_all(route, None)), len(routes))
    for number in range(last + 1, len(routes)):
        message = f"never reached: route {last + 1} takes everything"
        yield loaded.document.problem(("routes", number), message, "move it up, or add continue: true", warning=True)


def _takes(route: Route, severity: str) -> bool:
    return severity in (route.severity or (severity,))


def _takes_all(route: Route, severity: str | None) -> bool:
    """No later route sees an incident of `severity` (None: of any)."""
    every = route.severity is None if severity is None else _takes(route, severity)
    conditions = (route.brand, route.language, route.source, route.hours)
    return every and all(each is None for each in conditions) and not route.go_on
