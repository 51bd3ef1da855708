"""Questions to a person at a terminal: asked again, with the reason, until the answer can be used."""

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import typer

from listener.cli.terminal import say

T = TypeVar("T")


def refuse_to_ask_nobody(missing: Sequence[str]) -> None:
    """Raises BadParameter when something is missing and there is no terminal to ask at."""
    if missing and not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked, as this is no terminal", param_hint=", ".join(missing))


def ask(
    label: str, accept: Callable[[str], T], *, default: str | None = None, hidden: bool = False, colon: str = ": "
) -> T:
    """What `accept` makes of the answer; it raises ValueError with the reason for an answer that cannot be used, such
    as "" where there is no `default`. An empty one is not shown.
    """
    while True:
        answer = typer.prompt(
            label, default=default or "", show_default=bool(default), hide_input=hidden, prompt_suffix=colon, err=True
        )
        try:
            return accept(str(answer).strip())
        except ValueError as error:
            say(f"  {error}")
