"""`badbuzz match`: which mentions a query matches."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from config.problems import ConfigError
from config.settings import Brand
from listener.catalogs import CATALOGS
from listener.checks import usable
from listener.cli.label import brand_of
from listener.cli.lines import LineError, read_lines, shown, write_line
from listener.cli.terminal import config_path, say
from listener.clock import Clock
from listener.detection import guess_by
from listener.lines import LineError as WrongLineError
from listener.lines import read_line
from listener.pipeline.setup import terms_of
from rules.classify import BrandTerms, Judge
from rules.instant import moment
from rules.language import Guess, by_words
from rules.mention import Mention
from rules.query.compiled import compile_query
from rules.query.content import Content
from rules.query.errors import QueryError
from rules.query.showing import show
from rules.query.tree import AtLeast, Filter, Near, Raw, Term, Within, leaves
from rules.query.why import Why
from rules.rule import plural
from rules.text import defuse, shorten

_LONGEST = 160  # characters of a part that is shown


def command(
    query: Annotated[
        str | None,
        typer.Argument(help="Such as '(\"Acme Air\" OR @acmeair OR #acmeair) -job'; with --brand, that of the brand."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="A configuration: its lists and its time zone.")
    ] = None,
    brand: Annotated[
        str | None, typer.Option("--brand", "-b", help="A brand of it: its accounts, languages and words of tone too.")
    ] = None,
    why: Annotated[
        bool,
        typer.Option("--why", help="Add `why`, part by part. What does not match is explained on standard error."),
    ] = False,
) -> None:
    """Print the mentions that a query matches: JSON Lines of mentions or {"id", "text"} from standard input, each
    match as it came with `spans` added (field, start, end, term), and with `own` where the brand wrote it. A bad line
    is skipped: the exit code is then 1.
    """
    asked = _Asked(*_meant(query, config, brand))
    for warning in asked.query.warnings:
        say(f"warning: {warning}")
    failed = False
    for line in shown(read_lines(sys.stdin.buffer)):
        failed = failed or isinstance(line, LineError)
        if not isinstance(line, LineError):
            asked.answer(line, why=why)
    raise typer.Exit(1 if failed else 0)


def _meant(query: str | None, config: Path | None, brand: str | None) -> tuple[BrandTerms, Guess]:
    """What is looked for, and who tells the language of a mention. Raises Exit and BadParameter."""
    try:
        if config is None and brand is None:
            if query is None:
                raise typer.BadParameter("write a query, or name a brand", param_hint="QUERY")
            return BrandTerms(query=compile_query(query)), by_words
        settings = usable(config_path(config), CATALOGS)
        watched = settings.brands[brand_of(settings, brand)] if brand or query is None else Brand(query="-")
        asked = watched.model_copy(update={"query": query}) if query else watched
        return terms_of(asked, settings), guess_by(settings.daemon.detection)
    except (ConfigError, QueryError) as error:
        say(f"error: {error}" if isinstance(error, QueryError) else str(error))
        raise typer.Exit(2) from error


class _Asked:
    """A query, as its brand hears it."""

    def __init__(self, terms: BrandTerms, guess: Guess) -> None:
        self.query, self._guess, self._judge = terms.query, guess, Judge(terms, guess)

    def answer(self, entry: dict[str, Any], *, why: bool) -> None:
        mention = _mention(entry)
        content = Content(mention, self._guess)
        tone = partial(self._judge.hear, content)
        match = self.query.find(content, tone)
        explained = self.query.why(content, tone) if why else None
        if match:
            own = {"own": True} if self._judge.is_own(mention) else {}
            told = {"why": list(_told(explained, None))} if explained else {}
            write_line({**entry, "spans": match.spans, **own, **told})
        elif explained:
            say("\n".join([f"{defuse(str(entry.get('id')))}: no match", *_lines(explained, 1)]))


def _mention(entry: dict[str, Any]) -> Mention:
    """The mention of a line; by its words alone where the rest of it cannot be read."""
    line = msgspec.json.encode({**entry, "id": str(entry["id"]) or "1"})
    try:
        return read_line(line, source="", platform="", now=moment(Clock().now()))
    except WrongLineError as error:
        say(f"{defuse(str(entry.get('id')))}: only its words are looked at: {error}")
    title = entry.get("title")
    return Mention(
        id="", source="", platform="", observed_at=moment(Clock().now()),
        title=title if isinstance(title, str) else None, text=entry["text"],
    )  # fmt: skip


def _told(part: Why, field: str | None) -> Iterator[dict[str, Any]]:
    """What words, nearness and filters came to, in the order of the query: `at` is where each begins in it, `field` in
    which field alone it is looked for.
    """
    node = part.node
    if isinstance(node, Within):
        field = node.part
    if isinstance(node, Term | Raw | Filter | Near | AtLeast):
        at = min(leaf.at for leaf in leaves(node))
        yield {"part": show(node), "at": at, **({"field": field} if field else {}), "holds": part.holds}
    for each in part.parts:
        yield from _told(each, field)


def _lines(part: Why, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}{'yes' if part.holds else 'no '} {shorten(defuse(show(part.node)), _LONGEST)}{_detail(part)}"
    for each in part.parts:
        yield from _lines(each, depth + 1)


def _detail(part: Why) -> str:
    match part.node:
        case Term() | Raw():
            return f": {_where(part)}"
        case Filter():
            return f": it is {', '.join(map(str, part.has))}" if part.has else ": nothing is known of that"
        case Near() if part.apart is not None:
            return f": {plural(part.apart, 'word')} apart"
        case Near() if part.backwards:
            return ": stands only the other way round"
        case AtLeast():
            return f": {plural(part.count or 0, 'time')}"
    return ""


def _where(part: Why) -> str:
    found = ", ".join(f"{span.field} {span.start}" for span in part.spans or part.alike)
    if part.spans:
        return f"at {found}"
    return f"stands only in other letters, at {found}" if found else "stands nowhere"
