"""Alerts and notices in words, for one language and time zone. Pure: the same alert, the same message."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from msgspec.structs import replace

from alerts.acts import Choice
from alerts.alert import Alert, Language, Notice, Quote
from alerts.answers import choices, confirming, offered
from alerts.charting import chart_of
from alerts.figures import Figures, Share
from alerts.layout import LINE, Sheet, cut, fitting, laid_out, stamp
from alerts.message import Message, Quotation
from alerts.names import alert_in_names, notice_in_names
from alerts.playbook import Advice, InWords
from alerts.safe import alert_made_safe, notice_made_safe
from alerts.several import render_several
from alerts.times import Times
from alerts.typography import composed, estimate, number, percent, quoted
from alerts.words import Words, headings
from rules.text import shorten
from rules.transition import SEVERITIES

TITLE = 60
"""Budget in characters of a title or mail subject."""
BEGINNING = 80
"""Most characters of the first thing to do, in the line."""
SHORTEST_NAME = 6
"""A name is not shortened below this for a title to fit."""
LISTED = 4
"""How many sources or channels are named before the rest, two or more, is summed up."""
SCHEDULED = 3
"""How many scheduled posts are named."""
ENOUGH = 20
"""Mentions below which a share in per cent would only mislead."""
MINUTE = timedelta(minutes=1)
"""The first mention may be known to the minute only: a shorter lead is not told."""
_ROUND = 300  # seconds
ACTING = frozenset({"open", "worse", "released", "reopened"})
"""States that ask somebody to act."""

_PRIORITY: dict[str, Literal[3, 4, 5]] = {"info": 3, "warning": 4, "critical": 5}
_NOTICE_PRIORITY: dict[str, Literal[2, 3, 4]] = {
    "undelivered": 4,
    "source_down": 3,
    "source_up": 2,
    "held": 2,
    "several": 2,
    "test": 3,
    "live": 2,
    "canary": 2,
    "canary_lost": 4,
    "canary_back": 2,
    "no_drill": 3,
    "quarantined": 3,
    "watch": 3,
    "watch_unanswered": 4,
    "watch_again": 4,
    "watch_confirmed": 2,
    "nudge": 3,
}


def render(alert: Alert, language: Language, zone: ZoneInfo) -> Message:
    """The alert in words. Strangers' words stand in the quotations alone, defused and shortened; every time is in
    `zone`, which is named once; nothing is said that `alert` does not hold.
    """
    safe = alert_made_safe(alert_in_names(_taken(alert)), language)
    times = Times(safe.at, zone, language)
    words = Words(
        "drill.jinja" if safe.drill else "alert.jinja", language, {**_view(safe, language, times), **_drilled(safe)}
    )
    loud, marks = is_loud(safe), marks_of(language, drill=safe.drill)
    lead, tail = " ".join(words.parts("lead")), _said(words, "why", "told", "passing", "ceiling", "next")
    asks, presses = _offered(safe, language)
    head, sentences = words.headed("line")
    message = Message(
        id=alert.id,
        thread=alert.incident,
        step=alert.step,
        language=language,
        title=fitted(lambda brand: marks.short(words.text("title", brand)), safe.brand),
        subject=fitted(lambda brand: marks.short(words.text("subject", brand)), safe.brand),
        head=head,
        line=marks.long(fitting(sentences, LINE - len(marks.long("")))),
        lead=marks.long(lead),
        text="",
        html="",
        level=words.text("level"),
        fields=words.facts("facts"),
        quotations=_quotations(safe.quotes, words) if loud and not safe.drill else (),
        first=tuple(words.parts("first")),
        first_label=headings(language).first,
        answers=words.facts("answers"),
        choices=presses,
        asks=asks,
        context=" · ".join([tail[0], f"{stamp(times)}, {times.place}", *tail[1:]]),
        link=safe.link,
        link_label=headings(language).open_link,
        priority=_PRIORITY[safe.severity] if loud else 2,
        chart=chart_of(safe, words, times),
        about=alert,
    )
    banner = (words.text("state"), words.text("severity"), f"{stamp(times)} ({times.place})")
    colour = safe.severity if safe.state in ACTING else "quiet"
    return laid_out(message, Sheet(banner, 1, colour, words.text("which"), lead, tail, safe.drill))


def _offered(alert: Alert, language: Language) -> tuple[str, tuple[Choice, ...]]:
    """What can be done, and a question before it where that needs one. A drill is taken like an incident, and is
    nothing else.
    """
    is_over = alert.state == "resolved"
    if alert.late and alert.late.state == "resolved":
        return "", ()
    if alert.drill:
        return "", () if alert.taken_at or is_over else choices(language, "ack")
    return offered(language, is_over=is_over, is_taken=bool(alert.taken_at), is_judged=bool(alert.ending))


def _taken(alert: Alert) -> Alert:
    """With who has it, where the step itself says so."""
    return replace(alert, taken_at=alert.at, taken_by=alert.by) if alert.state == "acknowledged" else alert


def is_loud(alert: Alert) -> bool:
    """Whether the alert may ring: a new high of what is known only updates the thread, and so does what comes late,
    once somebody has the incident or it is over. A rise in level rings whoever has it.
    """
    if alert.state not in ACTING or (alert.late and alert.late.state == "resolved"):
        return False
    if alert.pending and alert.pending.why != "told":
        return True
    if alert.state == "worse" and alert.heard:
        return _rises(alert)
    return not (alert.state in ("open", "released", "reopened") and alert.taken_at)


def _asks(alert: Alert) -> bool:
    return alert.state in ACTING and not (alert.late and alert.late.state == "resolved")


def _is_news(alert: Alert) -> bool:
    """Whether the channel knows of the incident, and is told what changed alone."""
    return alert.state == "worse" and alert.heard is not None


def _rises(alert: Alert) -> bool:
    return alert.heard is not None and SEVERITIES.index(alert.severity) > SEVERITIES.index(alert.heard)


def render_notice(notice: Notice, language: Language, zone: ZoneInfo) -> Message:
    """The notice in words, under the same promises as an alert."""
    safe = notice_made_safe(notice_in_names(notice), language)
    if safe.several:
        return render_several(safe, language, zone)
    times = Times(safe.at, zone, language)
    held = {"shown": safe.held[: _listed(len(safe.held))], "others": len(safe.held[_listed(len(safe.held)) :])}
    words = Words("live.jinja" if safe.live else "notice.jinja", language, {"notice": safe, "times": times, **held})
    lead, reason = " ".join(words.parts("lead")), words.text("reason")
    missed = safe.topic == "undelivered" and safe.since is not None and not safe.missed
    title = fitted(lambda name: words.text("title", name), (safe.brand or "") if missed else safe.subject)
    when = f"{stamp(times)} ({times.place})"
    message = Message(
        id=notice.id,
        thread=notice.id,
        step=0,
        language=language,
        title=title,
        subject=title,
        line=cut([*words.parts("lead"), *([f"{reason}."] if reason else [])], LINE),
        lead=lead,
        text="",
        html="",
        level=words.text("level"),
        fields=words.facts("facts") if safe.live else (),
        quotations=_quotations(safe.live.quotes, words) if safe.live else (),
        first=tuple(words.parts("first")),
        first_label=headings(language).first,
        context=" · ".join(filter(None, (when, reason))),
        choices=confirming(language) if safe.watch and safe.watch.asked and safe.watch.here else (),
        link=safe.link,
        link_label=headings(language).open_link,
        priority=_NOTICE_PRIORITY[safe.topic],
        about=notice,
    )
    tail = [reason] if reason else []
    return laid_out(message, Sheet((words.text("level"), when), 0, "quiet", words.text("which"), lead, tail))


@dataclass(frozen=True)
class _Shortlist:
    """The first of many by name, how many `others` there are, and the sum of their counts."""

    shown: tuple[str, ...]
    others: int
    rest: int = 0


@dataclass(frozen=True)
class Marks:
    """Puts the word for a drill first and last, in a few words or in more."""

    short: Callable[[str], str]
    long: Callable[[str], str]


def marks_of(language: Language, *, drill: bool) -> Marks:
    """Those of a drill; nothing is put anywhere of what is none."""
    if not drill:
        return Marks(str, str)
    word, calm = headings(language).drill, headings(language).drill_calm
    return Marks(lambda text: f"{word} · {text} · {word}", lambda text: f"{calm} {text} {word}")


def _view(alert: Alert, language: Language, times: Times) -> dict[str, Any]:
    """What the templates may speak of."""
    figures = alert.figures
    mainly, only = _main(figures.sources)
    return {
        "alert": alert,
        "figures": figures,
        "brand": f"{alert.brand} {headings(language).made_up}" if alert.drill else alert.brand,
        "times": times,
        **_moment(alert),
        "early": alert.first_at is not None and alert.opened_at - alert.first_at >= MINUTE,
        "ended_now": alert.state == "resolved",
        "words": [quoted(word, language) for word in figures.words],
        "spoken": [
            f"{quoted(word, language)} {number(count, language)}" for word, count in figures.words.items() if count
        ],
        "peaks": figures.peak is not None and not figures.fewer,
        "first_half": None if figures.second_half is None else figures.count - figures.second_half,
        **_course(alert, language),
        **_advised(alert, language),
        "mainly": mainly,
        "mainly_only": only,
        "share": _share(figures, language),
        "copied": _copied(figures, language),
        "original": figures.count >= ENOUGH and bool(figures.stories) and 10 * _copies(figures) < figures.count,
        "told_share": _told_share(figures.share, language),
        "talk": [(_called(each.word, language), number(each.count, language), each.new) for each in figures.talk],
        "languages": _languages(figures.languages, language),
        "posts": alert.posts[:SCHEDULED],
        "more_posts": len(alert.posts[SCHEDULED:]),
        "where": _where(figures.sources, language),
        "besides": _shortlist(figures.also),
        "silent": _shortlist(sorted(alert.unheard)),
        "partly": _shortlist(sorted(alert.partly)),
        "informed": _shortlist(alert.told),
        "waiting": _shortlist(alert.untold),
    }


def _called(word: str, language: Language) -> str:
    """A word that people use; a hashtag shows by itself that it is theirs."""
    return word if re.fullmatch(r"#\w+", word) else quoted(word, language)


def _moment(alert: Alert) -> dict[str, bool]:
    """Where in its life the incident is. `renewed`: the figures are newer than the step that is repeated."""
    renewed = alert.pending is not None and alert.pending.present
    return {
        "acting": alert.state in ACTING,
        "asks": _asks(alert),
        "news": _is_news(alert),
        "rises": alert.state in ACTING and _rises(alert),
        "later": alert.state != "open" or renewed,
        "renewed": renewed,
    }


def _advised(alert: Alert, language: Language) -> dict[str, Any]:
    """What the playbook says, in `language`: `begin_with` is its first step as part of the line."""

    def said(words: InWords) -> str:
        return composed(getattr(words, language), language)

    advice = alert.advice or Advice(steps=())
    steps = [(said(step.words), [who for who in (step.by, step.needs) if who], step.hold) for step in advice.steps]
    client = advice.client
    return {
        "steps": steps,
        "holds": any(step.hold for step in advice.steps),
        "begin_with": shorten(steps[0][0], BEGINNING) if steps else "",
        "shows_steps": _asks(alert) and (not _is_news(alert) or bool(advice.playbook and _rises(alert))),
        "client": client,
        "spared": said(client.unless) if client and client.unless else "",
        "holding": [(each.number, each, getattr(each.words, language)) for each in advice.answers],
    }


def _drilled(alert: Alert) -> dict[str, Any]:
    """What came of a drill: channels that got it, and those that did not."""
    got = [each for each in alert.reached if each.after is not None]
    return {"arrived": got, "missed": [each for each in alert.reached if each.after is None]}


def _share(figures: Figures, language: Language) -> str:
    return percent(figures.negative, figures.posts, language) if figures.posts >= ENOUGH else ""


def _told_share(share: Share | None, language: Language) -> dict[str, str]:
    """The share that a rule watches and the usual one, in per cent; "" for a usual one that is not known."""
    if share is None or not share.whole:
        return {"now": "", "usual": ""}
    usual = "" if share.usual is None else percent(round(share.usual * 100), 100, language)
    return {"now": percent(share.part, share.whole, language), "usual": usual}


def _copied(figures: Figures, language: Language) -> str:
    """The share of mentions that copy another, where it is a part worth telling of enough."""
    copies = _copies(figures)
    return percent(copies, figures.count, language) if figures.count >= ENOUGH and 4 * copies >= figures.count else ""


def _copies(figures: Figures) -> int:
    return figures.count - figures.stories if figures.stories and figures.unit == "mentions" else 0


def _course(alert: Alert, language: Language) -> dict[str, Any]:
    """How fast it grows and where it is heading, of what is told while it is so."""
    trend = None if alert.late or alert.state == "resolved" else alert.figures.trend
    if trend is None:
        return {"trend": None, "heading": (), "heading_at": None}
    every, fastest, slowest = map(_paced, (trend.every, trend.fastest, trend.slowest))
    heading = [estimate(value, language) for value in (trend.low, trend.high) if value is not None]
    # on a round number of minutes in any time zone
    ahead = datetime.fromtimestamp(round((alert.at + trend.ahead).timestamp() / _ROUND) * _ROUND, UTC)
    return {
        "trend": replace(trend, every=every, fastest=fastest, slowest=max(slowest, fastest + MINUTE)),
        "heading": () if trend.falls else tuple(dict.fromkeys(heading)),
        "heading_at": ahead,
    }


def _paced(span: timedelta) -> timedelta:
    """As exact as an estimate deserves: whole minutes, from two on, and above ten every fifth."""
    minutes = span / MINUTE
    return (round(minutes / 5) * 5 if minutes > 10 else max(2, round(minutes))) * MINUTE


def _ranked(sources: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(sources.items(), key=lambda item: (-item[1], item[0]))


def _main(sources: Mapping[str, int]) -> tuple[str, bool]:
    """The source with more than half of all, and whether it has all; none is ""."""
    ranked, total = _ranked(sources), sum(sources.values())
    if not ranked or ranked[0][1] * 2 <= total:
        return "", False
    return ranked[0][0], ranked[0][1] == total


def _languages(counted: Mapping[str, int], language: Language) -> list[str]:
    """Those that are spoken, by their names, where it is more than one."""
    named = [(Locale(language).languages.get(code.partition("-")[0]), count) for code, count in _ranked(counted)]
    known = [f"{name} {number(count, language)}" for name, count in named if name]
    return known[:LISTED] if len(known) > 1 else []


def _where(sources: Mapping[str, int], language: Language) -> _Shortlist:
    ranked = [(name, count) for name, count in _ranked(sources) if count]
    listed = _listed(len(ranked))
    shown = tuple(f"{name} {number(count, language)}" for name, count in ranked[:listed])
    return _Shortlist(shown, len(ranked[listed:]), sum(count for _, count in ranked[listed:]))


def _shortlist(names: Sequence[str]) -> _Shortlist:
    listed = _listed(len(names))
    return _Shortlist(tuple(names[:listed]), len(names[listed:]))


def _listed(total: int) -> int:
    """How many of them are named: a single one is no sum."""
    return total if total == LISTED + 1 else LISTED


def _quotations(quotes: Sequence[Quote], words: Words) -> tuple[Quotation, ...]:
    return tuple(
        Quotation(text=quote.text, caption=words.text("caption", quote), url=quote.url, language=quote.language)
        for quote in quotes
    )


def _said(words: Words, *macros: str) -> list[str]:
    return list(filter(None, map(words.text, macros)))


def fitted(title: Callable[[str], str], name: str) -> str:
    """The title, its name shortened when it is too long."""
    over = len(title(name)) - TITLE
    return title(shorten(name, max(SHORTEST_NAME, len(name) - over))) if over > 0 else title(name)
