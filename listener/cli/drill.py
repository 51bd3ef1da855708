"""`badbuzz drill`: a made-up crisis that a running daemon tells the real way, and what came of it."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from alerts.alert import Reached
from alerts.drill import STALE, Drill, DrillFor, reached
from config.settings import Settings
from listener.cli.store_access import Config, Json, ask_drill, put, put_table, shown, with_views
from listener.cli.terminal import say
from listener.store.port import Views
from listener.wire import clock_time, iso, json_line
from rules.instant import MINUTE, duration
from rules.text import defuse


class _OrBrand(TyperGroup):
    """`badbuzz drill acme` is `badbuzz drill start acme`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args[:1] and (args[0] in self.commands or args[0] in ("-h", "--help"))
        return super().parse_args(ctx, args if named else ["start", *args])


app = typer.Typer(cls=_OrBrand, help="Fire drills: hold one (`badbuzz drill [BRAND]`), list them, show one.")


@app.command()
def start(
    brand: Annotated[str | None, typer.Argument(help="The brand it is about; that of the configuration else.")] = None,
    config: Config = None,
    *,
    to: Annotated[
        list[str] | None, typer.Option(help="Only this channel or person, whatever the routes say; may be repeated.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who you are; your login name when not given.")] = None,
) -> None:
    """Hold a drill now: a made-up crisis, told the real way."""

    async def work(views: Views, _settings: Settings) -> int:
        return await hold(views, DrillFor(brand=brand, to=tuple(to or ())), by=by)

    raise typer.Exit(with_views(config, work))


async def hold(views: Views, wish: DrillFor, *, by: str | None = None) -> int:
    """Ask the daemon for a drill, and say what follows; the exit code."""
    refusal = await ask_drill(views, wish, by=by)
    if refusal is None:
        say(f"no daemon answers: the drill begins if one starts within {STALE // MINUTE} minutes")
        return 1
    if refusal:
        say(f"refused: {refusal}")
        return 1
    drill = (await views.drills(limit=1))[0]
    say(f"drill {drill.number} of {drill.brand} began: {', '.join(drill.channels)}")
    if drill.spared:
        say(f"left out, as no channels for drills: {', '.join(drill.spared)}")
    say(f"`badbuzz drill show {drill.number}` tells who got it and who took it")
    return 0


@app.command("list")
def list_(config: Config = None, *, json: Json = False) -> None:
    """List drills, newest first."""
    rows = with_views(config, lambda views, _: _all(views))
    if json:
        for drill, came in rows:
            put(json_line(_row(drill, came)))
        return
    if not rows:
        typer.echo("no drill")
        return
    cells = [
        (
            str(drill.number),
            clock_time(drill.at),
            drill.brand,
            f"{sum(each.after is not None for each in came)} of {len(came)}",
            _taken(drill),
            "under way" if drill.ended_at is None else "over",
        )
        for drill, came in rows
    ]
    put_table(("number", "since", "brand", "delivered", "taken", "state"), cells)


@app.command()
def show(
    drill: Annotated[int | None, typer.Argument(min=1, help="Its number; the last one when not given.")] = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Show how fast each channel got a drill, and who took it.

    Exit 1 when something is: a channel that got nothing, or nobody who took it.
    """

    async def work(views: Views, _settings: Settings) -> tuple[Drill, Sequence[Reached]] | None:
        found = await views.drills(number=drill, limit=1)
        return (found[0], await _came(views, found[0])) if found else None

    found = with_views(config, work)
    if found is None:
        say("there is no such drill; `badbuzz drill list` shows them")
        raise typer.Exit(1)
    one, came = found
    if json:
        put(json_line(_row(one, came)))
    else:
        _print(one, came)
    over = one.ended_at is not None
    raise typer.Exit(1 if over and (one.taken_at is None or any(each.after is None for each in came)) else 0)


async def _all(views: Views) -> list[tuple[Drill, Sequence[Reached]]]:
    return [(drill, await _came(views, drill)) for drill in await views.drills()]


async def _came(views: Views, drill: Drill) -> Sequence[Reached]:
    """As it ended; of one under way, as it stands."""
    return drill.reached if drill.ended_at else reached(drill, await views.deliveries(thread=drill.incident))


def _print(drill: Drill, came: Sequence[Reached]) -> None:
    console = shown()
    asked = f"asked for by {defuse(drill.by)}" if drill.by else "as planned"
    console.print(f"drill {drill.number} of {drill.brand}, {clock_time(drill.at)}, {asked}", style="bold")
    put_table(("channel", "delivered"), [(each.channel, _arrival(each, over=bool(drill.ended_at))) for each in came])
    console.print(f"taken: {_taken(drill)}")
    if drill.spared:
        console.print(f"left out, as no channels for drills: {', '.join(drill.spared)}")
    console.print(f"over since {clock_time(drill.ended_at)}" if drill.ended_at else "under way")


def _arrival(each: Reached, *, over: bool) -> str:
    if each.after is not None:
        return f"in {each.after.total_seconds():.1f} s"
    return defuse(f"{'nothing' if over else 'not yet'}{': ' if each.why else ''}{each.why}")


def _taken(drill: Drill) -> str:
    if drill.taken_at is None:
        return "by nobody" if drill.ended_at else "not yet"
    return defuse(f"by {drill.taken_by} in {duration(drill.taken_at - drill.at).total_seconds():.0f} s")


def _row(drill: Drill, came: Sequence[Reached]) -> dict[str, object]:
    return {
        "drill": drill.number,
        "brand": drill.brand,
        "at": iso(drill.at),
        "by": drill.by or None,
        "taken_at": None if drill.taken_at is None else iso(drill.taken_at),
        "taken_by": drill.taken_by,
        "ended_at": None if drill.ended_at is None else iso(drill.ended_at),
        "left_out": list(drill.spared),
        "channels": [
            {
                "channel": each.channel,
                "seconds": None if each.after is None else each.after.total_seconds(),
                "why": each.why or None,
            }
            for each in came
        ],
    }
