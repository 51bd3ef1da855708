"""`badbuzz tune`: which setting of a rule suits a budget of false alarms, by the brand's own past."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from alerts.alert import Language
from config.edit import insert
from config.settings import Component, Settings
from listener.cli.backtest import Problems, settings_of
from listener.cli.known_in import read_known
from listener.cli.label import brand_of
from listener.cli.lines import opened
from listener.cli.past_in import read_bins, said_in
from listener.cli.progress import busy
from listener.cli.recordings import Files, FromStore, choose, told_apart
from listener.cli.store_access import Json, put, put_table, shown, with_views
from listener.cli.terminal import ConfigPath, config_path, say
from listener.history import Bins
from listener.pipeline.setup import build_setup, rules_of
from listener.recorded import Recorded
from listener.store.port import Views
from listener.tuning.advice import Advice, advise, grid
from listener.tuning.past import Gathering, Past
from listener.tuning.telling import budget_text, heading, sentences, table
from listener.tuning.trial import FACTORS, Known, Outcome, Setting, outcomes
from listener.wire import iso, json_line
from rules.budget import parse_budget
from rules.history import DAY
from rules.instant import MINUTE
from rules.kinds.spike import SpikeOptions
from rules.series import measure_of, minute_of

SHORTEST = 3 * DAY
"""Minutes of a past below which nothing can be said."""
_MOST_JUDGED = 10_000


@dataclass(frozen=True, kw_only=True)
class _Subject:
    brand: str
    rule: Component
    options: SpikeOptions


def command(
    config: ConfigPath = None,
    files: Files = None,
    *,
    from_store: FromStore = False,
    counts: Annotated[Path | None, typer.Option(help="Counts as CSV, timestamp,value in UTC, in order.")] = None,
    budget: Annotated[
        str | None,
        typer.Option(help="False alarms that are accepted, such as '1 per month'; the rule's when not given."),
    ] = None,
    incidents: Annotated[Path | None, typer.Option(help="Incidents that you know of, as CSV: from,to,label.")] = None,
    brand: Annotated[str | None, typer.Option(help="The brand; not needed when there is only one.")] = None,
    rule: Annotated[str | None, typer.Option(help="The rule, of kind spike; the brand's first when not given.")] = None,
    language: Annotated[Language | None, typer.Option(help="fr or en; the daemon's when not given.")] = None,
    json: Json = False,
) -> None:
    """Say for each setting of a spike rule how often it would have rung in the past, and how soon it tells of a rise.

    Recommends one for a budget of false alarms, says whether the past is long enough to promise it, and prints what to
    put into the configuration; recommends nothing where the past is too short to tell. Lines that cannot be used are
    said and left out, and the exit code is then 1.
    """
    config, recorded = told_apart(config, files)
    choose("tune", recordings=bool(recorded), from_store=from_store, counts=counts is not None)
    settings, problems = settings_of(config_path(config)), Problems()
    subject = _subject(settings, brand_of(settings, brand), rule)
    accepted = _budget(budget, subject.options)
    known = _known(incidents, problems)
    if from_store:
        known += with_views(config, lambda views, _: _judged(views, subject.brand))
    past = _past(config, settings, subject, recorded, counts, problems)
    floor = subject.options.at_least
    present = Setting(budget=subject.options.budget, posts=floor.posts, authors=floor.authors)
    with busy(f"trying settings on {past.heard() / DAY:.0f} days"):
        found = outcomes(past, grid(present, accepted, people=past.authors is not None), known)
    advice = advise(found, accepted, present)
    if json:
        _put(subject, past, found, advice)
    else:
        _show(settings, subject, past, found, advice, language or settings.daemon.language)
    raise typer.Exit(1 if problems.count else 0)


def _past(
    config: Path | None,
    settings: Settings,
    subject: _Subject,
    files: list[Path],
    counts: Path | None,
    problems: Problems,
) -> Past:
    if counts is not None:
        past = _counted(counts, problems)
    elif files:
        past = _recorded(files, settings, subject, problems)
    else:
        past = with_views(config, lambda views, _: _stored(views, subject))
    if past.heard() < SHORTEST:
        say(f"there are {past.heard() / DAY:.1f} days of history: at least {SHORTEST // DAY} are needed")
        raise typer.Exit(1)
    return past


def _subject(settings: Settings, brand: str, name: str | None) -> _Subject:
    for rule in rules_of(brand, settings):
        options = rule.options
        if name not in {None, rule.name} or not isinstance(options, SpikeOptions) or options.by:
            continue
        if measure_of(options.of)[1] == "mentions":
            return _Subject(brand=brand, rule=rule, options=options)
    wrong = f"no rule {name} of kind spike" if name else "no rule of kind spike"
    raise typer.BadParameter(f"{wrong} that counts mentions of all sources is for {brand}", param_hint="--rule")


def _budget(text: str | None, options: SpikeOptions) -> float:
    try:
        return options.budget if text is None else float(str(parse_budget(text)))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--budget") from error


def _known(path: Path | None, problems: Problems) -> list[Known]:
    if path is None:
        return []
    found = []
    with opened(path) as stream:
        for line, each in read_known(stream):
            if isinstance(each, str):
                problems.add(f"{path}:{line}", each)
            else:
                found.append(each)
    return found


async def _judged(views: Views, brand: str) -> list[Known]:
    """Of which incidents people said what they were."""
    return [
        Known(
            since=minute_of(row.opened_at),
            until=minute_of(row.changed_at),
            label=row.ending,
            real=row.ending == "real",
        )
        for row in await views.incidents(brand=brand, limit=_MOST_JUDGED)
        if row.ending
    ]


async def _stored(views: Views, subject: _Subject) -> Past:
    gathering = Gathering(subject.options.of)
    async for _, entry in views.log(subject.brand):
        gathering.take(entry)
    return gathering.past()


def _recorded(files: list[Path], settings: Settings, subject: _Subject, problems: Problems) -> Past:
    recorded, gathering = Recorded(build_setup(settings)), Gathering(subject.options.of)
    for mention, said in said_in(files, problems):
        gathering.hear(said)
        for each in recorded.take(mention, said, None):
            if each.brand == subject.brand:
                gathering.take(each.entry)
    return gathering.past()


def _counted(path: Path, problems: Problems) -> Past:
    bins = Bins()
    read_bins(path, bins, problems)
    return Past(begin=bins.begin, width=bins.width, counts=list(bins.counts))


def _show(
    settings: Settings, subject: _Subject, past: Past, found: list[Outcome], advice: Advice, language: Language
) -> None:
    console, zone = shown(), ZoneInfo(settings.daemon.time_zone)
    name = settings.brands[subject.brand].name or subject.brand
    console.print(heading(name, subject.rule.label, past, zone, language), style="bold")
    put_table(*table(found, advice, language))
    console.print()
    for sentence in sentences(advice, past, zone, language):
        console.print(sentence)
    if advice.told:
        console.print(f"\n{_yaml(subject, advice)}")


def _yaml(subject: _Subject, advice: Advice) -> str:
    written = subject.options.model_dump(mode="json", exclude_unset=True)
    setting = advice.best.setting
    floor = {"posts": setting.posts, "authors": setting.authors}
    value = {"kind": subject.rule.kind, **written, "budget": budget_text(setting.budget), "at_least": floor}
    return insert("", "rules", subject.rule.name, value).rstrip()


def _put(subject: _Subject, past: Past, found: list[Outcome], advice: Advice) -> None:
    for each in found:
        put(json_line({"type": "setting", **_line(each)}))
    put(
        json_line(
            {
                "type": "summary",
                "brand": subject.brand,
                "rule": subject.rule.name,
                "since": iso(past.begin * MINUTE),
                "until": iso(past.minute(len(past.counts)) * MINUTE),
                "days": round(past.heard() / DAY, 2),
                "budget": budget_text(advice.budget),
                "kept": advice.kept,
                "sure": advice.sure,
                "told": advice.told,
                "best": _line(advice.best),
                "yaml": _yaml(subject, advice),
            }
        )
    )


def _line(each: Outcome) -> dict[str, Any]:
    setting, (low, high) = each.setting, each.bounds
    return {
        "budget": budget_text(setting.budget),
        "at_least": {"posts": setting.posts, "authors": setting.authors},
        "days": round(each.months * 30, 2),
        "rang": [iso(minute * MINUTE) for minute in each.rang],
        "for_nothing": len(each.false),
        "known": {"found": each.found, "missed": each.missed},
        "a_month": {"rate": round(each.rate, 3), "low": round(low, 3), "high": round(high, 3)},
        "rises": {
            f"x{factor}": {
                "tried": len(each.delays[factor]),
                "within_an_hour": round(each.within_hour(factor), 3),
                "median_minutes": each.delay(factor) if isfinite(each.delay(factor)) else None,
            }
            for factor in FACTORS
        },
    }
