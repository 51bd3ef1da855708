"""Campaigns beside what they were to bring, and what is known of the time to come. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from alerts.agenda import Planned, Span
from alerts.digest import Ahead, Campaign
from alerts.rota import Rota
from alerts.silence import Silence
from config.settings import Settings
from listener.pipeline.drills import next_drill
from listener.pipeline.watched import watched_until
from listener.reporting.counting import Days
from listener.reporting.periods import Period, midnight
from rules.instant import instant, moment


def campaigns(planned: Planned, period: Period, days: Days) -> Iterator[Campaign]:
    """Those that ran in a time."""
    for span in _in(planned, period):
        if span.tag is None:
            ran = [day for day in period.days() if _runs(span, day, period.zone)]
            yield Campaign(name=span.name, expected=span.posts, measured=_times(days, ran))


def events(planned: Planned, period: Period) -> list[Span]:
    """Live events that ended in a time."""
    return [span for span in _in(planned, period) if span.tag and instant(span.until) <= period.until]


def ahead(
    planned: Planned, settings: Settings, silences: Sequence[tuple[Silence, int]], brand: str, period: Period
) -> list[Ahead]:
    """What is known of the time after a time, as long as that was; `silences` are those that were in force after it."""
    following = period.following
    begin, end = moment(following.since), moment(following.until)
    found = [
        Ahead(what="live" if span.tag else "campaign", name=span.tag or span.name, at=span.since)
        for span in _in(planned, following)
    ]
    found += [Ahead(what="post", name=post.name, at=post.at) for post in planned.posts if begin <= post.at < end]
    found += [
        Ahead(what="silence", name=each.because, at=moment(each.until))
        for each, _ in silences
        if each.what.brand in (None, brand) and not each.what.incident and each.at < following.since
    ]
    found += _watches(settings, brand, following)
    found += _drills(settings, brand, following)
    rings = watched_until(settings, brand)
    if rings and following.since <= midnight(rings, period.zone) < following.until:
        found.append(Ahead(what="rings", name="", at=moment(midnight(rings, period.zone))))
    return sorted(found, key=lambda each: each.at)


def _watches(settings: Settings, brand: str, period: Period) -> Iterator[Ahead]:
    """Who has the watch in a time, whenever that changes; nobody who is to hear of other brands only."""
    rota = Rota(settings.oncall, settings.daemon.time_zone) if settings.oncall else None
    at, last = period.since, ""
    while rota and at is not None and at < period.until:
        watch = rota.at(at)
        person = settings.people.get(watch.first)
        if watch.on and watch.first != last and person and brand in (person.only or (brand,)):
            last = watch.first
            yield Ahead(what="watch", name=person.name or last, at=moment(at))
        at = period.until if watch.until is None else watch.until


def _drills(settings: Settings, brand: str, period: Period) -> Iterator[Ahead]:
    plan = settings.drill
    if plan.every and brand == (plan.brand or next(iter(settings.brands))):
        at = next_drill(plan.every, settings.daemon.time_zone, period.since - 1)
        if at is not None and at < period.until:
            yield Ahead(what="drill", name="", at=moment(at))


def _in(planned: Planned, period: Period) -> list[Span]:
    begin, end = moment(period.since), moment(period.until)
    return [span for span in planned.spans if span.since < end and begin < span.until]


def _runs(span: Span, day: date, zone: ZoneInfo) -> bool:
    """Whether it ran for that whole day."""
    begin, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    return instant(span.since) <= begin and end <= instant(span.until)


def _times(days: Days, when: Sequence[date]) -> float | None:
    """How many times as much as usual was said on those days."""
    known = [(days.counted[day].posts, usual) for day in when if day in days.counted and (usual := days.usual(day))]
    return sum(count for count, _ in known) / sum(usual for _, usual in known) if known else None
