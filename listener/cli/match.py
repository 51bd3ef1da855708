"""`badbuzz match`: which mentions a query matches."""

import sys
from typing import Annotated, Any

import typer

from listener.cli.lines import LineError, read_lines, shown, write_line
from listener.cli.terminal import say
from rules.instant import moment
from rules.mention import Mention
from rules.query.compiled import Query, compile_query
from rules.query.content import Content
from rules.query.errors import QueryError
from rules.text import defuse


def command(
    query: Annotated[str, typer.Argument(help="Such as '(\"Acme Air\" OR @acmeair OR #acmeair) -job'.")],
    why: Annotated[
        bool,
        typer.Option(
            "--why", help="Add `why`: which terms were found. What does not match is explained on standard error."
        ),
    ] = False,
) -> None:
    """Print the mentions that a query matches: JSON Lines of mentions or {"id", "text"} from standard input, each
    match as it came with `spans` added (field, start, end, term). A bad line is skipped: the exit code is then 1.
    """
    try:
        compiled = compile_query(query)
    except QueryError as error:
        say(f"error: {error}")
        raise typer.Exit(2) from error
    for warning in compiled.warnings:
        say(f"warning: {warning}")
    failed = False
    for line in shown(read_lines(sys.stdin.buffer)):
        failed = failed or isinstance(line, LineError)
        if not isinstance(line, LineError):
            _answer(line, compiled, why=why)
    raise typer.Exit(1 if failed else 0)


def _answer(entry: dict[str, Any], query: Query, *, why: bool) -> None:
    title = entry.get("title")
    content = Content(
        Mention(
            id="", source="", platform="", observed_at=moment(0),
            title=title if isinstance(title, str) else None, text=entry["text"],
        )
    )  # fmt: skip
    match = query.find(content)
    reasons = {"why": {term.written: content.holds(term) for term in query.terms}} if why else {}
    if match:
        write_line({**entry, "spans": match.spans, **reasons})
    elif why:
        terms = ", ".join(f"{term} {'found' if held else 'missing'}" for term, held in reasons["why"].items())
        say(f"{defuse(str(entry.get('id')))}: no match; {terms}")
