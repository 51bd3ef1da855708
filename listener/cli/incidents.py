"""`badbuzz incidents`: what is open, what happened, and who has it."""

from collections.abc import Sequence
from typing import Annotated

import typer
from msgspec import to_builtins

from alerts.ceiling import Spared
from alerts.drill import drill_of
from alerts.people import Directory
from alerts.silence import HeldBack
from alerts.step import ACTING
from config.settings import Settings
from listener.cli.incidents_explain import explain
from listener.cli.incidents_export import export
from listener.cli.store_access import Config, Json, ask, put, put_table, shown, with_views
from listener.cli.terminal import say
from listener.pipeline.advising import choice_of
from listener.pipeline.notify import directory_of
from listener.pipeline.watched import held_until, is_held
from listener.store.notes import LONGEST_NOTE, Note
from listener.store.port import IncidentRow, Views
from listener.wire import clock_time, iso, json_line, transition_line
from rules.instant import Instant
from rules.text import defuse, shorten
from rules.transition import Ending, Transition

app = typer.Typer(help="Incidents: list, show, explain, take, end.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The incident's number, or its id.")]
_ENDINGS: dict[Ending, str] = {"real": "real", "false-alarm": "a false alarm"}
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
            f"{_said(row)}, held" if row.id in held else _said(row),
            clock_time(row.opened_at),
            defuse(row.acknowledged_by or "-"),
        )
        for row in rows
    ]
    put_table(("number", "brand", "rule", "severity", "state", "since", "taken by"), cells)


@app.command()
def show(incident: Name, config: Config = None, *, json: Json = False) -> None:
    """Show an incident's life, step by step, with the reasons for each."""
    raise typer.Exit(with_views(config, lambda views, settings: _show(views, settings, incident, json=json)))


@app.command()
def ack(
    incident: Name,
    config: Config = None,
    *,
    by: By = None,
    undo: Annotated[bool, typer.Option("--undo", help="Say that nobody has it after all.")] = False,
) -> None:
    """Say that you have it."""
    verb = "unack" if undo else "ack"

    async def work(views: Views, _settings: Settings) -> int:
        return await ask(views, verb, incident, by=by) if await _is_there(views, incident) else 1

    raise typer.Exit(with_views(config, work))


@app.command()
def resolve(
    incident: Name,
    config: Config = None,
    *,
    by: By = None,
    ending: Annotated[
        Ending | None, typer.Option("--as", help="What it was; also of one that is over already.")
    ] = None,
    because: Annotated[str | None, typer.Option(help="Why it is over, or why you say what it was.")] = None,
) -> None:
    """Say that it is over, and what it was.

    It opens again when the count doubles, or once it was calm and the rule fires again. What incidents were tells
    `badbuzz report` how far alerts of a rule can be believed.
    """

    async def work(views: Views, _settings: Settings) -> int:
        if not await _is_there(views, incident):
            return 1
        return await ask(views, "resolve", incident, by=by, because=because, ending=ending)

    raise typer.Exit(with_views(config, work))


@app.command()
def note(
    incident: Name,
    text: Annotated[str, typer.Argument(help=f"What to write down; its first {LONGEST_NOTE} characters, on one line.")],
    config: Config = None,
    *,
    by: By = None,
) -> None:
    """Write something down of an incident, for whoever reads it later."""
    raise typer.Exit(_remark(config, "note", incident, by, text))


@app.command()
def hold(
    incident: Name,
    config: Config = None,
    *,
    because: Annotated[str, typer.Option(help="Why nothing of it may be deleted, such as a case at court.")] = "",
    off: Annotated[bool, typer.Option("--off", help="End the hold.")] = False,
    by: By = None,
) -> None:
    """Keep everything of an incident until --off.

    Its mentions, deliveries and what was held back, whatever their age: mentions of its brand from its first to its
    end. When an author deletes one afterwards, it is quoted nowhere, as ever; its words are kept aside, for
    `incidents export` alone. --off deletes these for good.
    """
    if off == bool(because):
        raise typer.BadParameter("say why with --because, or end it with --off")
    raise typer.Exit(_remark(config, "release" if off else "hold", incident, by, because))


def _remark(config: Config, verb: str, incident: str, by: By, text: str) -> int:
    async def work(views: Views, _settings: Settings) -> int:
        if await _found(views, incident) is None:
            return 1
        return await ask(views, verb, incident, by=by, because=shorten(defuse(text), LONGEST_NOTE) or None)

    return with_views(config, work)


app.command("explain")(explain)
app.command("export")(export)


async def _is_there(views: Views, name: str) -> bool:
    """Whether there may be something to take or to end: of drills, the daemon says."""
    return drill_of(name) is not None or await _found(views, name) is not None


async def _found(views: Views, name: str) -> IncidentRow | None:
    """The incident of that number or id; None after it was said that there is none."""
    row = await views.incident(name)
    if row is None:
        say(f"there is no incident {defuse(name)}; `badbuzz incidents list` shows them")
    return row


async def _show(views: Views, settings: Settings, name: str, *, json: bool) -> int:
    row = await _found(views, name)
    if row is None:
        return 1
    if not json:
        await _print_head(views, settings, row)
    held, spared = await views.held_back(row.id), await views.spared(row.id)
    notes: Sequence[Note] = await views.notes(row.id)
    async for step in views.transitions(row.id):
        notes = _written_before(notes, step.at, json=json)
        kept = [each for each in spared if each.step == step.step]
        if json:
            put(transition_line(step))
            for each in kept:
                put(json_line({"type": "spared", **to_builtins(each), "at": iso(each.at)}))
        else:
            why = [_held(each) for each in held if each.step == step.step]
            _print_step(step, [*why, *(_kept_from(each, directory_of(settings)) for each in kept)])
    _written_before(notes, None, json=json)
    return 0


async def _print_head(views: Views, settings: Settings, row: IncidentRow) -> None:
    console = shown()
    console.print(f"incident {row.number} ({row.id}): {row.brand}, rule {row.rule}, {row.severity}, {_said(row)}")
    if until := held_until(settings, row):
        console.print(f"held back: only watched until {until} (`watch_only`), so nobody was told of it")
    if row.ending:
        why = f": {defuse(row.judged_because)}" if row.judged_because else ""
        console.print(f"{defuse(row.judged_by or '')} says it was {_ENDINGS[row.ending]}{why}")
    if hold := await views.hold(row.id):
        console.print(f"legal hold since {clock_time(hold.at)}, {defuse(hold.by)}: {defuse(hold.because)}")
    await _print_playbook(views, settings, row)


def _print_step(step: Transition, not_told: Sequence[str]) -> None:
    who = defuse(" ".join(part for part in (step.by, step.because) if part))
    shown().print(f"{clock_time(step.at)}  {step.state:<12} {step.severity:<8} {who}")
    for reason in (*step.reasons, *not_told):
        shown().print(f"    {reason}")


async def _print_playbook(views: Views, settings: Settings, row: IncidentRow) -> None:
    """Which playbook was told with the last step that asked to act, and why."""
    asked = [step async for step in views.transitions(row.id) if step.state in ACTING]
    for reason in (await choice_of(asked[-1], views, settings)).reasons if asked else ():
        shown().print(defuse(reason))


def _written_before(notes: Sequence[Note], at: Instant | None, *, json: bool) -> Sequence[Note]:
    """Show the notes that were written before `at`, all of them when None; returns the others."""
    for number, each in enumerate(notes):
        if at is not None and each.at >= at:
            return notes[number:]
        if json:
            put(json_line({"type": "note", **to_builtins(each), "at": iso(each.at)}))
        else:
            shown().print(f"{clock_time(each.at)}  note         {defuse(each.by)}: {defuse(each.text)}")
    return []


def _held(held: HeldBack) -> str:
    """Why people were not told of a step, or when they were."""
    why = f"by silence {held.silence}" if held.silence else f"beside incident {held.behind}, which was critical"
    since = "" if held.told_at is None else f", told at {clock_time(held.told_at)}"
    return f"held back {why}{since}"


def _kept_from(spared: Spared, people: Directory) -> str:
    """From whom a step was held back, and why."""
    who = defuse(people.called(spared.person))
    return f"held back from {who}, who had {spared.had} false alarms of {spared.accept} in 30 days"


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
        "ending": row.ending,
        "judged_by": row.judged_by,
        "judged_because": row.judged_because,
    }


def _said(row: IncidentRow) -> str:
    """How it stands, and what it was."""
    return f"{row.state}, {_ENDINGS[row.ending]}" if row.ending else row.state
