"""`badbuzz match`: which mentions a query matches."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from listener.cli.lines import LineError, read_lines, shown, write_line
from listener.cli.terminal import say
from listener.lines import LineError as WrongLineError
from listener.lines import read_line
from rules.facts import Tone
from rules.instant import moment
from rules.language import identify
from rules.mention import Mention
from rules.query.compiled import Query, compile_query
from rules.query.content import Content
from rules.query.errors import QueryError
from rules.query.showing import show
from rules.query.tree import AtLeast, Filter, Near, Raw, Term
from rules.query.why import Why
from rules.rule import plural
from rules.text import defuse, shorten
from rules.toward import score_toward

_LONGEST = 160  # characters of a part that is shown


def command(
    query: Annotated[str, typer.Argument(help="Such as '(\"Acme Air\" OR @acmeair OR #acmeair) -job'.")],
    why: Annotated[
        bool,
        typer.Option("--why", help="Add `why`, part by part. What does not match is explained on standard error."),
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
    mention = _mention(entry)
    content = Content(mention)

    def tone() -> Tone:
        return score_toward(mention.text, identify(mention.text, mention.language, ()), frozenset())

    match = query.find(content, tone)
    explained = query.why(content, tone) if why else None
    if match:
        write_line({**entry, "spans": match.spans, **({"why": dict(_told(explained))} if explained else {})})
    elif explained:
        say("\n".join([f"{defuse(str(entry.get('id')))}: no match", *_lines(explained, 1)]))


def _mention(entry: dict[str, Any]) -> Mention:
    """The mention of a line; by its words alone where the rest of it cannot be read."""
    try:
        return read_line(msgspec.json.encode({**entry, "id": "1"}), source="", platform="", now=moment(0))
    except WrongLineError as error:
        say(f"{defuse(str(entry.get('id')))}: only its words are looked at: {error}")
    title = entry.get("title")
    return Mention(
        id="", source="", platform="", observed_at=moment(0),
        title=title if isinstance(title, str) else None, text=entry["text"],
    )  # fmt: skip


def _told(part: Why) -> Iterator[tuple[str, bool]]:
    """What words, nearness and filters came to, as the query writes them."""
    if isinstance(part.node, Term | Raw | Filter | Near | AtLeast):
        yield show(part.node), part.holds
    for each in part.parts:
        yield from _told(each)


def _lines(part: Why, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}{'yes' if part.holds else 'no '} {shorten(defuse(show(part.node)), _LONGEST)}{_detail(part)}"
    for each in part.parts:
        yield from _lines(each, depth + 1)


def _detail(part: Why) -> str:
    match part.node:
        case Term() | Raw():
            found = ", ".join(f"{span.field} {span.start}" for span in part.spans)
            return f": at {found}" if found else ": stands nowhere"
        case Filter():
            return f": it is {', '.join(map(str, part.has))}" if part.has else ": nothing is known of that"
        case Near() if part.apart is not None:
            return f": {plural(part.apart, 'word')} apart"
        case AtLeast():
            return f": {plural(part.count or 0, 'time')}"
    return ""
