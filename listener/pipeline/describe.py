"""What a transition looks like to people: facts of the log joined with what the store still knows of the mentions.

Joined when a message is about to be sent, so that a mention deleted meanwhile is quoted nowhere.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from alerts.agenda import NOTHING, Agenda, written
from alerts.alert import (
    TO_PEOPLE,
    Alert,
    Brief,
    Late,
    Notice,
    Quote,
    Role,
    Spared,
)
from alerts.delivery import Delivery
from alerts.drill import drill_of
from alerts.handover import WatchOf
from alerts.playbook import Advice
from alerts.step import ACTING
from config.settings import Component, Settings
from listener.errors import PARTLY
from listener.pipeline.advising import advice_for
from listener.pipeline.believing import confidence_of
from listener.pipeline.curve import curve_of
from listener.pipeline.drilled import drill_alert
from listener.pipeline.figures import back_of, figures_of
from listener.pipeline.notify import directory_of
from listener.pipeline.pending import owners_of, pending, retold
from listener.pipeline.talk import heard_in, talk_of
from listener.pipeline.withheld import spared, withheld
from listener.store.port import IncidentRow, StoredMention, Views
from rules.instant import Instant, duration, moment
from rules.rule import Floor
from rules.transition import Evidence, Transition

_DELIVERIES = 1_000
"""Deliveries of one incident that are looked through, the newest."""


class Describer:
    """Makes alerts of stored transitions."""

    def __init__(self, views: Views, settings: Settings, agenda: Agenda | None = None) -> None:
        self.views, self.settings = views, settings
        self.agenda = written(settings) if agenda is None else agenda

    async def alert(self, transition: str, alert_id: str, now: Instant = 0, *, pictures: bool = False) -> Alert | None:
        """The alert of a transition, or of a drill's step, as it is told now; None when the store does not know it (any
        more). For `pictures` it has its curve.
        """
        if drill_of(transition):
            return await drill_alert(transition, alert_id, self.views, self.settings)
        return await self._alert(transition, alert_id, now, pictures=pictures)

    async def _alert(self, transition: str, alert_id: str, now: Instant, *, pictures: bool) -> Alert | None:
        step = await self.views.transition(transition)
        row = await self.views.incident(step.incident) if step else None
        if step is None or row is None:
            return None
        life = [each async for each in self.views.transitions(step.incident)]
        deliveries = await self.views.deliveries(thread=step.incident, limit=_DELIVERIES)
        step = retold(step, deliveries, alert_id)
        heard = await heard_in(step, self.views)
        spoken = await talk_of(step, heard, self.views, self.settings)
        quotes = await self._quotes(step.evidence, spoken.typical)
        return Alert(
            id=alert_id,
            incident=step.incident,
            number=row.number,
            step=step.step,
            brand=step.brand,
            rule=step.rule,
            state=step.state,
            severity=step.severity,
            at=moment(step.at),
            opened_at=moment(row.opened_at),
            first_at=_first_at(step.evidence, quotes),
            figures=figures_of(step, life, spoken, self._floor(step.rule), _labels(self.settings.rules)),
            quotes=quotes,
            curve=await curve_of(step, self.views) if pictures else None,
            advice=self._advice(step, heard, now),
            **await self._coverage(step),
            by=step.by,
            because=step.because,
            ending=step.ending,
            **self._answered(step),
            **self._turned(step, life),
            link=page_of(row, self.settings),
            withheld=await withheld(step, self.views),
            **self._planned(step.brand, moment(max(step.at, now))),
            **self._names(step.brand),
            **await self._standing(step, life, deliveries, alert_id, max(step.at, now)),
            **_reached(step, life, deliveries, alert_id),
        )

    async def _standing(
        self, step: Transition, life: Sequence[Transition], deliveries: Sequence[Delivery], own: str, now: Instant
    ) -> dict[str, Any]:
        standing, people = _standing(step, life), directory_of(self.settings)
        taken = standing["taken_at"] is not None
        return {
            **standing,
            "pending": pending(step, life, deliveries, own, people, now, taken=taken),
            "spared": await spared(step.brand, _channel(deliveries, own), self.views, self.settings, now)
            if step.state in ACTING
            else None,
        }

    async def several(self, deliveries: Sequence[Delivery], at: Instant) -> Notice | None:
        """What deliveries tell, in one notice: of each incident the last step, as things are now. None when nothing of
        it is known any more.
        """
        in_order = sorted(deliveries, key=lambda each: each.step)
        last = {each.thread: each for each in in_order if not await self.is_overtaken(each)}
        briefs = [brief for each in last.values() if (brief := await self._brief(each))]
        if not briefs:
            return None
        return Notice(
            id=hashlib.sha256(" ".join(sorted(each.id for each in deliveries)).encode()).hexdigest()[:20],
            topic="several",
            at=moment(at),
            subject="badbuzz",
            link=self.settings.daemon.external_url,
            several=tuple(briefs),
            spared=await self._spared(deliveries[0], briefs, at),
        )

    async def _spared(self, delivery: Delivery, briefs: Sequence[Brief], at: Instant) -> Spared | None:
        row = await self.views.incident(delivery.thread)
        if row is None or not any(each.state in ACTING for each in briefs):
            return None
        return await spared(row.brand, delivery.channel, self.views, self.settings, at)

    async def is_overtaken(self, delivery: Delivery) -> bool:
        """Whether its channel heard a later step of the incident while this one waited for its hour."""
        if delivery.slot in (None, delivery.created):
            return False
        rows = await self.views.deliveries(thread=delivery.thread, limit=_DELIVERIES)
        sent = [each for each in rows if (each.channel, each.state) == (delivery.channel, "sent")]
        return any(each.step > delivery.step for each in sent)

    async def _brief(self, delivery: Delivery) -> Brief | None:
        step = await self.views.transition(delivery.transition or "")
        row = await self.views.incident(delivery.thread)
        if step is None or row is None:
            return None
        step = retold(step, [delivery], delivery.id)
        brand, ended = self.settings.brands.get(step.brand), row.state == "resolved"
        return Brief(
            incident=row.id,
            link=page_of(row, self.settings),
            number=row.number,
            brand=(brand.name if brand else None) or step.brand,
            severity=step.severity,
            state="resolved" if ended else step.state,
            at=moment(step.at),
            count=step.evidence.count,
            window=duration(step.evidence.window),
            usual=step.evidence.usual,
            unit=step.evidence.unit,
            taken_by=None if ended else row.acknowledged_by,
        )

    def _planned(self, brand: str, at: datetime) -> dict[str, Any]:
        planned = self.agenda.get(brand, NOTHING)
        return {"posts": planned.next_posts(at), "running": planned.running(at)}

    def _advice(self, step: Transition, heard: Sequence[StoredMention], now: Instant) -> Advice | None:
        if step.state not in ACTING:
            return None
        local = moment(max(step.at, now)).astimezone(ZoneInfo(self.settings.daemon.time_zone))
        return advice_for(step, [each.mention for each in heard], self.settings, local)

    def _answered(self, step: Transition) -> dict[str, Any]:
        configured = self.settings.brands.get(step.brand)
        heard = configured is not None and bool(configured.own_accounts)
        return {"answered_at": _moment(step.evidence.answered_at), "answers": heard}

    def _floor(self, rule: str) -> Floor | None:
        configured = self.settings.rules.get(rule)
        floor = getattr(configured.options, "at_least", None) if configured else None
        return floor if isinstance(floor, Floor) else None

    def _turned(self, step: Transition, life: Sequence[Transition]) -> dict[str, Any]:
        """How it ended, and how it came back before."""
        return {"calm_for": self._calm_for(step), "back": back_of(step, life)}

    def _calm_for(self, step: Transition) -> timedelta | None:
        configured = self.settings.rules.get(step.rule)
        if step.state != "resolved" or step.by or step.because or configured is None:
            return None
        returned = step.evidence.returned
        calm_for: timedelta = getattr(configured.options, "calm_for", timedelta())
        return duration(returned.calm_for) if returned else calm_for

    def notice(self, notice: Notice) -> Notice:
        """A notice in the names that people use."""
        settings = self.settings
        sources = notice.topic in ("source_down", "source_up")
        named, rules = _labels(settings.sources if sources else settings.channels), _labels(settings.rules)
        brand = settings.brands.get(notice.brand or "")
        brands = {name: each.name for name, each in settings.brands.items() if each.name}
        if notice.topic in ("held", "live"):
            named = {notice.subject: brand.name} if brand and brand.name else {}
        people = directory_of(settings)
        if notice.subject in people.people and notice.topic in TO_PEOPLE:
            named = {notice.subject: people.called(notice.subject)}
        heard = {
            settings.brands[name].name or name: share for name, share in notice.heard.items() if name in settings.brands
        }
        return msgspec.structs.replace(
            notice,
            watch=notice.watch and msgspec.structs.replace(notice.watch, posts=self._posts(notice.watch, notice.at)),
            subject_name=named.get(notice.subject),
            brand_name=brand.name if brand else None,
            heard=heard,
            held=tuple(msgspec.structs.replace(each, rule=rules.get(each.rule, each.rule)) for each in notice.held),
            missed=tuple((brands.get(name, name), number) for name, number in notice.missed),
            passed_to_name=_labels(settings.channels).get(notice.passed_to or ""),
        )

    def _posts(self, watch: WatchOf, at: datetime) -> int:
        """How many posts are scheduled for the time of a watch; for a week where nobody knows its end."""
        until = watch.until or at + timedelta(days=7)
        return sum(at <= post.at < until for brand in watch.brands for post in self.agenda.get(brand, NOTHING).posts)

    def _names(self, brand: str) -> dict[str, Any]:
        configured, channels = self.settings.brands.get(brand), self.settings.channels
        return {
            "brand_name": configured.name if configured else None,
            "source_names": _labels(self.settings.sources),
            "channel_names": {**_labels(channels), **owners_of(directory_of(self.settings), channels)},
        }

    async def _quotes(self, evidence: Evidence, typical: StoredMention | None) -> tuple[Quote, ...]:
        """The first, the largest and the most typical; the latest where none is typical."""
        if not evidence.mentions:
            return ()
        stored = await self.views.mentions(identities=tuple(evidence.mentions.values()))
        kept = {each.mention.identity: each for each in stored if not each.deleted}
        quoted = {role: kept[name] for role, name in evidence.mentions.items() if name in kept}
        if typical is not None:
            quoted.pop("latest", None)
            quoted["typical"] = typical
        return tuple(quote(role, each) for role, each in quoted.items())

    async def _coverage(self, step: Transition) -> dict[str, Any]:
        """How far the step can be believed; what was not heard at the time of it, with when it was last; and, as things
        are now, what was never heard or is heard in part.
        """
        rows = {row.name: row for row in await self.views.sources()}
        listened = [name for name, source in self.settings.sources.items() if _listens(source, step.brand)]
        never = [name for name in listened if name not in rows or rows[name].last_read is None]
        names = dict.fromkeys((*step.evidence.unheard, *never))
        return {
            "confidence": await confidence_of(step, self.views),
            "coverage": step.evidence.coverage,
            "unheard": {name: _moment(rows[name].silent_since) if name in rows else None for name in names},
            "partly": tuple(
                name
                for name in listened
                if name not in names and name in rows and (rows[name].state, rows[name].code) == ("live", PARTLY)
            ),
        }


def _labels(components: Mapping[str, Component]) -> dict[str, str]:
    return {name: each.label for name, each in components.items() if each.label != name}


def page_of(row: IncidentRow, settings: Settings) -> str | None:
    """The page of an incident; None when people cannot reach it."""
    base = settings.daemon.external_url
    return f"{base}/i/{row.number}" if base else None


def _standing(step: Transition, life: Sequence[Transition]) -> dict[str, Any]:
    """Who has the incident, and whether it went on since `step`."""
    since = max((each.step for each in life if each.state in ("released", "reopened")), default=0)
    taken = next((each for each in reversed(life) if each.state == "acknowledged" and each.step >= since), None)
    last = life[-1]
    return {
        "taken_at": moment(taken.at) if taken else None,
        "taken_by": taken.by if taken else None,
        "late": Late(state=last.state, at=moment(last.at)) if last.step > step.step else None,
    }


def _reached(
    step: Transition, life: Sequence[Transition], deliveries: Sequence[Delivery], alert_id: str
) -> dict[str, Any]:
    """Which channels have this step, and what the one that is told now heard before."""
    own = _channel(deliveries, alert_id)
    mine = [each for each in deliveries if each.transition == step.id]
    told = {each.channel for each in mine if each.state == "sent" or each.id == alert_id}
    sent = {each.transition for each in deliveries if each.channel == own and each.state == "sent"}
    heard = [each.severity for each in life if each.step < step.step and each.id in sent]
    # one that is on its way for the first time has not failed to reach anybody
    failed = {each.channel for each in mine if each.state == "parked" or (each.state == "due" and each.attempts)}
    return {
        "told": tuple(sorted(told)),
        "untold": tuple(sorted(failed - told)),
        "heard": heard[-1] if heard else None,
    }


def _channel(deliveries: Sequence[Delivery], alert_id: str) -> str | None:
    return next((each.channel for each in deliveries if each.id == alert_id), None)


def _listens(source: Component, brand: str) -> bool:
    brands: tuple[str, ...] | None = getattr(source.options, "brands", None)
    return brands is None or brand in brands


def quote(role: str, stored: StoredMention) -> Quote:
    """A mention to quote; `role` as in Quote."""
    mention = stored.mention
    return Quote(
        role=msgspec.convert(role, Role),
        platform=mention.platform,
        source=mention.source,
        text=mention.text or mention.title or "",
        handle=mention.author.handle or mention.author.name,
        followers=mention.author.followers,
        url=mention.url,
        created_at=mention.created_at,
        language=next((tone.language for tone in stored.tones.values() if tone.language), mention.language),
    )


def _first_at(evidence: Evidence, quotes: Sequence[Quote]) -> datetime | None:
    """When the first mention was written: its minute stands in the log, the moment in the mention while it is kept."""
    minute = _moment(evidence.first_at)
    written = next((quote.created_at for quote in quotes if quote.role == "first"), None)
    return written if minute and written and timedelta() <= written - minute < timedelta(minutes=1) else minute


def _moment(at: Instant | None) -> datetime | None:
    return None if at is None else moment(at)
