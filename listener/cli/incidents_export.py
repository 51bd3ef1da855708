"""`badbuzz incidents export`: all that is known of one incident, in one file."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from alerts.alert import Language
from alerts.render_dossier import render_dossier
from config.settings import Settings
from listener.cli.store_access import Config, put, with_views
from listener.cli.terminal import say
from listener.clock import Clock
from listener.reporting.dossier import Dossiers
from listener.store.port import Views
from listener.wire import json_line, plain
from rules.text import defuse


def export(
    incident: Annotated[str, typer.Argument(help="The incident's number, or its id.")],
    config: Config = None,
    *,
    language: Annotated[Language | None, typer.Option(help="fr or en; the daemon's when not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a page.")] = False,
) -> None:
    """Write the dossier of an incident to stdout.

    A page that needs nothing else, to read, print and file: its life in figures, the curve, every step, note and
    delivery, what people said with links, the first official reply, and what was not heard.
    """

    async def work(views: Views, settings: Settings) -> int:
        row = await views.incident(incident)
        if row is None:
            say(f"there is no incident {defuse(incident)}; `badbuzz incidents list` shows them")
            return 1
        dossier = await Dossiers(views, settings).of(row, Clock().now())
        if json:
            put(json_line({"type": "dossier", **plain(dossier)}))
            return 0
        daemon = settings.daemon
        page = render_dossier(dossier, language or daemon.language, ZoneInfo(daemon.time_zone))
        put(page.rstrip().encode() + b"\n")
        return 0

    raise typer.Exit(with_views(config, work))
