"""`badbuzz translate`: a query of another tool, in this program's words."""

import sys
from typing import Annotated, Literal

import typer

from listener.cli.lines import write_line
from listener.cli.terminal import say
from rules.query.dialects import Translated, translate
from rules.query.errors import QueryError
from rules.text import defuse

Dialect = Literal["brandwatch", "meltwater", "talkwalker", "x"]


def command(
    query: Annotated[str, typer.Argument(help="The query as the other tool has it; - reads it from standard input.")],
    *,
    dialect: Annotated[Dialect, typer.Option("--from", help="Whose language it is in.")],
    json: Annotated[bool, typer.Option("--json", help="`query`, `lost` and `changed` as JSON.")] = False,
) -> None:
    """Print a query of Brandwatch, Meltwater, Talkwalker or X in the words of badbuzz; what could not be carried over
    is said on standard error, and the exit code is then 1.
    """
    text = sys.stdin.read() if query == "-" else query
    try:
        found = translate(text.strip(), dialect)
    except QueryError as error:
        say(f"error: {error}")
        raise typer.Exit(2) from error
    if json:
        write_line(
            {
                "query": found.query,
                "lost": [each._asdict() for each in found.lost],
                "changed": [{"from": before, "to": after} for before, after in found.changed],
            }
        )
    else:
        _tell(found)
    raise typer.Exit(1 if found.lost or not found.query else 0)


def _tell(found: Translated) -> None:
    for before, after in found.changed:
        say(f"{defuse(before)} is written {defuse(after)} here")
    for lost in found.lost:
        say(f"lost: {defuse(lost.written)} ({lost.why})")
    if found.query:
        typer.echo(found.query)
    else:
        say("nothing of this query can be looked for here")
