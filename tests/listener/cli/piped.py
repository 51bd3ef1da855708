"""A command that answers lines of its standard input, run inside the test's own process."""

import json
from collections.abc import Callable
from typing import Any

import typer
from typer.testing import CliRunner, Result


def piped(command: Callable[..., None], lines: bytes | list[Any], *args: str) -> Result:
    """What came of the command for these lines: bytes and text as they stand, anything else as JSON."""
    program = typer.Typer()
    program.command()(command)
    if not isinstance(lines, bytes):
        lines = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines).encode()
    return CliRunner().invoke(program, list(args), input=lines)


def answers(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]
