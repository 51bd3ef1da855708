"""What came of live events: told once, some minutes after their end, and counted when it is told, so that nothing
deleted is quoted.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from alerts.agenda import Span
from alerts.alert import LiveReport, Notice, Quote
from alerts.delivery import Outgoing
from alerts.step import Step
from config.settings import Settings
from listener.pipeline.describe import quote
from listener.pipeline.notify import route, to_operator
from listener.pipeline.setup import Setup
from listener.store.port import StoredMention, Views
from rules.classify import full_text
from rules.instant import DAY, MINUTE, Instant, instant, moment
from rules.live import Live
from rules.query.compiled import compile_query
from rules.query.content import Content

WAIT = 5 * MINUTE
"""How long after its end an event is told of: what was written at the end may come a little late."""
_QUESTION = re.compile(r"\?(?:[\s!?»”\"')]|$)")
_READ = 3_000
"""Mentions that are looked through, the newest."""


class LiveReports:
    """Tells of each event that ended since the last look. One is told anew after a start within a day: as its notice
    has the same id then, nothing is delivered twice.
    """

    def __init__(self) -> None:
        self._told: Instant = 0
        self._of: Setup | None = None
        self._events = list[tuple[str, Span]]()

    def begin(self, committed: Instant) -> None:
        """Go on after what was committed last."""
        self._told = committed and committed - DAY

    def due(self, setup: Setup, committed: Instant, at: Instant) -> list[Outgoing]:
        """What is to be told now; everything up to `committed` can be read."""
        since, self._told = self._told or committed, committed
        if setup is not self._of:
            self._of, self._events = setup, list(_told_of(setup))
        return [
            each
            for brand, span in self._events
            if since < instant(span.until) + WAIT <= committed
            for each in _of(setup.settings, brand, span, at)
        ]


def _told_of(setup: Setup) -> Iterator[tuple[str, Span]]:
    for brand in setup.plans:
        yield from ((brand, span) for span in setup.agenda[brand].spans if span.report and span.tag)


def _of(settings: Settings, brand: str, span: Span, at: Instant) -> list[Outgoing]:
    end = instant(span.until)
    notice = Notice(
        id=f"live-{brand}-{instant(span.since)}-{end}-{span.name}",
        topic="live",
        at=moment(end + WAIT),
        subject=brand,
        brand=brand,
        live=LiveReport(tag=span.name, since=span.since, until=span.until),
    )
    return to_operator(notice, route(settings, Step(brand=brand, severity="warning", at=at)).channels, at)


async def counted(notice: Notice, views: Views, settings: Settings) -> Notice:
    """A notice as it is to be told: with what came of the live event that it is about, as far as that is still kept.
    Raises StoreError.
    """
    if notice.live is None:
        return notice
    stored = await views.mentions(brand=notice.subject, until=instant(notice.at), limit=_READ)
    return replace(notice, live=report_of(notice.live, stored, notice.subject, settings, more=len(stored) == _READ))


def report_of(
    live: LiveReport, stored: Sequence[StoredMention], brand: str, settings: Settings, *, more: bool = False
) -> LiveReport:
    """What the mentions that are kept of a brand say of an event, without the brand's own and what was deleted."""
    event = Live(query=compile_query(live.tag), since=live.since, until=live.until)
    heard = sorted((each for each in stored if _is_of(each, brand, event)), key=_written)
    labels = [_label(each, brand) for each in heard]
    return replace(
        live,
        count=len(heard),
        authors=len({each.facts[brand].author for each in heard} - {""}),
        negative=labels.count("negative"),
        positive=labels.count("positive"),
        questions=sum(map(_asks, heard)),
        more=more and _written(stored[-1]) > instant(live.since),
        quotes=tuple(_quoted(heard, brand, settings)),
    )


def _is_of(stored: StoredMention, brand: str, live: Live) -> bool:
    if stored.deleted or brand not in stored.facts or stored.facts[brand].own:
        return False
    return live.hears(stored.mention) and live.query.find(Content(stored.mention)) is not None


def _quoted(heard: Sequence[StoredMention], brand: str, settings: Settings) -> Iterator[Quote]:
    """The loudest voice, the loudest question and the first that is negative."""
    loud = sorted(heard, key=lambda each: -(each.mention.author.followers or 0))
    chosen = {
        "largest": next((each for each in loud if each.mention.author.followers), None),
        "question": next(filter(_asks, loud), None),
        "negative": next((each for each in heard if _label(each, brand) == "negative"), None),
    }
    for role, stored in chosen.items():
        if stored:
            made = quote(role, stored)
            source = settings.sources.get(made.source)
            yield replace(made, source=source.label if source else made.source)


def _label(stored: StoredMention, brand: str) -> str:
    return stored.tones[brand].label if brand in stored.tones else ""


def _asks(stored: StoredMention) -> bool:
    return _QUESTION.search(full_text(stored.mention)) is not None


def _written(stored: StoredMention) -> Instant:
    mention = stored.mention
    return instant(min(mention.created_at or mention.observed_at, mention.observed_at))
