"""`badbuzz deliveries`: what was sent, what waits, what was given up."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from alerts.delivery import CANARY, Delivery
from config.settings import Settings
from listener.cli.store_access import Config, Json, ask, put, put_table, with_views
from listener.cli.terminal import say
from listener.store.port import Views
from listener.wire import clock_time, iso, json_line
from rules.text import defuse

_SEARCHED, _NAMED = 10_000, 5
"""How many given up deliveries are searched for the one meant, and how many are named when it is not clear."""

app = typer.Typer(help="Deliveries: list them, try one again.", no_args_is_help=True)


class State(StrEnum):
    DUE = "due"
    SENT = "sent"
    PARKED = "parked"
    CANCELLED = "cancelled"


@app.command("list")
def list_(
    config: Config = None,
    *,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    json: Json = False,
) -> None:
    """List deliveries, newest first."""

    async def work(views: Views, _settings: Settings) -> tuple[list[Delivery], dict[str, int]]:
        rows = await views.deliveries(state=state.value if state else None, besides=(CANARY,), limit=limit)
        threads = {row.thread for row in rows if row.transition}
        incidents = [await views.incident(thread) for thread in sorted(threads)]
        return rows, {incident.id: incident.number for incident in incidents if incident}

    rows, numbers = with_views(config, work)
    if json:
        for row in rows:
            put(json_line(_row(row, numbers)))
        return
    if not rows:
        typer.echo("no delivery")
        return
    cells = [
        (row.id, row.channel, row.state, str(row.attempts), clock_time(row.created), _what(row, numbers))
        for row in rows
    ]
    answers = [defuse(" ".join(part for part in (row.reason, row.detail) if part)) for row in rows]
    put_table(("id", "channel", "state", "tries", "since", "what"), cells, answers)


@app.command()
def retry(
    delivery: Annotated[
        str | None, typer.Argument(help="The delivery's id, as `deliveries list` shows it, or how it begins.")
    ] = None,
    config: Config = None,
    *,
    channel: Annotated[str | None, typer.Option(help="All that was given up of this channel.")] = None,
) -> None:
    """Try a delivery again that was given up, or all of a channel."""
    if (delivery is None) == (channel is None):
        raise typer.BadParameter("name a delivery, or a channel by --channel")
    if channel is not None:
        raise typer.Exit(with_views(config, lambda views, _: _retry_all(views, channel)))
    raise typer.Exit(with_views(config, lambda views, _: _retry(views, delivery or "")))


async def _retry_all(views: Views, channel: str) -> int:
    rows = [row for row in await views.deliveries(state="parked", limit=_SEARCHED) if row.channel == channel]
    if not rows:
        say(f"refused: no delivery of {channel} was given up")
        return 1
    # in the order in which they were to be told
    return max([await ask(views, "retry", row.id, by=None) for row in reversed(rows)])


async def _retry(views: Views, meant: str) -> int:
    ids = [row.id for row in await views.deliveries(state="parked", limit=_SEARCHED)]
    fitting = [meant] if meant in ids else [name for name in ids if name.startswith(meant)]
    if not fitting:
        say(f"refused: no delivery {meant} was given up")
        return 1
    if len(fitting) > 1:
        say(f"refused: {len(fitting)} deliveries begin with '{meant}': {', '.join(fitting[:_NAMED])}")
        return 1
    return await ask(views, "retry", fitting[0], by=None)


def _what(row: Delivery, numbers: Mapping[str, int]) -> str:
    if row.notice:
        return row.notice.topic
    return f"incident {numbers[row.thread]}" if row.thread in numbers else row.transition or ""


def _row(row: Delivery, numbers: Mapping[str, int]) -> dict[str, object]:
    return {
        "id": row.id,
        "channel": row.channel,
        "state": row.state,
        "attempts": row.attempts,
        "transition": row.transition,
        "incident": row.thread if row.transition else None,
        "number": numbers.get(row.thread),
        "notice": row.notice.topic if row.notice else None,
        "reason": row.reason,
        "detail": row.detail,
        "created_at": iso(row.created),
        "finished_at": iso(row.finished) if row.finished is not None else None,
    }
