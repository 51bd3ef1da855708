"""`badbuzz silences`: what people do not want to be told of for a while."""

from datetime import timedelta
from typing import Annotated

import typer
from msgspec.structs import replace

from alerts.silence import USUAL, Hush, HushFor, Silence
from config.hours import checked
from config.model import format_duration, parse_duration
from config.problems import did_you_mean
from config.settings import Settings
from listener.cli.store_access import Config, Json, ask, ask_silence, put, put_table, with_views
from listener.cli.terminal import say
from listener.clock import Clock
from listener.store.port import NoStoreError, Views
from listener.wire import clock_time, iso, json_line
from rules.instant import Instant, span
from rules.text import defuse
from rules.transition import Severity

app = typer.Typer(
    help="Be told of nothing for a while; judging goes on, and what is critical is told all the same.",
    no_args_is_help=True,
)

By = Annotated[str | None, typer.Option(help="Who you are; your login name when not given.")]


@app.command()
def add(
    config: Config = None,
    *,
    because: Annotated[str, typer.Option(help="Why; everybody can read it.")],
    brand: Annotated[str | None, typer.Option(help="Incidents of this brand.")] = None,
    rule: Annotated[str | None, typer.Option(help="Incidents of this rule.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Incidents of this severity.")] = None,
    incident: Annotated[str | None, typer.Option(help="This incident, by its number or id.")] = None,
    lasting: Annotated[
        str | None,
        typer.Option(
            "--for", help="How long: 30m, 2h, at most 7d, or else 1h; with --every it is asked for, at most 366d."
        ),
    ] = None,
    every: Annotated[
        list[str] | None,
        typer.Option(help="Only in these hours of each week: `Mon 08:00-10:00`, `Sat-Sun`; may be repeated."),
    ] = None,
    critical: Annotated[
        bool, typer.Option("--critical", help="Also what is critical, or gets worse to a higher severity.")
    ] = False,
    by: By = None,
) -> None:
    """Tell nobody for a while of what fits all that is given.

    What still stands at the end is told then. Nothing else changes: incidents open, get worse and end as ever.
    """
    what = Hush(brand=brand, rule=rule, severity=severity, incident=incident, critical=critical, hours=_hours(every))
    lasts = _lasting(lasting, what)
    wish = HushFor(what=what, span=span(_duration(lasts)))
    if wish.objection:
        raise typer.BadParameter(wish.objection)

    async def work(views: Views, settings: Settings) -> int:
        here = replace(wish, what=replace(what, time_zone=settings.daemon.time_zone)) if what.hours else wish
        _known(brand, list(settings.brands), "--brand")
        _known(rule, list(settings.rules), "--rule")
        if incident and await views.incident(incident) is None:
            say(f"there is no incident {defuse(incident)}; `badbuzz incidents list` shows them")
            return 1
        done = f"{_in_words(here.what)}: quiet for {lasts}; `badbuzz silences list` shows it"
        return await ask_silence(views, here, because, by=by, done=done)

    raise typer.Exit(with_views(config, work))


@app.command("list")
def list_(
    config: Config = None,
    *,
    over_too: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    json: Json = False,
) -> None:
    """List silences, and how much each held back; newest first."""
    now = Clock().now()

    async def work(views: Views, _settings: Settings) -> list[tuple[Silence, int, str | None]]:
        try:
            found = await views.silences(None if over_too else now)
        except NoStoreError:
            return []  # before the first run
        return [(each, held, await _number(views, each.what.incident)) for each, held in found]

    rows = with_views(config, work)
    if json:
        for silence, held, _ in rows:
            put(json_line(_row(silence, held, now)))
        return
    if not rows:
        typer.echo("no silence")
        return
    cells = [
        (
            str(each.number),
            _in_words(each.what, number),
            defuse(each.by),
            clock_time(each.at),
            clock_time(each.until) + (f", ended by {defuse(each.ended_by)}" if each.ended_by else ""),
            str(held),
            defuse(each.because),
        )
        for each, held, number in rows
    ]
    put_table(("number", "what", "owner", "since", "until", "held back", "reason"), cells)


@app.command()
def expire(
    silence: Annotated[int, typer.Argument(min=1, help="The number of the silence.")],
    config: Config = None,
    *,
    by: By = None,
) -> None:
    """End a silence before its time."""
    raise typer.Exit(with_views(config, lambda views, _: ask(views, "expire", str(silence), by=by)))


async def _number(views: Views, incident: str | None) -> str | None:
    row = await views.incident(incident) if incident else None
    return str(row.number) if row else incident


def _lasting(said: str | None, what: Hush) -> str:
    if what.hours and said is None:
        # the usual hour from now on would hold hardly any of these
        raise typer.BadParameter("say for how long it comes again, such as 90d", param_hint="--for")
    return said or format_duration(USUAL)


def _duration(text: str) -> timedelta:
    try:
        found = parse_duration(text)
    except ValueError:
        raise typer.BadParameter("write how long like 30m, 2h or 1d, at most 7d", param_hint="--for") from None
    assert isinstance(found, timedelta)
    return found


def _hours(every: list[str] | None) -> tuple[str, ...]:
    try:
        return tuple(map(checked, every or ()))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--every") from None


def _known(name: str | None, names: list[str], option: str) -> None:
    if name is not None and name not in names:
        hint = did_you_mean(name, names)
        raise typer.BadParameter(
            f"'{defuse(name)}' is in no configuration{'; ' if hint else ''}{hint}", param_hint=option
        )


def _in_words(what: Hush, number: str | None = None) -> str:
    named = (
        what.brand,
        f"rule {what.rule}" if what.rule else None,
        what.severity,
        f"incident {number or what.incident}" if what.incident else None,
        "critical too" if what.critical else None,
        *what.hours,
    )
    return defuse(", ".join(part for part in named if part))


def _row(silence: Silence, held: int, now: Instant) -> dict[str, object]:
    what = silence.what
    return {
        "silence": silence.number,
        "brand": what.brand,
        "rule": what.rule,
        "severity": what.severity,
        "incident": what.incident,
        "critical": what.critical,
        "every": what.hours,
        "by": silence.by,
        "because": silence.because,
        "at": iso(silence.at),
        "until": iso(silence.until),
        "ended_by": silence.ended_by,
        "in_force": silence.ended_by is None and silence.at <= now < silence.until and what.is_on(now),
        "held_back": held,
    }
