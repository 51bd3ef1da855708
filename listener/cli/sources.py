"""`badbuzz sources`: what is heard, since when, and what is not."""

from collections import Counter

from config.settings import Settings
from listener.cli.store_access import Config, Json, put, put_table, with_views
from listener.pipeline.quarantine import FILE, held_of
from listener.store.port import SourceRow, Views
from listener.wire import clock_time, iso, json_line
from rules.instant import Instant
from rules.text import defuse


def command(config: Config = None, *, json: Json = False) -> None:
    """Show every source: its state, when it was last read, and what it said when it failed."""
    held = Counter[str]()

    async def work(views: Views, settings: Settings) -> list[SourceRow]:
        held.update(held_of(settings.daemon.data))
        known = {row.name: row for row in await views.sources()}
        return [
            known.get(name) or SourceRow(name=name, kind=source.kind, state="starting")
            for name, source in settings.sources.items()
        ]

    rows = with_views(config, work)
    if json:
        for row in rows:
            put(json_line({**_row(row), "quarantined": held[row.name]}))
        return
    cells = [
        (row.name, row.kind, row.state, _when(row.last_read), _when(row.last_mention), str(row.mentions))
        for row in rows
    ]
    put_table(
        ("source", "kind", "state", "last read", "last mention", "mentions"),
        cells,
        [_note(row, held[row.name]) for row in rows],
    )


def _note(row: SourceRow, held: int) -> str:
    apart = f"kept apart in {FILE}: {held}" if held else ""
    skipped = f"unreadable: {row.skipped}" if row.skipped else ""
    answer = defuse(" ".join(part for part in (row.code, row.detail) if part))
    blind = f"not heard since {clock_time(row.blind_since)}" if row.blind_since is not None else ""
    return "; ".join(filter(None, (blind, answer, skipped, apart)))


def _when(at: Instant | None) -> str:
    return "never" if at is None else clock_time(at)


def _row(row: SourceRow) -> dict[str, object]:
    return {
        "source": row.name,
        "kind": row.kind,
        "state": row.state,
        "not_heard_since": iso(row.blind_since) if row.blind_since is not None else None,
        "last_read": iso(row.last_read) if row.last_read is not None else None,
        "last_mention": iso(row.last_mention) if row.last_mention is not None else None,
        "mentions": row.mentions,
        "unreadable": row.skipped,
        "code": row.code,
        "detail": row.detail,
    }
