"""What is wrong with people and the watch once one knows what their channels can do."""

import re
from collections.abc import Iterator, Sequence

from alerts.channel import ChannelSpec
from alerts.people import Directory, directory
from config.hours import fill_a_week
from config.load import Catalogs, Loaded
from config.oncall import FIRST, ONCALL, SECOND, OnCall
from config.people import Person, plain
from config.problems import Problem
from config.settings import Component, Route

_NAMED = frozenset({"people", "oncall", "channels", "routes"})


def check_watch(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    """Holes in the watch, people whom nobody calls, and people on call whom nothing wakes: warnings."""
    if loaded.flawed & _NAMED:
        return
    yield from _idle(loaded)
    yield from _shared(loaded)
    yield from _alike(loaded)
    yield from _strangers(loaded, catalogs)
    if loaded.settings.oncall:
        yield from _holes(loaded)
        yield from _blind(loaded)
        yield from _asleep(loaded, catalogs)
        yield from _mute(loaded, catalogs)
    for brand in loaded.settings.brands:
        yield from _unheard(loaded, brand)


def _idle(loaded: Loaded) -> Iterator[Problem]:
    settings, watch = loaded.settings, loaded.settings.oncall
    named = {name for route in settings.routes for name in route.to}
    if watch and ONCALL not in named:
        message = "no route names `oncall`: whoever has the watch is told of nothing"
        hint = "routes: - {severity: critical, to: [oncall]}"
        yield loaded.document.problem((ONCALL,), message, hint, warning=True)
    called = {*named, *(watch.everybody if watch else ()), *(watch.otherwise if watch else ())}
    for name in settings.people:
        if name in called and not settings.people[name].call_by:
            message = "has a phone, which badbuzz does not call, and no channel"
            yield loaded.document.problem(("people", name), message, "call_by: [name of a channel]")
        elif name not in called and settings.people[name].call_by:
            message = "no route leads to this person, who is in no turn either"
            hint = f"routes: - {{to: [{name}]}}"
            yield loaded.document.problem(("people", name), message, hint, warning=True)


def _alike(loaded: Loaded) -> Iterator[Problem]:
    """Two people who are called the same somewhere: errors, as one would be taken for the other."""
    taken: dict[str, str] = {}
    for name, person in loaded.settings.people.items():
        for number, called in enumerate(person.known_as):
            other = taken.setdefault(plain(called), name)
            if other != name:
                message = f"'{called}' means '{other}' too"
                hint = "write what only one of them is called"
                yield loaded.document.problem(("people", name, "known_as", number), message, hint)


def _strangers(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    """People who would not be known where they may take an incident beside others: warnings."""
    settings = loaded.settings
    people = directory(settings.people, settings.oncall, settings.daemon.time_zone)
    told = {name for route in settings.routes for name in route.to} | {*_called(settings.oncall)}
    shared = [
        each
        for name, each in settings.channels.items()
        if people.owner(name) is None and (name in told or people.behind(name))
    ]
    for name, person in settings.people.items():
        where = [each for each in shared if not _is_known(person, each, catalogs)] if name in told else []
        if where:
            spec: ChannelSpec = catalogs.channels.spec(where[0].kind)
            names = " and ".join(f"'{each.name}'" for each in where)
            message = f"would not be known in {names}, where others read too: who takes an incident there gets no nudge"
            hint = (
                f"known_as: their own there, like '{spec.knows.like}'"
                if spec.knows
                else "give each of them a channel of their own"
            )
            yield loaded.document.problem(("people", name), message, hint, warning=True)


def _called(watch: OnCall | None) -> tuple[str, ...]:
    return (*watch.everybody, *watch.otherwise) if watch else ()


def _is_known(person: Person, channel: Component, catalogs: Catalogs) -> bool:
    """Whether somebody may be known in a channel by what they are known as; also where nobody can act in it."""
    spec: ChannelSpec = catalogs.channels.spec(channel.kind)
    if not (spec.people and spec.ack and spec.answerable(channel.options)):
        return True
    pattern = spec.knows.pattern if spec.knows else None
    return any(
        plain(each).startswith(f"{channel.kind}:") or (pattern and re.fullmatch(pattern, each.strip()))
        for each in person.known_as
    )


def _shared(loaded: Loaded) -> Iterator[Problem]:
    """Channels by which somebody would hear of a brand that is none of theirs: errors."""
    settings = loaded.settings
    for name, person in settings.people.items():
        unseen = [brand for brand in settings.brands if person.only is not None and brand not in person.only]
        for channel in person.call_by if unseen else ():
            if channel in settings.operator.to:
                message = f"'{channel}' reaches '{name}', who hears nothing of '{unseen[0]}'; the operator hears of all"
                yield loaded.document.problem(("operator", "to"), message, "choose another channel for the operator")
            for other, each in settings.people.items():
                sees = set(settings.brands if each.only is None else each.only)
                if channel in each.call_by and sees & set(unseen):
                    message = f"'{channel}' reaches '{name}' too, who hears of fewer brands than '{other}'"
                    hint = "give each of them a channel of their own"
                    yield loaded.document.problem(("people", other, "call_by"), message, hint)


def _holes(loaded: Loaded) -> Iterator[Problem]:
    watch = loaded.settings.oncall
    assert watch
    if watch.all_hours and not fill_a_week(watch.all_hours) and not watch.otherwise:
        message = "outside these hours nobody has the watch: whoever has the turn is told all the same"
        hint = "say who is told then: otherwise: [a channel or person]"
        yield loaded.document.problem((ONCALL, "hours"), message, hint, warning=True)
    alone = len(set(watch.turns)) == 1
    for number, rung in enumerate(watch.ladder):
        if alone and rung.who == SECOND:
            written = (ONCALL, "ladder", number)
            place = written if written in loaded.document.places else (ONCALL, "turns")
            message = "the watch has one person: there is no second to call"
            yield loaded.document.problem(place, message, "add a second person to turns", warning=True)
    if not any(rung.who != FIRST for rung in watch.ladder):
        message = "the ladder calls nobody else: an incident that the first does not take stays with nobody"
        hint = "add a rung: - {after: 20m, call: second}"
        yield loaded.document.problem((ONCALL, "ladder"), message, hint, warning=True)


def _unheard(loaded: Loaded, brand: str) -> Iterator[Problem]:
    """Routes and rungs that mean people of whom none may hear of a brand."""
    settings, watch = loaded.settings, loaded.settings.oncall
    people, climbed = directory(settings.people, watch, settings.daemon.time_zone), False
    for number, route in _fitting(settings.routes, brand):
        names = [each for name in route.to for each in (watch.turns if watch and name == ONCALL else (name,))]
        behind = (each for name in names for each in (name, *people.behind(name)))
        blind = next((each for each in behind if not people.sees(each, brand)), None)
        if blind and not any(people.reach(name, brand, 0).seats for name in names):
            message = f"nobody on this route may hear of '{brand}'"
            hint = f"name somebody who may, or add {brand} to people.{blind}.only"
            yield loaded.document.problem(("routes", number, "to"), message, hint, warning=True)
        climbed = climbed or ONCALL in route.to
    if watch and climbed:
        yield from _dead_rungs(loaded, watch, people, brand)


def _dead_rungs(loaded: Loaded, watch: OnCall, people: Directory, brand: str) -> Iterator[Problem]:
    seeing = [name for name in dict.fromkeys(watch.turns) if people.sees(name, brand)]
    alone = len(seeing) == 1 < len(set(watch.turns))
    for number, rung in enumerate(watch.ladder):
        verb = "call" if rung.call else "remind"
        if rung.who == SECOND and alone:
            message = f"of '{brand}' only '{seeing[0]}' hears among the turns: there is no second to {verb}"
            hint = f"add somebody to turns who hears of {brand}"
        elif rung.who in people.people and not people.sees(rung.who, brand):
            message = f"'{rung.who}' hears nothing of '{brand}': this rung {verb}s nobody"
            hint = f"add {brand} to people.{rung.who}.only, or {verb} somebody who hears of it"
        else:
            continue
        written = (ONCALL, "ladder", number, verb)
        place = written if written in loaded.document.places else (ONCALL, "turns")
        yield loaded.document.problem(place, message, hint, warning=True)


def _fitting(routes: Sequence[Route], brand: str) -> Iterator[tuple[int, Route]]:
    """The routes that incidents of a brand may come to."""
    for number, route in enumerate(routes):
        if brand in (route.brand or (brand,)):
            yield number, route
            conditions = (route.severity, route.language, route.source, route.hours)
            if not route.go_on and all(each is None for each in conditions):
                return


def _blind(loaded: Loaded) -> Iterator[Problem]:
    """Brands that somebody on call does not see."""
    settings = loaded.settings
    routed = [route for route in settings.routes if ONCALL in route.to]
    for brand in settings.brands:
        if any(brand in (route.brand or (brand,)) for route in routed):
            yield from _blind_to(loaded, brand)


def _blind_to(loaded: Loaded, brand: str) -> Iterator[Problem]:
    watch, people = loaded.settings.oncall, loaded.settings.people
    assert watch
    names = dict.fromkeys((*watch.turns, *(swap.who for swap in watch.swaps)))
    limits = {name: people[name].only for name in names if name in people}
    blind = [name for name, only in limits.items() if only is not None and brand not in only]
    for name in blind if len(blind) < len(limits) else ():
        message = f"'{name}' may have the watch and hears nothing of '{brand}': the next in turn is told"
        hint = f"add {brand}, or route it to somebody else"
        yield loaded.document.problem(("people", name, "only"), message, hint, warning=True)


def _mute(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    """People who take over the watch, and whose answer nobody could hear."""
    settings = loaded.settings
    assert settings.oncall
    taking = (*settings.oncall.turns, *(swap.who for swap in settings.oncall.swaps))
    for name in dict.fromkeys(taking if settings.oncall.confirm_at_start else ()):
        channels = [settings.channels[each] for each in settings.reached_by(name)]
        specs: list[ChannelSpec] = [catalogs.channels.spec(channel.kind) for channel in channels]
        heard = [spec.ack and spec.answerable(channel.options) for spec, channel in zip(specs, channels, strict=True)]
        if channels and not any(heard):
            message = "takes over the watch, and can confirm it in none of these channels: nobody asks for it"
            hint = "add a channel that takes answers, or write confirm_at_start: false in oncall"
            yield loaded.document.problem(("people", name, "call_by"), message, hint, warning=True)


def _asleep(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    settings = loaded.settings
    assert settings.oncall
    for name in settings.oncall.everybody:
        channels = [settings.channels[each] for each in settings.reached_by(name)]
        specs: list[ChannelSpec] = [catalogs.channels.spec(channel.kind) for channel in channels]
        if specs and all(spec.wakes == "no" for spec in specs):
            message = "is on call, and none of these channels wakes anybody"
            hint = "add a channel that rings, such as ntfy"
            yield loaded.document.problem(("people", name, "call_by"), message, hint, warning=True)
