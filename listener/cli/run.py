"""`badbuzz run`: the daemon."""

import asyncio

from listener.cli.terminal import ConfigPath, config_path
from listener.service import run


def command(config: ConfigPath = None) -> None:
    """Listen, judge and alert until stopped: SIGTERM ends it, SIGHUP takes up a changed configuration."""
    asyncio.run(run(config_path(config)))
