"""Where the store of a configuration is."""

from pathlib import Path

from config.settings import Settings


def store_address(settings: Settings) -> str | Path:
    """A PostgreSQL address or the data directory."""
    database = settings.daemon.database
    return database.get_secret_value() if database else settings.daemon.data
