"""What a page shows, read once for all who look at it: panels that can be brought up to date one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, get_args

from aiohttp import web

from alerts.delivery import Delivery
from alerts.safe import host_of, safe_link
from listener.pipeline.slices import sliced
from listener.store.marks import PERSON
from listener.store.port import IncidentRow, StoredMention
from listener.web.quiet import Quiet
from listener.web.shown import shown
from listener.web.status import RuleStatus, Site
from rules.facts import Tone
from rules.instant import MINUTE, Instant, Span, instant
from rules.text import defuse, shorten
from rules.transition import SEVERITIES, Ending, Transition

LISTED = 20
SORTED = 500
"""Of so many mentions taken last, those written last are listed: a first reading brings old ones in any order."""
OPEN = 500
"""Of so many open incidents, the newest, the worst are listed."""
LONGEST_NAME = 80
QUOTED = 280
NEWS: Span = 10 * MINUTE
"""How long a page says at its top that something opened or got worse."""
AT_TOP = 3
_RANKS: Mapping[str, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}
ENDINGS: tuple[Ending, ...] = get_args(Ending)

Facts = Mapping[str, object]


class Scene(Protocol):
    """One page that changes: `name` is the folder of its panels' templates. Equal scenes show the same."""

    name: ClassVar[str]
    panels: ClassVar[Sequence[str]]

    async def read(self, site: Site) -> Facts:
        """What its templates show. Raises StoreError, and HTTPNotFound when there is no such thing."""
        ...


@dataclass(frozen=True)
class Home:
    """What is open, which brands are loud, what is heard, said and not delivered. Of thousands of brands it shows page
    `page` of those that have `wanted` in what they are called.
    """

    wanted: str = ""
    page: int = 1
    name: ClassVar[str] = "home"
    panels: ClassVar[Sequence[str]] = (
        "title",
        "heard",
        "news",
        "incidents",
        "brands",
        "failures",
        "mentions",
        "sources",
        "closed",
    )

    async def read(self, site: Site) -> Facts:
        views, sources = site.views, site.status.sources()
        rows, all_open = await views.incidents(limit=LISTED), await views.incidents(open_only=True, limit=OPEN)
        worst_first = sorted(all_open, key=lambda row: _RANKS[row.severity], reverse=True)
        still_open = [(row, await last_step(site, row)) for row in worst_first[:LISTED]]
        taken = await views.mentions(limit=SORTED)
        latest = sorted(taken, key=lambda stored: (_written(stored), stored.at), reverse=True)[:LISTED]
        return {
            **_names(site),
            "open": still_open,
            "open_of": _by_brand(worst_first),
            "more_open": len(all_open[LISTED:]),
            "held": {row.id for row in rows + [row for row, _ in still_open] if site.status.held(row)},
            "news": await _all_news(site, all_open),
            "closed": [row for row in rows if row.state == "resolved"],
            "shown": await shown(site.status, self.wanted, self.page),
            "wanted": self.wanted,
            "sources": sources,
            "blind": [source for source in sources if source.state not in {"live", "starting"}],
            "heard": [source for source in sources if source.state == "live"],
            "all_heard": bool(sources) and all((each.state, each.code) == ("live", "") for each in sources),
            "present": {(row.brand, row.rule): _present(site, row) async for row, _ in sliced(still_open)},
            "mentions": [_quote(stored) for stored in latest],
            "failures": await _failures(site),
        }


@dataclass(frozen=True)
class OneIncident:
    """The incident of this number; `asked` numbers the command whose answer is awaited or shown, "" for none."""

    number: str
    asked: str = ""
    name: ClassVar[str] = "incident"
    panels: ClassVar[Sequence[str]] = ("title", "news", "now", "act", "steps", "quotes", "deliveries")

    async def read(self, site: Site) -> Facts:
        row = await site.views.incident(self.number)
        if row is None:
            raise web.HTTPNotFound
        steps = [step async for step in site.views.transitions(row.id)]
        answer = await site.views.answer(int(self.asked)) if self.asked else None
        pending = bool(self.asked) and answer is None
        open_now = row.state != "resolved"
        return {
            **_names(site),
            "row": row,
            "held": {row.id} if site.status.held(row) else set(),
            "steps": steps,
            "news": _news([(row, steps[-1] if steps else None)], site.now()),
            "quotes": await quotes_of(site, steps[-1].evidence.mentions if steps else {}),
            "deliveries": await site.views.deliveries(thread=row.id),
            "quiet": await _quiet(site, row),
            "spared": await site.views.spared(row.id),
            "called": site.status.called,
            "notes": await site.views.notes(row.id),
            "hold": await site.views.hold(row.id),
            "pending": pending,
            "answer": answer,
            "present": _present(site, row) if open_now else None,
            "may_ack": open_now and not row.acknowledged_by and not pending,
            "may_judge": (open_now or not row.ending) and not pending,
            "endings": ENDINGS,
        }


async def last_step(site: Site, row: IncidentRow) -> Transition | None:
    """The step that left an incident as it is."""
    return await site.views.transition(f"{row.id}.{row.steps - 1}")


def _names(site: Site) -> Facts:
    """What people call brands, sources and channels, by their names in the configuration."""
    return {
        "brand_names": site.status.brand_names(),
        "source_names": {source.name: source.label or source.name for source in site.status.sources()},
        "channel_names": site.status.channels(),
    }


def _news(
    rows: Sequence[tuple[IncidentRow, Transition | None]], now: Instant
) -> Sequence[tuple[IncidentRow, Transition]]:
    """The incidents that opened or got worse just now, and that nobody has taken since; the latest first, few."""
    acting = {"open", "worse", "reopened"}
    new = [(row, step) for row, step in rows if step and step.state in acting and now - step.at <= NEWS]
    return sorted(new, key=lambda each: -each[1].at)[:AT_TOP]


def _by_brand(rows: Sequence[IncidentRow]) -> Mapping[str, Sequence[IncidentRow]]:
    found: dict[str, list[IncidentRow]] = {}
    for row in rows:
        found.setdefault(row.brand, []).append(row)
    return found


def _present(site: Site, row: IncidentRow) -> RuleStatus | None:
    """What the rule of an incident counts now; None where it is gone."""
    brand = site.status.brand(row.brand)
    return next((rule for rule in brand.rules if rule.rule == row.rule), None) if brand else None


async def _all_news(site: Site, still_open: Sequence[IncidentRow]) -> Sequence[tuple[IncidentRow, Transition]]:
    """News of those that changed last, however many there are."""
    latest = sorted(still_open, key=lambda row: row.changed_at, reverse=True)[:LISTED]
    new = [row for row in latest if site.now() - row.changed_at <= NEWS]
    return _news([(row, await last_step(site, row)) for row in new], site.now())


async def _failures(site: Site) -> list[tuple[Delivery, IncidentRow | None]]:
    """Deliveries that were given up, and those that failed and are tried again."""
    parked = await site.views.deliveries(state="parked", limit=LISTED)
    failing = [each for each in await site.views.deliveries(state="due") if each.attempts][:LISTED]
    return [(each, await site.views.incident(each.thread) if each.transition else None) for each in parked + failing]


async def _quiet(site: Site, row: IncidentRow) -> dict[int, Quiet]:
    """What was held back of an incident, by the number of the step."""
    held = await site.views.held_back(row.id)
    silences = {each.number: each for each, _ in await site.views.silences()} if held else {}
    critical = {name: await site.views.incident(name) for name in {each.behind for each in held} if name}
    return {
        each.step: Quiet(
            silence=silences.get(each.silence or 0), beside=critical.get(each.behind or ""), told_at=each.told_at
        )
        for each in held
    }


async def quotes_of(site: Site, said: Mapping[str, str]) -> list[dict[str, object]]:
    """The mentions of an incident, each with the roles it was chosen for: first, largest, latest."""
    if not said:
        return []
    found = await site.views.mentions(identities=sorted(set(said.values())), limit=LISTED)
    by_identity = {stored.mention.identity: stored for stored in found}
    return [
        {**_quote(by_identity[identity]), "roles": [role for role, other in said.items() if other == identity]}
        for identity in dict.fromkeys(said.values())
        if identity in by_identity
    ]


def _said(tone: Tone) -> str:
    """What a person said of the tone, "" when nobody did."""
    return tone.label if tone.scorer == PERSON else ""


def _link(url: str | None) -> dict[str, str] | None:
    """Where a link leads, and its host to be shown; None unless it is plain http(s)."""
    safe = safe_link(url)
    return {"url": safe, "host": host_of(safe)} if safe else None


def _written(stored: StoredMention) -> Instant:
    """When a mention was written, as far as that is known and can be true; else when it was taken."""
    created = instant(stored.mention.created_at) if stored.mention.created_at else -1
    return created if 0 <= created < stored.at else stored.at


def _quote(stored: StoredMention) -> dict[str, object]:
    """A mention as it may be shown; every word in it is a stranger's."""
    mention = stored.mention
    author = mention.author.handle or mention.author.name or ""
    tones = {tone.label for tone in stored.tones.values()}
    spoken = [tone.language for tone in stored.tones.values() if tone.language]
    return {
        "identity": mention.identity,
        "name": "" if stored.deleted else defuse(mention.identity),
        "at": _written(stored),
        "brands": sorted(stored.facts),
        "source": mention.source,
        "title": shorten(defuse(mention.title or ""), QUOTED) if mention.title else "",
        "text": shorten(defuse(mention.text), QUOTED) if mention.text else "",
        "author": shorten(defuse(author), LONGEST_NAME) if author else "",
        "tones": sorted(tones),
        "language": next(iter(spoken), None),
        "link": _link(mention.url),
        "deleted": stored.deleted,
        "marks": {} if stored.deleted else {brand: _said(tone) for brand, tone in sorted(stored.tones.items())},
        "roles": [],
    }
