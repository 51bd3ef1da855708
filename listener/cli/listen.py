"""`badbuzz listen`: one source, read without a daemon, its mentions printed."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from random import Random
from typing import Annotated

import typer
from aiohttp import web
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.problems import did_you_mean
from config.spec import UnknownKindError
from config.words import message_of
from listener.cli.lines import write_line
from listener.cli.options import options_of
from listener.cli.terminal import AS_OPTION, say
from listener.clock import Clock
from listener.collector import COLLECTORS, Batch, Collector, CollectorSpec, SourceOptions, Tools
from listener.errors import FetchError
from listener.lines import show
from listener.net.client import open_client
from listener.net.loopback import served
from listener.trial import masking_of
from rules.text import defuse

_SINGULAR = {"url": "urls", "secret": "secrets", "tag": "tags"}


def command(
    kind: Annotated[str, typer.Argument(help="A kind of source, such as feed, file or push.")],
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Its options; lists by commas or by repeating the key."),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Stop after so many mentions.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Read what is there now, and stop.")] = False,
) -> None:
    """Read one source and print its mentions as JSON Lines. What cannot be read is said on standard error; the exit
    code is 1 when the source cannot be read at all or something in it was skipped, and 2 when an option is wrong.
    """
    spec, settings = _settings(kind, options or [])
    hide = masking_of(settings).hide
    printer = _Printer(limit, most_failures=len(getattr(settings, "urls", ())) or 1, hide=hide)
    try:
        asyncio.run(_listen(spec, settings, printer, once=once))
    except FetchError as error:
        printer.tell(error)
        raise typer.Exit(1) from error
    raise typer.Exit(1 if printer.lost else 0)


def _settings(kind: str, words: Sequence[str]) -> tuple[CollectorSpec, SourceOptions]:
    try:
        spec = COLLECTORS.spec(kind)
    except UnknownKindError as error:
        say(f"badbuzz: {error.args[0]}")
        raise typer.Exit(2) from error
    given = _given(words, spec)
    try:
        return spec, spec.options.model_validate(given)
    except ValidationError as error:
        known = [option.key for option in options_of(spec.options)]
        for detail in error.errors(include_url=False, include_input=False):
            say(f"badbuzz: {_problem(detail, known)}")
        raise typer.Exit(2) from error


def _given(words: Sequence[str], spec: CollectorSpec) -> dict[str, object]:
    """`key=value` words as options; several values become a list."""
    lists = {option.key for option in options_of(spec.options) if "list of" in option.kind}
    given: dict[str, object] = {}
    for word in words:
        key, equals, value = word.partition("=")
        key = _SINGULAR[key] if _SINGULAR.get(key) in lists else key
        if not equals:
            say(f"badbuzz: '{defuse(word)}' is no option: write key=value")
            raise typer.Exit(2)
        if key in lists:
            before = given.get(key)
            given[key] = [*(before if isinstance(before, list) else []), *_values(value)]
        elif key in given:
            say(f"badbuzz: {key} is given twice, and takes one value")
            raise typer.Exit(2)
        else:
            given[key] = value
    return given


def _values(text: str) -> list[str]:
    # an address may hold commas itself
    web_addresses = text.startswith(("http://", "https://"))
    return [part for part in re.split(r",(?=https?://)" if web_addresses else ",", text) if part]


def _problem(detail: ErrorDetails, known: Sequence[str]) -> str:
    key = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        hint = did_you_mean(key, known)
        return f"unknown option '{defuse(key)}'" + (f"; {hint}" if hint else "")
    return f"{key}: {message_of(detail)}"


async def _listen(spec: CollectorSpec, options: SourceOptions, printer: "_Printer", *, once: bool) -> None:
    clock = Clock()
    async with open_client(clock=clock) as client:
        tools = Tools(name=spec.kind, client=client, clock=clock, random=Random(spec.kind), once=once)
        collector: Collector = spec.build(options, tools)
        async with _served(collector, spec.kind), aclosing(collector.batches(None)) as batches:
            async for batch in batches:
                if printer.take(batch):
                    return


class _Printer:
    """Prints batches until there are enough. A source of which every part failed, before anything was heard, raises
    its problem.
    """

    def __init__(self, limit: int | None, most_failures: int, hide: Callable[[str], str]) -> None:
        self._left, self._most_failures, self._hide = limit, most_failures, hide
        self._heard, self._failures, self._told = False, 0, ""
        self.lost = False

    def take(self, batch: Batch) -> bool:
        """Print a batch; whether that was enough."""
        for mention in batch.mentions[: self._left]:
            write_line(show(mention))
        for problem in batch.problems:
            self.tell(problem)
        for reason, count in (batch.skipped or {}).items():
            say(f"badbuzz: {count} skipped: {defuse(self._hide(reason))}")
            self.lost = True
        self._heard, self._failures = self._heard or batch.heard, self._failures + (not batch.heard)
        if batch.problems and not self._heard and self._failures >= self._most_failures:
            raise batch.problems[0]
        self._left = None if self._left is None else max(0, self._left - len(batch.mentions))
        return self._left == 0

    def tell(self, problem: FetchError) -> None:
        """Say a problem, unless it was the last one said."""
        words = self._hide(str(problem))
        if words != self._told:
            self._told = words
            say(f"badbuzz: {defuse(self._told).replace(*AS_OPTION)}")


@asynccontextmanager
async def _served(collector: Collector, name: str) -> AsyncIterator[None]:
    """Serves what a collector wants to be sent, on a free port of this machine."""
    routes = collector.routes()
    if not routes:
        yield
        return
    inner, outer = web.Application(), web.Application()
    inner.add_routes(routes)
    outer.add_subapp(f"/in/{name}", inner)
    async with served(outer) as url:
        say(f"badbuzz: waiting at {url}/in/{name}")
        yield
