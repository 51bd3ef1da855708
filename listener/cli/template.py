"""`badbuzz template`: what messages look like, before anybody is told."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from alerts.alert import Alert, Language, Notice
from alerts.channel import CHANNELS
from alerts.example import example, example_drill, example_notices
from alerts.own_templates import LANGUAGES, LIMITS, OwnTemplates, Worded
from alerts.render import render, render_notice
from config.problems import did_you_mean
from config.settings import Settings
from listener.cli.store_access import Config, Json, put, shown, with_views
from listener.cli.terminal import say
from listener.clock import Clock
from listener.pipeline.describe import Describer
from listener.store.port import Views
from listener.wire import json_line
from rules.instant import moment
from rules.text import defuse

app = typer.Typer(help="Templates: show what messages say.", no_args_is_help=True)

SHORT = tuple(part for part in LIMITS if part != "html")
"""The forms that are shown unless others are asked for."""


class Sort(StrEnum):
    ALERT = "alert"
    DRILL = "drill"
    NOTICE = "notice"


@app.callback()
def _templates() -> None:
    """Templates: show what messages say."""


@app.command("render")
def render_(
    config: Config = None,
    *,
    incident: Annotated[str | None, typer.Option(help="Its number or id; a made-up one when not given.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="For channels of this kind; may be repeated.")] = None,
    language: Annotated[Language | None, typer.Option(help="In this language; both when not given.")] = None,
    of: Annotated[Sort, typer.Option(help="Of an alert, a drill, or what the operator is told.")] = Sort.ALERT,
    form: Annotated[
        list[str] | None, typer.Option(help="Only this form, such as line; all but html if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Show every form of a message in both languages.

    With your own templates where there are some; exit 1 when one of these is broken.
    """
    _known(form or [], list(LIMITS), "--form")
    _known(kind or [], CHANNELS.kinds(), "--kind")

    async def work(views: Views, settings: Settings) -> tuple[Settings, Sequence[Alert | Notice]]:
        return settings, await _about(views, settings, incident, of)

    settings, about = with_views(config, work)
    if not about:
        say(f"there is no incident {defuse(incident or '')}; `badbuzz incidents list` shows them")
        raise typer.Exit(1)
    broken = False
    for one in about:
        for worded, kinds in _worded(one, settings, (language,) if language else LANGUAGES, kind or _kinds(settings)):
            broken |= bool(worded.broken)
            (_put if json else _print)(worded, kinds, form or SHORT)
    raise typer.Exit(1 if broken else 0)


def _known(given: list[str], names: list[str], option: str) -> None:
    for name in given:
        if name not in names:
            raise typer.BadParameter(f"no '{defuse(name)}'; {did_you_mean(name, names)}", param_hint=option)


def _kinds(settings: Settings) -> list[str]:
    return sorted({channel.kind for channel in settings.channels.values()})


async def _about(views: Views, settings: Settings, incident: str | None, sort: Sort) -> Sequence[Alert | Notice]:
    now = Clock().now()
    if incident is None or sort is not Sort.ALERT:
        made_up = {Sort.ALERT: (example(moment(now)),), Sort.DRILL: (example_drill(moment(now)),)}
        return made_up.get(sort) or example_notices(moment(now))
    row = await views.incident(incident)
    steps = [step async for step in views.transitions(row.id)] if row else []
    alert = await Describer(views, settings).alert(steps[-1].id, "shown", now) if steps else None
    return [alert] if alert else []


def _worded(
    about: Alert | Notice, settings: Settings, languages: tuple[Language, ...], kinds: list[str]
) -> Iterator[tuple[Worded, str]]:
    """The message in each language, and for each kind of channel: kinds that get the same words together."""
    zone, folder = ZoneInfo(settings.daemon.time_zone), settings.daemon.templates
    for language in languages:
        message = render(about, language, zone) if isinstance(about, Alert) else render_notice(about, language, zone)
        alike: dict[tuple[str, ...], tuple[Worded, list[str]]] = {}
        for kind in kinds:
            plain = Worded(message=message, own={})
            worded = OwnTemplates(folder).put_into(message, kind, zone) if folder else plain
            said = tuple(getattr(worded.message, part) for part in LIMITS)
            alike.setdefault(said, (worded, []))[1].append(kind)
        yield from ((worded, ", ".join(of)) for worded, of in alike.values())


def _print(worded: Worded, of: str, forms: list[str] | tuple[str, ...]) -> None:
    console, message = shown(), worded.message
    console.print(f"=== {message.language}: {of}")
    for error in worded.broken:
        say(f"broken: {defuse(str(error))}")
    for part in forms:
        said = getattr(message, part)
        console.print(f"--- {part}, {worded.own.get(part, 'shipped')}, {len(said)} of {LIMITS[part]} characters")
        console.print("\n".join(map(defuse, said.rstrip().split("\n"))))


def _put(worded: Worded, of: str, forms: list[str] | tuple[str, ...]) -> None:
    for part in forms:
        line: dict[str, object] = {"language": worded.message.language, "kinds": of.split(", "), "form": part}
        line |= {"template": worded.own.get(part), "text": getattr(worded.message, part)}
        put(json_line(line))
    for error in worded.broken:
        put(json_line({"broken": error.name, "line": error.line, "why": error.why}))
