"""`badbuzz run`: the daemon."""

import asyncio
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Literal

import typer

from listener.cli.terminal import ConfigPath, config_path
from listener.service import run

Role = Literal["listen", "judge", "notify"]
_ROLES = {
    "listen": "listener.kafka.listening",
    "judge": "listener.kafka.judging",
    "notify": "listener.kafka.notifying",
}


def command(
    config: ConfigPath = None,
    role: Annotated[
        Role | None, typer.Option(help="Do only this part; the parts speak through daemon.kafka. All of it by default.")
    ] = None,
) -> None:
    """Listen, judge and alert until stopped: SIGTERM ends it, SIGHUP takes up a changed configuration."""
    if role and find_spec("aiokafka") is None:
        raise typer.BadParameter("needs one more package: install badbuzz[scale]", param_hint="--role")
    path = config_path(config)
    asyncio.run(import_module(_ROLES[role]).run(path) if role else run(path))
