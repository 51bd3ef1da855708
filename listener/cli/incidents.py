"""`badbuzz incidents`: what is open, what happened, and who has it."""

from typing import Annotated

import typer

from config.settings import Settings
from listener.cli.incidents_explain import explain
from listener.cli.store_access import Config, Json, ask, put, put_table, shown, with_views
from listener.cli.terminal import say
from listener.pipeline.watched import is_held
from listener.store.port import IncidentRow, Views
from listener.wire import clock_time, iso, json_line, transition_line
from rules.text import defuse

app = typer.Typer(help="Incidents: list, show, explain, take, end.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The incident's number, or its id.")]
By = Annotated[str | None, typer.Option(help="Who you are; your login name when not given.")]


@app.command("list")
def list_(
    config: Config = None,
    *,
    brand: Annotated[str | None, typer.Option(help="Only this brand.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not over.")] = False,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    json: Json = False,
) -> None:
    """List incidents, newest first."""

    async def work(views: Views, settings: Settings) -> tuple[list[IncidentRow], set[str]]:
        rows = await views.incidents(brand=brand, open_only=open_only, limit=limit)
        return rows, {row.id for row in rows if is_held(settings, row)}

    rows, held = with_views(config, work)
    if json:
        for row in rows:
            put(json_line(_row(row) | {"held": row.id in held}))
        return
    if not rows:
        typer.echo("no incident")
        return
    cells = [
        (
            str(row.number),
            row.brand,
            row.rule,
            row.severity,
            f"{row.state}, held" if row.id in held else row.state,
            clock_time(row.opened_at),
            defuse(row.acknowledged_by or "-"),
        )
        for row in rows
    ]
    put_table(("number", "brand", "rule", "severity", "state", "since", "taken by"), cells)


@app.command()
def show(incident: Name, config: Config = None, *, json: Json = False) -> None:
    """Show an incident's life, step by step, with the reasons for each."""
    raise typer.Exit(with_views(config, lambda views, _: _show(views, incident, json=json)))


@app.command()
def ack(incident: Name, config: Config = None, *, by: By = None) -> None:
    """Say that you have it."""
    raise typer.Exit(with_views(config, lambda views, _: ask(views, "ack", incident, by=by)))


@app.command()
def resolve(
    incident: Name,
    config: Config = None,
    *,
    by: By = None,
    because: Annotated[str | None, typer.Option(help="Why it is over.")] = None,
) -> None:
    """Say that it is over. It opens again when the count doubles, or once it was calm and the rule fires again."""
    raise typer.Exit(with_views(config, lambda views, _: ask(views, "resolve", incident, by=by, because=because)))


app.command("explain")(explain)


async def _show(views: Views, name: str, *, json: bool) -> int:
    row = await views.incident(name)
    if row is None:
        say(f"there is no incident {name}; `badbuzz incidents list` shows them")
        return 1
    console = shown()
    if not json:
        console.print(f"incident {row.number} ({row.id}): {row.brand}, rule {row.rule}, {row.severity}, {row.state}")
    async for step in views.transitions(row.id):
        if json:
            put(transition_line(step))
            continue
        who = defuse(" ".join(part for part in (step.by, step.because) if part))
        console.print(f"{clock_time(step.at)}  {step.state:<12} {step.severity:<8} {who}")
        for reason in step.reasons:
            console.print(f"    {reason}")
    return 0


def _row(row: IncidentRow) -> dict[str, object]:
    return {
        "incident": row.id,
        "number": row.number,
        "brand": row.brand,
        "rule": row.rule,
        "state": row.state,
        "severity": row.severity,
        "opened_at": iso(row.opened_at),
        "changed_at": iso(row.changed_at),
        "acknowledged_by": row.acknowledged_by,
    }
