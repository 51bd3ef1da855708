"""`badbuzz routes`: who is told of what, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from alerts.ceiling import Load
from alerts.playbook import Choice
from alerts.routing import Routed, objection, told_of
from alerts.silence import Silence
from alerts.sparing import spare, standing
from alerts.step import Step
from config.problems import did_you_mean
from config.settings import Route, Settings
from listener.cli.ladder import ladder_in_words, ladder_rows, rota_in_words
from listener.cli.seen import Tried, person_in_words, person_row
from listener.cli.store_access import Config, Json, put, shown, with_views
from listener.cli.terminal import say
from listener.cli.times import instant_in
from listener.clock import Clock
from listener.pipeline.advising import choice_for, imagined
from listener.pipeline.loads import loads_of
from listener.pipeline.notify import Heard, busy_channels, directory_of, route
from listener.pipeline.pacing import waits_until
from listener.pipeline.standing import heard_of
from listener.pipeline.watched import is_watched
from listener.store.port import StoreError, Views
from listener.wire import iso, json_line
from rules.instant import Instant, moment
from rules.text import defuse
from rules.transition import SEVERITIES, Severity, State

app = typer.Typer(help="Routes: show them, and try who is told.", no_args_is_help=True)


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the store says: open critical incidents, and silences with what each held back so far."""

    heard: dict[str, Heard]
    silences: list[tuple[Silence, int]]
    loads: dict[str, Load]


@app.command()
def show(config: Config = None, *, json: Json = False) -> None:
    """Show the routes in the order in which they are tried, in words."""

    async def work(views: Views, settings: Settings) -> tuple[Settings, dict[str, Load]]:
        try:
            return settings, await loads_of(settings, views, Clock().now())
        except StoreError as error:
            say(f"without false alarms: {error}")
            return settings, {}

    settings, loads = with_views(config, work)
    if json:
        for number, each in enumerate(settings.routes, 1):
            put(json_line({"route": number, **each.model_dump(mode="json", by_alias=True, exclude_none=True)}))
        return
    console = shown()
    for number, each in enumerate(settings.routes, 1):
        console.print(f"{number}. {_in_words(each, settings)}: {', '.join(each.to)}{_manner(each)}")
    for line in rota_in_words(settings, Clock().now()):
        console.print(_indented(line))
    for who, load in loads.items():
        console.print(f"{defuse(who)}: {defuse(standing(load))}")
    operator = ", ".join(settings.operator.to) or "nobody, as there is no operator"
    console.print(f"what is critical and fits no route: {operator}; anything else that fits none: nobody")


@app.command("test")
def try_(
    config: Config = None,
    *,
    brand: Annotated[str | None, typer.Option(help="Of which brand an incident is.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="How bad it is.")] = None,
    person: Annotated[
        str | None, typer.Option(help="Show what this person gets, of all brands and severities that are not given.")
    ] = None,
    state: Annotated[State, typer.Option(help="Which step it takes.")] = "open",
    rule: Annotated[str, typer.Option(help="Of which rule it is.")] = "",
    source: Annotated[list[str] | None, typer.Option(help="Where mentions of it come from; may be repeated.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="In which language; may be repeated.")] = None,
    word: Annotated[list[str] | None, typer.Option(help="A word that mentions hold; may be repeated.")] = None,
    times: Annotated[float | None, typer.Option(help="How many times its usual peaks it is, for ceilings.")] = None,
    at: Annotated[
        str | None, typer.Option(help="When; in your time zone unless it has its own; now if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Say who is told of an incident, or what one person gets, and why.

    Silences and open incidents are those of the store as it is now. A route that asks for a source or a language, and a
    playbook that asks for words, fit only what is given.
    """

    async def work(views: Views, settings: Settings) -> None:
        _check(settings, brand, rule, source or [], person)
        step = Step(
            brand=brand or "",
            severity=severity or "critical",
            state=state,
            at=instant_in(at, ZoneInfo(settings.daemon.time_zone), "--at") if at else Clock().now(),
            rule=rule,
            languages=language or (),
            sources=source or (),
        )
        if person:
            await _show_person(views, settings, person, _steps(step, settings, brand, severity), times, json=json)
        else:
            await _show_step(views, settings, step, times, word or [], json=json)

    for option, given in (("--brand", brand), ("--severity", severity)):
        if not (given or person):
            raise typer.BadParameter("is needed, unless --person is given", param_hint=option)
    with_views(config, work)


async def _show_step(
    views: Views, settings: Settings, step: Step, times: float | None, words: Sequence[str], *, json: bool
) -> None:
    known = await _known(views, settings, step)
    routed = _routed(settings, step, known, times)
    playbook = choice_for(step.brand, step.rule, step.severity, imagined(words, moment(step.at)), settings)
    (_put if json else _print)(settings, step, known, routed, playbook)


def _steps(step: Step, settings: Settings, brand: str | None, severity: Severity | None) -> list[Step]:
    """The same of each brand and severity that is not given, the worst first."""
    brands, levels = [brand] if brand else [*settings.brands], [severity] if severity else [*reversed(SEVERITIES)]
    return [replace(step, brand=name, severity=level) for name in brands for level in levels]


async def _show_person(
    views: Views, settings: Settings, person: str, steps: Sequence[Step], times: float | None, *, json: bool
) -> None:
    tried, known = [], dict[str, _Known]()
    for brand, step in _one_each(steps).items():
        known[brand] = await _known(views, settings, step, quietly=bool(known))
    for step in steps:
        routed = _routed(settings, step, known[step.brand], times)
        tried.append(Tried(step=step, routed=routed, waits=_waiting(settings, step, routed)))
    if json:
        for each in tried:
            put(json_line(person_row(settings, person, each)))
        return
    load = next(iter(known.values())).loads.get(person) if known else None
    for line in person_in_words(settings, person, tried, load) if tried else ():
        shown().print(_indented(line))


def _indented(line: str) -> str:
    return f"{' ' * (len(line) - len(line.lstrip()))}{defuse(line)}"


def _one_each(steps: Sequence[Step]) -> dict[str, Step]:
    return {step.brand: step for step in steps}


def _routed(settings: Settings, step: Step, known: _Known, times: float | None) -> Routed:
    routed = route(
        settings,
        step,
        held=is_watched(settings, step.brand, step.rule, step.at),
        silences=[each for each, _ in known.silences],
        busy=busy_channels(known.heard, step.brand, step.rule),
    )
    return spare(routed, step, times, (), directory_of(settings).owner, known.loads)


async def _known(views: Views, settings: Settings, step: Step, *, quietly: bool = False) -> _Known:
    try:
        rows = await views.incidents(brand=step.brand, open_only=True)
        critical = [row.id for row in rows if row.severity == "critical"]
        return _Known(
            heard=await heard_of(critical, settings, views),
            silences=await views.silences(step.at),
            loads=await loads_of(settings, views, step.at),
        )
    except StoreError as error:
        if not quietly:
            say(f"without silences and open incidents: {error}")
        return _Known(heard={}, silences=[], loads={})


def _check(settings: Settings, brand: str | None, rule: str, sources: list[str], person: str | None) -> None:
    wanted = [(brand, list(settings.brands), "--brand")] if brand else []
    wanted += [(person, list(settings.people), "--person")] if person else []
    wanted += [(each, list(settings.sources), "--source") for each in sources]
    wanted += [(rule, list(settings.rules), "--rule")] if rule else []
    for name, names, option in wanted:
        if name not in names:
            hint = did_you_mean(name, names)
            wrong = f"'{defuse(name)}' is in no configuration{'; ' if hint else ''}{hint}"
            raise typer.BadParameter(wrong, param_hint=option)


def _print(settings: Settings, step: Step, known: _Known, routed: Routed, playbook: Choice) -> None:
    console, zone = shown(), settings.daemon.time_zone
    local = moment(step.at).astimezone(ZoneInfo(zone))
    console.print(f"{step.severity} of {step.brand}, {step.state}, on {local:%a %Y-%m-%d at %H:%M} ({zone})")
    for reason in routed.reasons:
        console.print(f"  {defuse(reason)}")
    for channel, until in _waiting(settings, step, routed).items():
        shown_at = moment(until).astimezone(ZoneInfo(zone))
        console.print(f"  {channel}: waits for the end of quiet hours, {shown_at:%a %Y-%m-%d at %H:%M} ({zone})")
    for line in ladder_in_words(settings, step, routed):
        console.print(f"  {defuse(line)}")
    if routed.silence or routed.behind:
        console.print("  what is held back is told afterwards, if it still stands and nobody has taken it")
    for number, each, why_not, before in _in_turn(settings, step):
        fits = f"fits, and is not asked: route {before} comes first" if before else "fits"
        console.print(f"  route {number} ({', '.join(each.to)}): {f'does not fit: {why_not}' if why_not else fits}")
    for silence, held in _near(step, known):
        holds = "holds it back" if silence.holds(step) else "lets it through"
        console.print(f"  {defuse(told_of(silence))}: {holds}; {held} held back so far")
    for reason in playbook.reasons:
        console.print(f"  {defuse(reason)}")


def _in_turn(settings: Settings, step: Step) -> Iterator[tuple[int, Route, str, int]]:
    """The routes in order: number, route, why it does not fit, and by which one the search ended before it, or 0."""
    before = 0
    for number, each in enumerate(settings.routes, 1):
        why_not = objection(each, step, settings.daemon.time_zone)
        yield number, each, why_not, before
        before = before or (number if not (why_not or each.go_on) else 0)


def _put(settings: Settings, step: Step, known: _Known, routed: Routed, playbook: Choice) -> None:
    line = {
        "brand": step.brand,
        "severity": step.severity,
        "state": step.state,
        "at": iso(step.at),
        "channels": routed.channels,
        "fallback": tuple(dict.fromkeys(name for names in routed.fallback.values() for name in names)),
        "people": {name: call.person for name, call in routed.calls.items() if call.person},
        "ladder": list(ladder_rows(settings, step, routed)),
        "reasons": routed.reasons,
        "waits": {channel: iso(until) for channel, until in _waiting(settings, step, routed).items()},
        "spared": sorted(routed.spared),
        "silence": routed.silence,
        "behind": routed.behind,
        "routes": [
            {"route": number, "to": each.to, "fits": not why_not, "why_not": why_not or None, "after": before or None}
            for number, each, why_not, before in _in_turn(settings, step)
        ],
        "silences": [
            {
                "silence": silence.number,
                "by": silence.by,
                "because": silence.because,
                "until": iso(silence.until),
                "holds": silence.holds(step),
                "held_back": held,
            }
            for silence, held in _near(step, known)
        ],
        "playbook": playbook.name or None,
        "playbooks": playbook.reasons,
    }
    put(json_line(line))


def _waiting(settings: Settings, step: Step, routed: Routed) -> dict[str, Instant]:
    """The channels that are told later, and when."""
    if step.severity == "critical":
        return {}
    on_watch = {name for name, call in routed.calls.items() if call.ladder is not None}
    later = [channel for channel in routed.channels if channel not in on_watch]
    waits = {channel: waits_until(channel, settings, step.at) for channel in later}
    return {channel: until for channel, until in waits.items() if until is not None}


def _near(step: Step, known: _Known) -> list[tuple[Silence, int]]:
    """The silences of what is tried, whether or not it is too loud for them."""
    return [(each, held) for each, held in known.silences if each.at <= step.at and each.what.fits(step)]


def _in_words(each: Route, settings: Settings) -> str:
    zone = each.time_zone or settings.daemon.time_zone
    said = (
        " or ".join(each.severity) if each.severity else "everything",
        f"of {' or '.join(each.brand)}" if each.brand else "",
        f"in {' or '.join(each.language)}" if each.language else "",
        f"from {' or '.join(each.source)}" if each.source else "",
        f"{' or '.join(each.hours)} ({zone})" if each.hours else "",
    )
    return ", ".join(filter(None, said))


def _manner(each: Route) -> str:
    on = "; the next routes are looked at as well" if each.go_on else ""
    quiet = "; not beside a critical incident that they were told of" if each.quiet_while_critical else ""
    return on + quiet
