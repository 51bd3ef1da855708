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
from listener.cli.marks_in import Batch, read_marks
from listener.cli.store_access import Config, Json, ask_labels, put, put_table, shown, with_views
from listener.cli.terminal import say
from listener.clock import Clock
from listener.labelling.choosing import Question, worth_asking
from listener.labelling.studied import Language, Studied, read_study
from listener.pipeline.models import read_model
from listener.store.marks import LABELS, Marking, ModelRow, Wish
from listener.store.port import Views
from listener.wire import clock_time, iso, json_line
from rules.classify import full_text
from rules.facts import Label
from rules.text import defuse, shorten

app = typer.Typer(help="Labels: say what the tone of mentions is.", no_args_is_help=True)

_LOOKED_AT = 1_000
"""Mentions taken last, among which those worth marking are searched."""
_SHOWN = 600
_KEYS = {"1": "negative", "2": "neutral", "3": "positive", " ": "skip", "u": "undo", "q": "quit"}
_HELP = "1 negative   2 neutral   3 positive   space skip   u undo   q quit"


class Tone(StrEnum):
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


Brand = Annotated[str | None, typer.Option(help="The brand; not needed when there is only one.")]
By = Annotated[str | None, typer.Option(help="Who you are; your login name when not given.")]
Identity = Annotated[str, typer.Argument(help="The mention: platform:id, as `label export` and the page name it.")]


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
    raise typer.Exit(with_views(config, lambda views, settings: _ask(views, brand_of(settings, brand), by, limit)))


@app.command("import")
def import_(
    file: Annotated[str, typer.Argument(help="JSON Lines; - is standard input.")],
    config: Config = None,
    *,
    brand: Brand = None,
    by: By = None,
) -> None:
    """Take marks from a file.

    A line is {"id" and/or "text", "label", "language"?, "brand"?}; `id` is a mention that is kept, or with `text` any
    other. Bad lines are named and left out, and the exit code is then 1.
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
        rows, new = {row.brand: row for row in await views.models()}, await views.marked()
        names = [brand_of(settings, brand)] if brand else list(settings.brands)
        waiting = Counter(command.wish.brand for command in await views.asked_labels() if command.wish)
        return [
            _status(name, await views.marks(name), rows.get(name), new.get(name, 0), waiting[name]) for name in names
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


async def _ask(views: Views, brand: str, by: str | None, limit: int) -> int:
    waiting = {command.target for command in await views.asked_labels()}
    marks = await views.marks(brand)
    known = {mark.identity for mark in marks} | waiting
    labels: Counter[Label] = Counter(mark.label for mark in marks)
    kept = await views.mentions(brand=brand, limit=_LOOKED_AT)
    questions = worth_asking(kept, brand, known, labels)[:limit]
    if not questions:
        say("nothing to mark: every mention of late is marked, or its language is not judged")
        return 0
    say(_HELP)
    done = await _Session(views, brand, by or getpass.getuser(), questions).run()
    say(f"{done} marked; the daemon learns from them when there are enough: `badbuzz label status`")
    return 0


async def _take(views: Views, batches: AsyncIterator[Batch], by: str) -> int:
    taken = refused = 0
    async for batch in batches:
        refused += batch.refused
        if batch.wishes:
            await views.ask_labels(batch.wishes, by, Clock().now())
            taken += len(batch.wishes)
    say(f"noted: {taken} marks, which the daemon takes as soon as it runs; {refused} lines refused")
    return 1 if refused else 0


class _Session:
    """Question after question; what was answered is kept at once."""

    def __init__(self, views: Views, brand: str, by: str, questions: list[Question]) -> None:
        self._views, self._brand, self._by, self._questions = views, brand, by, questions
        self._answered: set[int] = set()

    async def run(self) -> int:
        at = 0
        while at < len(self._questions):
            _show_question(self._questions[at], at + 1, len(self._questions))
            key = _key()
            if key == "quit":
                break
            if key == "undo":
                at = max(0, at - 1)
                await self._undo(at)
                continue
            if key != "skip":
                await self._leave(at, key)
            at += 1
        return len(self._answered)

    async def _undo(self, at: int) -> None:
        if at in self._answered:
            self._answered.discard(at)
            await self._leave(at, None)

    async def _leave(self, at: int, label: str | None) -> None:
        question = self._questions[at]
        said = next((each for each in LABELS if each == label), None)
        wish = Wish(brand=self._brand, label=said, chosen=question.chosen)
        await self._views.ask_labels([(question.stored.mention.identity, wish)], self._by, Clock().now())
        if said:
            self._answered.add(at)


def _show_question(question: Question, number: int, of: int) -> None:
    # the judged tone is not shown: who sees it agrees with it
    mention = question.stored.mention
    console = shown()
    console.print(f"\n{number}/{of}  {mention.source}, {clock_time(question.stored.at)}", style="bold")
    console.print(f"  {shorten(defuse(full_text(mention)), _SHOWN)}")


def _key() -> str:
    """What the next key means; the end of the input is the end."""
    while True:
        try:
            pressed = typer.getchar()
        except (KeyboardInterrupt, EOFError):
            return "quit"
        meaning = "quit" if pressed in {"", "\x1b", "\x04"} else _KEYS.get(pressed.lower())
        if meaning:
            say(f"  {meaning}")
            return meaning
        say(f"  {_HELP}")


def _line(mark: Marking) -> dict[str, object]:
    return {
        "brand": mark.brand,
        "id": mark.identity,
        "label": mark.label,
        "text": mark.text or None,
        "language": mark.language,
        "at": iso(mark.at),
        "by": mark.by,
        "chosen": mark.chosen,
        "before": mark.before,
    }


def _status(brand: str, marks: list[Marking], row: ModelRow | None, new: int, waiting: int) -> dict[str, Any]:
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
        "random": sum(mark.chosen == "random" for mark in marks),
        "without_text": sum(not mark.text for mark in marks),
        "waiting": waiting,
        "new": new,
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
    console.print(f"  model in force: {each['model'] or 'none, the language packs judge'}")
    console.print(f"  {defuse(each['why'])}")
    if each["languages"]:
        cells = [
            (name, str(it["marks"]), f"{100 * it['pack']:.1f}", f"{100 * it['model']:.1f}", it["verdict"])
            for name, it in each["languages"].items()
        ]
        put_table(("language", "texts", "pack", "model", "verdict"), cells)
