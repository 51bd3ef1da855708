"""`badbuzz label`: say what the tone of mentions is, and see what was learnt from it."""

import getpass
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from config.settings import Settings
from listener.cli.marks_ask import ask_marks
from listener.cli.marks_in import Batch, read_marks
from listener.cli.mentions_out import list_mentions
from listener.cli.store_access import Config, Json, ask_labels, put, put_table, shown, with_views
from listener.cli.terminal import say
from listener.clock import Clock
from listener.labelling.studied import Language, Studied, read_study
from listener.pipeline.models import read_model
from listener.store.marks import LABELS, Marked, Marking, ModelRow, Wish
from listener.store.port import Views
from listener.wire import iso, json_line
from rules.facts import Label
from rules.rule import plural
from rules.text import defuse

app = typer.Typer(help="Labels: say what the tone of mentions is.", no_args_is_help=True)


class Tone(StrEnum):
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


Brand = Annotated[str | None, typer.Option(help="The brand; not needed when there is only one.")]
By = Annotated[str | None, typer.Option(help="Who you are; your login name when not given.")]
Identity = Annotated[str, typer.Argument(help="The mention: platform:id, as `label list` and the page name it.")]


@app.command()
def add(mention: Identity, label: Tone, config: Config = None, *, brand: Brand = None, by: By = None) -> None:
    """Say what the tone of a mention is.

    Another mark of it replaces this one.
    """

    async def work(views: Views, settings: Settings) -> int:
        wish = Wish(brand=brand_of(settings, brand), label=label.value)
        return await ask_labels(views, [(mention, wish)], by=by, done=f"{mention} is {label.value}")

    raise typer.Exit(with_views(config, work))


@app.command()
def undo(mention: Identity, config: Config = None, *, brand: Brand = None, by: By = None) -> None:
    """Take a mark back.

    The mention is judged as if nobody had marked it.
    """

    async def work(views: Views, settings: Settings) -> int:
        wish = Wish(brand=brand_of(settings, brand), label=None)
        return await ask_labels(views, [(mention, wish)], by=by, done=f"the mark of {mention} is taken back")

    raise typer.Exit(with_views(config, work))


@app.command("list")
def list_(
    config: Config = None,
    *,
    brand: Brand = None,
    label: Annotated[Label | None, typer.Option(help="Only those with this label.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 20,
    json: Json = False,
) -> None:
    """List the newest mentions by name, with their tone.

    `label add` takes the name. Of a brand the newest 1000 are looked at, or --limit if that is more.
    """

    async def work(views: Views, settings: Settings) -> None:
        await list_mentions(views, brand_of(settings, brand), label, limit, json=json)

    with_views(config, work)


@app.command()
def ask(
    config: Config = None,
    *,
    brand: Brand = None,
    by: By = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to ask for.")] = 20,
) -> None:
    """Mark the mentions most worth it, one key each.

    They are the unsure ones, those whose label is rare, and some drawn at random, by which quality is measured.
    """
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "nobody can be asked, as this is no terminal: `badbuzz label add MENTION LABEL` marks one mention, "
            "`badbuzz label import FILE` many",
            param_hint="ask",
        )

    async def work(views: Views, settings: Settings) -> int:
        return await ask_marks(views, brand_of(settings, brand), by or getpass.getuser(), limit)

    raise typer.Exit(with_views(config, work))


@app.command("import")
def import_(
    file: Annotated[str, typer.Argument(help="JSON Lines; - is standard input.")],
    config: Config = None,
    *,
    brand: Brand = None,
    by: By = None,
) -> None:
    """Take marks from a file.

    A line is {"id" and/or "text", "label", "language"?, "brand"?}, or what `label export` prints; `id` is a mention
    that is kept, or with `text` any other. Bad lines are named and left out, and the exit code is then 1.
    """
    with ExitStack() as stack:
        stream = sys.stdin.buffer if file == "-" else stack.enter_context(Path(file).open("rb"))

        async def work(views: Views, settings: Settings) -> int:
            default = brand_of(settings, brand) if brand or len(settings.brands) == 1 else None
            return await _take(views, read_marks(stream, settings, default, views), by or getpass.getuser())

        raise typer.Exit(with_views(config, work))


@app.command()
def export(config: Config = None, *, brand: Brand = None) -> None:
    """Print all marks as JSON Lines, oldest first.

    `label import` takes them.
    """

    async def work(views: Views, settings: Settings) -> None:
        for name in [brand_of(settings, brand)] if brand else settings.brands:
            for mark in reversed(await views.marks(name)):
                put(json_line(_line(mark)))

    with_views(config, work)


@app.command()
def status(config: Config = None, *, brand: Brand = None, json: Json = False) -> None:
    """Say what was marked, and what was learnt from it.

    Whether a model is used for a brand, and why.
    """

    async def work(views: Views, settings: Settings) -> list[dict[str, Any]]:
        rows, counted = {row.brand: row for row in await views.models()}, await views.marked()
        names = [brand_of(settings, brand)] if brand else list(settings.brands)
        waiting = Counter(command.wish.brand for command in await views.asked_labels() if command.wish)
        return [
            _status(name, await views.marks(name), rows.get(name), counted.get(name, Marked()), waiting[name])
            for name in names
        ]

    for each in with_views(config, work):
        if json:
            put(json_line(each))
        else:
            _show(each)


def brand_of(settings: Settings, given: str | None) -> str:
    """The brand meant: the one given, or the only one. Raises BadParameter."""
    names = list(settings.brands)
    if given in settings.brands:
        return str(given)
    if given is None and len(names) == 1:
        return names[0]
    wrong = f"there is no brand {given}" if given else "say which brand"
    raise typer.BadParameter(f"{wrong}; there are {', '.join(names)}" if names else wrong, param_hint="--brand")


async def _take(views: Views, batches: AsyncIterator[Batch], by: str) -> int:
    taken = refused = 0
    async for batch in batches:
        refused += len(batch.refused)
        if batch.wishes:
            await views.ask_labels(batch.wishes, by, Clock().now())
            taken += len(batch.wishes)
    taking = "which the daemon takes as soon as it runs"
    noted = f"noted: {plural(taken, 'mark')}, {taking}" if taken else "there were no marks"
    say(f"{noted}; {plural(refused, 'line')} refused")
    return 1 if refused else 0


def _line(mark: Marking) -> dict[str, object]:
    return {
        "brand": mark.brand,
        "id": mark.identity,
        "label": mark.label,
        "text": mark.text,
        "without_text": not mark.text,
        "language": mark.language,
        "at": iso(mark.at),
        "by": mark.by,
        "chosen": mark.chosen,
        "before": mark.before,
    }


def _status(brand: str, marks: list[Marking], row: ModelRow | None, counted: Marked, waiting: int) -> dict[str, Any]:
    trouble, study = "", None
    try:
        study = read_study(row.study) if row else None
        in_force = read_model(row) if row else None
    except (ValueError, msgspec.ValidationError) as error:
        trouble, in_force = f"the stored model cannot be used: {error}", None
    return {
        "brand": brand,
        "marks": len(marks),
        "labels": {label: sum(mark.label == label for mark in marks) for label in LABELS},
        "random": sum(mark.is_fair for mark in marks),
        "without_text": sum(not mark.text for mark in marks),
        "waiting": waiting,
        "new": counted.new,
        "gone": max(0, study.marks - counted.left) if study else 0,
        "trained_at": iso(row.at) if row else None,
        "model": in_force.hash if in_force else None,
        "why": trouble or _why(study),
        "languages": {} if study is None else {name: _compared(each) for name, each in study.by_language.items()},
    }


def _why(study: Studied | None) -> str:
    if study is None:
        return "nothing was learnt so far: the daemon learns once there are 20 new marks, at most once an hour"
    return study.reason


def _compared(each: Language) -> dict[str, Any]:
    return {
        "marks": each.n,
        "used": each.used,
        "verdict": each.verdict,
        "pack": round(each.pack.macro_f1.value, 3),
        "model": round(each.model.macro_f1.value, 3),
    }


def _show(each: dict[str, Any]) -> None:
    console = shown()
    labels = ", ".join(f"{count} {label}" for label, count in each["labels"].items())
    console.print(f"{each['brand']}: {each['marks']} marks ({labels}), {each['random']} drawn at random")
    console.print(f"  {each['new']} new since the last training, {each['waiting']} wait for the daemon")
    if each["gone"]:
        console.print(f"  {each['gone']} that it learnt from are gone: it learns anew, at most once an hour")
    console.print(f"  model in force: {each['model'] or 'none, the language packs judge'}")
    console.print(f"  {defuse(each['why'])}")
    if each["languages"]:
        cells = [
            (name, str(it["marks"]), f"{100 * it['pack']:.1f}", f"{100 * it['model']:.1f}", it["verdict"])
            for name, it in each["languages"].items()
        ]
        put_table(("language", "texts", "pack", "model", "verdict"), cells)
