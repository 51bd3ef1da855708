"""`badbuzz translate`: a query of another tool in this program's words, and the other way round for X."""

import sys
from typing import Annotated, Literal

import typer

from listener.cli.lines import write_line
from listener.cli.terminal import say
from rules.query.compiled import compile_query
from rules.query.dialects import Lost, Translated, translate
from rules.query.errors import QueryError
from rules.query.xrule import x_rule
from rules.text import defuse

Dialect = Literal["brandwatch", "meltwater", "talkwalker", "x"]


def command(
    query: Annotated[str, typer.Argument(help="The query as the other tool has it; - reads it from standard input.")],
    *,
    dialect: Annotated[Dialect | None, typer.Option("--from", help="Whose language it is in.")] = None,
    to_x: Annotated[bool, typer.Option("--to-x", help="Print a rule of X's stream for a query of badbuzz.")] = False,
    json: Annotated[bool, typer.Option("--json", help="`query`, `lost` and `changed` as JSON.")] = False,
) -> None:
    """Print a query of Brandwatch, Meltwater, Talkwalker or X in the words of badbuzz; what could not be carried over
    is said on standard error, and the exit code is then 1.
    """
    if (dialect is None) == (not to_x):
        raise typer.BadParameter("either --from brandwatch, meltwater, talkwalker or x, or --to-x")
    text = (sys.stdin.read() if query == "-" else query).strip()
    try:
        if dialect is None:
            raise typer.Exit(_as_x(text))
        found = translate(text, dialect)
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


def _as_x(query: str) -> int:
    rule = x_rule(compile_query(query).root)
    if rule is None:
        say("X can look for nothing of this alone in a rule of its length")
        return 1
    if not rule.exact:
        say("this finds more than the query, never less: what X cannot look for is left to badbuzz")
    typer.echo(rule.value)
    return 0


def _effect(lost: Lost) -> str:
    along = f", and with it {defuse(lost.along)}" if lost.along else ""
    return f"{along}; {lost.finds} is found without it" if lost.finds else along


def _tell(found: Translated) -> None:
    for before, after in found.changed:
        say(f"{defuse(before)} is written {defuse(after)} here")
    for lost in found.lost:
        say(f"lost: {defuse(lost.written)} ({defuse(lost.why)}){_effect(lost)}")
    if found.query:
        typer.echo(found.query)
    else:
        say("nothing of this query can be looked for here")
