"""`badbuzz import`: what was said before, so that from the first day on it is known what is usual."""

import asyncio
from collections import Counter
from datetime import UTC, timedelta
from pathlib import Path
from typing import Annotated

import typer

from config.model import parse_duration
from config.settings import Settings
from listener.cli.backtest import Problems, settings_of
from listener.cli.label import By, brand_of
from listener.cli.past_in import read_bins, said_in
from listener.cli.store_access import Config, ask_history, with_views
from listener.cli.terminal import config_path, say
from listener.cli.times import instant_in
from listener.history import Bins, Counted, Tally
from listener.pipeline.models import usable
from listener.pipeline.setup import build_setup
from listener.store.address import store_address
from listener.store.port import Views
from listener.store.upkeep import make
from listener.wire import clock_time
from rules.history import DAY, end_of, minutes_in
from rules.inputs import Imported
from rules.instant import MINUTE
from rules.kinds.spike import LEARNING_MINUTES
from rules.rule import Of
from rules.series import minute_of

_ENOUGH = LEARNING_MINUTES // DAY
MENTIONS = {".jsonl", ".ndjson", ".json"}
"""How files are called that hold mentions; all others hold counts."""


def command(
    file: Annotated[
        Path, typer.Argument(help="Counts as CSV, timestamp,value in UTC, or mentions as JSON Lines (.jsonl).")
    ],
    config: Config = None,
    *,
    brand: Annotated[
        str | None, typer.Option(help="The brand; for mentions, when not given, each brand that they concern.")
    ] = None,
    of: Annotated[Of | None, typer.Option(help="What counts are of; negative mentions when not given.")] = None,
    every: Annotated[
        str | None,
        typer.Option(help="The length of a bin, such as 5m; when not given, the time between the first two rows."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Leave out what is later: 2026-11-25T10:00, in UTC when without a zone; a date is its beginning.",
        ),
    ] = None,
    by: By = None,
) -> None:
    """Learn what is usual from a history: mentions, or how many there were.

    Nothing of it is alerted or shown as an incident. It must be older than what the daemon heard itself. Where rows are
    missing nothing was heard; of mentions, a minute without one is a zero. Lines that cannot be used are said and left
    out, and the exit code is then 1.
    """
    of_mentions, bins = file.suffix in MENTIONS, _bins(every)
    if of_mentions:
        _refuse_what_mentions_say({"--of": of, "--every": every})
    end = None if until is None else minute_of(instant_in(until, UTC, "--until"))
    settings, problems = settings_of(config_path(config)), Problems()
    asyncio.run(make(store_address(settings)))

    async def work(views: Views, _settings: Settings) -> int:
        if of_mentions:
            found = await _of_mentions(file, settings, problems, brand, views)
        else:
            read_bins(file, bins, problems)
            found = {brand_of(settings, brand): Counted(bins.begin, bins.width, {of or "negative": bins.counts})}
        codes = [await _bring(views, name, counted.entries(end), by) for name, counted in found.items()]
        return max([*codes, int(problems.count > 0), int(not codes)])

    raise typer.Exit(with_views(config, work))


def _refuse_what_mentions_say(given: dict[str, str | None]) -> None:
    for option, value in given.items():
        if value is not None:
            raise typer.BadParameter("is for counts: mentions say themselves what they are and when", param_hint=option)


async def _of_mentions(
    file: Path, settings: Settings, problems: Problems, brand: str | None, views: Views
) -> dict[str, Counted]:
    wanted = [brand_of(settings, brand)] if brand else list(settings.brands)
    tally = Tally(build_setup(settings), usable(await views.models()))
    for mention, said in said_in([file], problems):
        tally.add(mention, said)
    found = {name: counted for name, counted in tally.counted().items() if name in wanted}
    if not found:
        none = f"none of {tally.mentions} mentions concerns {' or '.join(wanted)}"
        say(none if tally.mentions else "there were no mentions")
    return found


async def _bring(views: Views, brand: str, history: list[Imported], by: str | None) -> int:
    if not history:
        say(f"{brand}: there are no counts in it")
        return 1
    if _is_one(history):
        say(f"{brand}: one count alone teaches nothing: a spike rule knows what is usual after {_ENOUGH} days")
        return 1
    if minutes_in(history) < LEARNING_MINUTES:
        say(f"{brand}: that is less than the {_ENOUGH} days after which a spike rule knows what is usual")
    days, since, until = minutes_in(history) / DAY, history[0].begin, end_of(history[-1])
    told = f"{days:.1f} days of {brand} from {clock_time(since * MINUTE)} to {clock_time(until * MINUTE)}"
    return await ask_history(views, brand, history, by=by, done=f"{told} are learnt")


def _is_one(history: list[Imported]) -> bool:
    """Whether no series has two counts."""
    told = Counter(
        name for each in history for name, counts in each.counts.items() for count in counts if count is not None
    )
    return max(told.values()) < 2


def _bins(every: str | None) -> Bins:
    try:
        width = parse_duration(every)
        assert width is None or isinstance(width, timedelta)
        return Bins(width)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--every") from error
