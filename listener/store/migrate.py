"""The schema: which one a store has, and how it is brought up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

import listener.store.migrations


def config(connection: Connection) -> Config:
    """Alembic's settings for the packaged revisions, on `connection`."""
    made = Config(attributes={"connection": connection})
    folder = str(Path(listener.store.migrations.__path__[0]))
    made.set_main_option("script_location", folder.replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(connection: Connection) -> None:
    """Run the revisions that `connection`'s store lacks, inside its present transaction."""
    command.upgrade(config(connection), "head")
