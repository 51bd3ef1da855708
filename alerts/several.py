"""Several incidents in one message: each by its brand, number, level and figure, whatever their number."""

from collections.abc import Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from alerts.acts import Choice
from alerts.alert import Brief, Language, Notice
from alerts.layout import LINE, Sheet, cut, laid_out, stamp
from alerts.message import Field, Message
from alerts.step import ACTING
from alerts.times import Times
from alerts.words import Words, headings
from rules.text import shorten
from rules.transition import SEVERITIES

ROOM = 3_400
"""Bytes of UTF-8 of all rows, so that none is cut where a message holds 4,096. What is usual, and the window, are left
out where they do not fit.
"""
PAGES = 9
"""Incidents that can be taken by themselves or have a link, the most urgent: those of which a keypad has a number."""
NAME = 30
"""Bytes of UTF-8 of a brand's name in a row."""
_PRIORITY: dict[str, Literal[3, 4, 5]] = {"info": 3, "warning": 4, "critical": 5}


def render_several(notice: Notice, language: Language, zone: ZoneInfo) -> Message:
    """The words for `notice.several`, which is safe and not empty. It rings as the worst of what is open and new."""
    several = sorted(notice.several, key=_urgency)
    ringing = [each for each in several if _rings(each)]
    brands = list(dict.fromkeys(each.brand for each in several))
    times = Times(notice.at, zone, language)
    free = [each for each in several if each.state != "resolved" and each.taken_by is None]
    view = {"several": several, "brands": brands, "ringing": ringing, "worst": several[0], "notice": notice}
    words = Words("several.jinja", language, {**view, "times": times})
    rows, lead = _rows(several, brands, words), " ".join(words.parts("lead"))
    when, ceiling = f"{stamp(times)} ({times.place})", words.text("ceiling")
    message = Message(
        id=notice.id,
        thread=notice.id,
        step=0,
        language=language,
        title=words.text("title", shorten(brands[0], NAME)),
        subject=words.text("title", shorten(brands[0], NAME)),
        line=cut([*words.parts("lead"), *_by_brand(several, brands, words, "entry")], LINE),
        lead=lead,
        listed=rows,
        text="",
        html="",
        level=words.text("level"),
        first=tuple(words.parts("first")),
        first_label=headings(language).first,
        choices=_choices(free, words) if notice.answerable else (),
        pages=tuple(Field(label=words.text("page", each), value=each.link) for each in free[:PAGES] if each.link),
        context=" · ".join(filter(None, (when, ceiling))),
        link=notice.link,
        link_label=headings(language).open_all,
        priority=_PRIORITY[ringing[0].severity] if ringing else 2,
        about=notice,
    )
    colour = ringing[0].severity if ringing else "quiet"
    return laid_out(
        message, Sheet((words.text("level"), when), 0, colour, words.text("which"), lead, (ceiling,) if ceiling else ())
    )


def _choices(free: Sequence[Brief], words: Words) -> tuple[Choice, ...]:
    """All at once, where there are several, and some by themselves, the most urgent first."""
    all_ = [Choice(act="ack", label=words.text("take_all", len(free)))] if len(free) > 1 else []
    each = [Choice(act="ack", label=words.text("take", one), incident=one.incident) for one in free[:PAGES]]
    return (*all_, *each)


def _urgency(each: Brief) -> tuple[bool, int, int]:
    return (not _rings(each), -SEVERITIES.index(each.severity), each.number)


def _rings(each: Brief) -> bool:
    return each.state in ACTING and each.taken_by is None


def _rows(several: Sequence[Brief], brands: Sequence[str], words: Words) -> tuple[str, ...]:
    whole = _listed(several, brands, words, "entry")
    fits = sum(len(row.encode()) + 1 for row in whole) <= ROOM
    return whole if fits else _listed(several, brands, words, "short")


def _listed(several: Sequence[Brief], brands: Sequence[str], words: Words, form: str) -> tuple[str, ...]:
    """A row an incident, where all are of one brand, which the lead names; else a row a brand."""
    if len(brands) == 1:
        return tuple(words.text(form, each) for each in several)
    return _by_brand(several, brands, words, form)


def _by_brand(several: Sequence[Brief], brands: Sequence[str], words: Words, form: str) -> tuple[str, ...]:
    """The brand with the worst first."""
    return tuple(
        words.text("row", _name(brand), [words.text(form, each) for each in several if each.brand == brand])
        for brand in brands
    )


def _name(brand: str) -> str:
    while len(brand.encode()) > NAME:
        brand = shorten(brand, len(brand) - 1)
    return brand
