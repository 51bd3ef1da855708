"""`badbuzz incidents explain`: why a rule rang, or did not."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from alerts.alert import Language
from config.problems import did_you_mean
from config.settings import Settings
from listener.cli.store_access import Config, Json, put, shown, with_views
from listener.cli.terminal import say
from listener.cli.times import instant_in
from listener.clock import Clock
from listener.explaining.believing import believed_at, drawn_at, how_many_more, in_json, why_believed
from listener.explaining.replay import Moment, NotJudgedError, moment_at
from listener.explaining.telling import Teller
from listener.pipeline.watched import held_until, is_watched, watched_until
from listener.store.port import IncidentRow, Views
from listener.wire import iso, json_line
from rules.explaining import Explanation
from rules.instant import Instant
from rules.text import defuse


def explain(
    incident: Annotated[str | None, typer.Argument(help="The incident's number, or its id.")] = None,
    config: Config = None,
    *,
    why_not: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="BRAND TIME", help="Why nothing rang then; in your time zone unless it has its own."),
    ] = None,
    language: Annotated[Language | None, typer.Option(help="fr or en; the daemon's when not given.")] = None,
    json: Json = False,
) -> None:
    """Say why an incident opened, or why none did.

    What was seen and expected, how rare that is beside the budget, which conditions were met, and who drove it.
    """
    if bool(incident) == bool(why_not):
        raise typer.BadParameter("name an incident, or a brand and a time with --why-not")

    async def work(views: Views, settings: Settings) -> int:
        daemon = settings.daemon
        teller = Teller(language or daemon.language, daemon.time_zone, Clock().now())
        told = _Telling(views, settings, teller, json=json)
        if incident:
            return await told.incident(incident)
        brand, time = why_not or ("", "")
        return await told.moment(brand, instant_in(time, ZoneInfo(daemon.time_zone), "--why-not"))

    raise typer.Exit(with_views(config, work))


class _Telling:
    """What one run of the command says."""

    def __init__(self, views: Views, settings: Settings, teller: Teller, *, json: bool) -> None:
        self._views, self._settings, self._teller, self._json = views, settings, teller, json

    async def incident(self, name: str) -> int:
        row = await self._views.incident(name)
        if row is None:
            rows = await self._views.incidents(limit=1_000)
            near = did_you_mean(name, {row.id for row in rows} | {str(row.number) for row in rows[:20]})
            say(f"there is no incident {defuse(name)}; {near or '`badbuzz incidents list` shows them'}")
            return 1
        return await self._tell(row.brand, row.opened_at, row)

    async def moment(self, brand: str, at: Instant) -> int:
        brands = await self._views.brands()
        if brand not in brands:
            near = "" if brand in self._settings.brands else did_you_mean(brand, brands or self._settings.brands)
            say(f"nothing is stored of a brand {defuse(brand)}" + (f"; {near}" if near else ""))
            return 1
        return await self._tell(brand, at, None)

    async def _tell(self, brand: str, at: Instant, row: IncidentRow | None) -> int:
        try:
            told = await moment_at(self._views, brand, at)
        except NotJudgedError as error:
            say(self._teller.not_judged(error, self._called(brand)))
            return 1
        whys = [why for why in told.explanations if row is None or why.rule == row.rule]
        believed = await believed_at(row.id, self._views) if row else None
        drawn = await drawn_at(brand, at, self._views)
        if self._json:
            more = {"confidence": in_json(believed), "drawn": msgspec.to_builtins(drawn)}
            for why in whys:
                found = row or (await self._views.incident(why.incident) if why.incident else None)
                held = self._held(told, why, found) is not None
                number = found.number if found else None
                put(json_line(_line(told, why, row) | {"number": number, "held": held} | more))
            return 0
        language = self._teller.language
        said = [
            *(why_believed(believed, language) if believed else ()),
            *([how_many_more(drawn, language)] if drawn else []),
        ]
        await self._print(told, whys, row, said)
        return 0

    async def _print(self, told: Moment, whys: list[Explanation], row: IncidentRow | None, said: Sequence[str]) -> None:
        console = shown()
        console.print(self._teller.title(told, self._called(told.brand)), style="bold")
        if row is not None:
            console.print(self._teller.why_open(row.number, row.rule))
        console.print(self._teller.coverage(told))
        for line in said:
            console.print(line)
        for why in whys:
            console.print()
            ongoing = await self._views.incident(why.incident) if why.incident else None
            held = self._held(told, why, row or ongoing)
            for line in self._teller.lines(why, await self._largest(why), ongoing, held):
                console.print(line)

    def _held(self, told: Moment, why: Explanation, row: IncidentRow | None) -> date | None:
        """The day before which the alert of it was held back, if it was."""
        if row is not None:
            return held_until(self._settings, row)
        rings = why.opens and why.verdict.severity != "critical"
        is_held = rings and is_watched(self._settings, told.brand, why.rule, told.at)
        return watched_until(self._settings, told.brand, why.rule) if is_held else None

    async def _largest(self, why: Explanation) -> str:
        """Who wrote the mention with the largest audience: its identity when that is no longer stored."""
        identity = why.drivers.largest
        found = await self._views.mentions(identities=[identity]) if identity else []
        author = found[0].mention.author if found else None
        return defuse((author and (author.handle or author.name)) or identity)

    def _called(self, brand: str) -> str:
        configured = self._settings.brands.get(brand)
        return (configured and configured.name) or brand


def _line(told: Moment, why: Explanation, row: IncidentRow | None) -> dict[str, Any]:
    verdict, account = why.verdict, why.account
    return {
        "type": "explanation",
        "brand": told.brand,
        "at": iso(told.at),
        "incident": row.id if row else why.incident,
        "rule": why.rule,
        "series": verdict.of,
        "source": verdict.source or None,
        "also": verdict.also,
        "opens": why.opens,
        "count": verdict.count,
        "window": verdict.window,
        "expected": verdict.expected,
        "usual_high": verdict.usual_high,
        "learning": verdict.learning,
        "hushed": why.hushed,
        "conditions": msgspec.to_builtins(account.conditions),
        "missing": [each.name for each in why.missing],
        "scales": msgspec.to_builtins(account.scales),
        "rarity": msgspec.to_builtins(account.rarity),
        "proportion": msgspec.to_builtins(account.proportion),
        "terms": msgspec.to_builtins(account.terms),
        "drivers": msgspec.to_builtins(why.drivers),
        "coverage": told.coverage,
        "partly": told.partly,
    }
