"""`badbuzz report`: how things stand, in words for whoever answers for a brand."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from alerts.alert import Language
from config.settings import Settings
from listener.cli.label import brand_of
from listener.cli.report_digest import Form, period_of, write
from listener.cli.store_access import Json, put, shown, with_views
from listener.cli.terminal import ConfigPath
from listener.clock import Clock
from listener.explaining.endings import Belief, beliefs
from listener.explaining.endings import sentences as told
from listener.labelling.assess import Assessment, assess
from listener.labelling.studied import scores
from listener.labelling.telling import heading, nothing, sentences
from listener.pipeline.setup import terms_of
from listener.store.port import Views
from listener.wire import json_line
from rules.classify import Judge
from rules.instant import Instant

_INCIDENTS = 10_000
"""The newest of a brand, by which its alerts are measured."""


def command(
    config: ConfigPath = None,
    *,
    brand: Annotated[str | None, typer.Option(help="Only this brand.")] = None,
    language: Annotated[Language | None, typer.Option(help="fr or en; the daemon's when not given.")] = None,
    json: Json = False,
    digest: Annotated[bool, typer.Option("--digest", help="The digest of the brand instead, as it is sent.")] = False,
    period: Annotated[
        str | None, typer.Option(help="Of a digest: 2026-W46, or 2026-11-14 for a day; the last week when not given.")
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="A digest as a page.")] = False,
) -> None:
    """Say how good the tone is, whether that changes, and how far alerts can be believed.

    Measured by what people marked, and by what they said that incidents were, brand by brand. Or, with --digest, how a
    week or a day went.
    """
    if (period or html) and not digest:
        raise typer.BadParameter("--period and --html are for --digest")
    if digest and not brand:
        raise typer.BadParameter("a digest is of one brand: name it with --brand")

    async def work(views: Views, settings: Settings) -> None:
        if digest:
            time = period_of(period, ZoneInfo(settings.daemon.time_zone))
            form: Form = "json" if json else "html" if html else "text"
            await write(views, settings, brand or "", time, form, language)
            return
        now = Clock().now()
        for name in [brand_of(settings, brand)] if brand else settings.brands:
            found = await _quality(views, settings, name, now)
            believed = beliefs(await views.incidents(brand=name, limit=_INCIDENTS))
            if json:
                for line in (*(_line(name, each) for each in found), *(_belief(name, each) for each in believed)):
                    put(json_line(line))
            else:
                called, spoken = settings.brands[name].name or name, language or settings.daemon.language
                _tell(called, found, now, spoken)
                for sentence in told(believed, spoken):
                    shown().print(f"  {sentence}")

    with_views(config, work)


async def _quality(views: Views, settings: Settings, brand: str, now: Instant) -> list[Assessment]:
    judge = Judge(terms_of(settings.brands[brand], settings))
    return list(assess(await views.marks(brand), await views.tones(brand), judge, now))


def _tell(brand: str, found: list[Assessment], now: Instant, language: Language) -> None:
    console = shown()
    console.print(heading(brand, now, language), style="bold")
    if not found:
        console.print(f"  {nothing(language)}")
    for each in found:
        name, *said = sentences(each, language)
        console.print(f"  {name}")
        for sentence in said:
            console.print(f"    {sentence}")


def _line(brand: str, each: Assessment) -> dict[str, Any]:
    return {
        "type": "quality",
        "brand": brand,
        "language": each.language,
        "marks": each.marks,
        "random": each.random,
        "basis": each.basis,
        "pack": {"n": each.pack.n, **_figures(scores(each.pack))},
        "in_force": {"n": each.in_force.n, **_figures(scores(each.in_force))},
        "drift": {"change": _interval(each.drift.change), "worse": each.drift.worse} if each.drift else None,
        "mix": {
            "lately": {label: round(share.value, 4) for label, share in each.mix.lately.items()},
            "before": {label: round(share.value, 4) for label, share in each.mix.before.items()},
            "mentions": [each.recent, each.earlier],
            "moved": each.mix.moved,
            "rejudged": each.rejudged,
        }
        if each.mix
        else None,
    }


def _belief(brand: str, each: Belief) -> dict[str, Any]:
    return {
        "type": "alerts",
        "brand": brand,
        "rule": each.rule,
        "real": each.real,
        "false": each.false,
        "unjudged": each.unjudged,
        "precision": _interval(each.precision) if each.real + each.false else None,
    }


def _figures(measured: msgspec.Struct) -> dict[str, list[float]]:
    return {name: _interval(value) for name, value in msgspec.structs.asdict(measured).items()}


def _interval(estimate: Any) -> list[float]:
    """Value, low, high."""
    return [round(each, 4) for each in (estimate.value, estimate.low, estimate.high)]
