"""`badbuzz db`: the store's schema, its copies, and its way to PostgreSQL."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from config.load import load
from listener.catalogs import CATALOGS
from listener.cli.progress import portion
from listener.cli.store_access import Config
from listener.cli.terminal import config_path, say
from listener.store.address import store_address
from listener.store.moving import move as move_store
from listener.store.upkeep import backup as copy_store
from listener.store.upkeep import migrate as bring_up_to_date

app = typer.Typer(no_args_is_help=True)


@app.command()
def migrate(config: Config = None) -> None:
    """Bring the store up to date while no daemon runs. A SQLite file is copied first."""
    before, after = asyncio.run(bring_up_to_date(_where(config)))
    say(f"the store is up to date: schema {after}" if before == after else f"schema {before or 'none'} -> {after}")


@app.command()
def backup(
    path: Annotated[Path, typer.Argument(help="A new file; one that exists is never written over.")],
    config: Config = None,
) -> None:
    """Copy a SQLite store to a new file, also while the daemon runs."""
    asyncio.run(copy_store(_where(config), path))
    say(f"copied to {path}: to restore, stop the daemon and put it in the place of the store's file")


@app.command()
def move(
    to: Annotated[
        str,
        typer.Option(help="postgresql://user@host/database, an empty one; when not given, that of daemon.database."),
    ] = "",
    config: Config = None,
) -> None:
    """Move everything from SQLite to PostgreSQL while no daemon runs. All of it or nothing."""
    daemon = load(config_path(config), CATALOGS, absent_is_fine=True).settings.daemon
    target = to or (daemon.database.get_secret_value() if daemon.database else "")
    with portion("moving") as told:
        moved = asyncio.run(move_store(daemon.data, target, told))
    say(f"moved to {moved.to}: {moved.rows:,} rows, each compared")
    say(
        f"the old file is kept as {moved.kept}" if moved.kept else "something still reads the old file: remove it later"
    )
    if not daemon.database:
        say("now set daemon.database to that address, and start badbuzz")


def _where(config: Path | None) -> str | Path:
    return store_address(load(config_path(config), CATALOGS, absent_is_fine=True).settings)
