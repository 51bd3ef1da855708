"""A digest in words, for one language and time zone. Pure: the same digest, the same message."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from msgspec.structs import replace

from alerts.alert import Language, Notice
from alerts.digest import Believed, Counted, Day, Digest
from alerts.layout import LINE, cut
from alerts.message import Field, Message, Quotation
from alerts.render import ENOUGH, fitted
from alerts.safe import digest_made_safe
from alerts.sheets import Bar, Section
from alerts.times import Times
from alerts.typography import estimate, number, percent
from alerts.words import Words, page
from rules.confidence import Word, word_of

SECTIONS = ("volume", "incidents", "withheld", "worth", "campaigns", "events", "unheard", "quality", "ahead")
_SHORT = ("volume", "incidents", "unheard")
"""What a chat is told of a digest."""
_FIELD = 240
"""Characters of each, so that no chat cuts it within a sentence."""
_MARK = 0.8
"""How wide the mark of what is usual is, in per cent of the whole."""
_JUDGED = 5
"""Incidents below which their share of true ones says nothing."""
Promise = Literal["few", "kept", "less", "more", "none"]
_RANKS: tuple[Word, ...] = ("check", "likely", "very")


def promise(each: Believed) -> Promise:
    """Whether as many of the alerts that were told of with a word turned out real as it says: its meaning is fixed."""
    judged = each.real + each.false
    if each.word == "learning":
        return "none"
    if judged < _JUDGED:
        return "few"
    more = _RANKS.index(word_of(each.real / judged)) - _RANKS.index(each.word)
    return "kept" if not more else "more" if more > 0 else "less"


def render_digest(digest: Digest, notice: Notice, language: Language, zone: ZoneInfo) -> Message:
    """The digest that a notice speaks of, under the same promises as an alert."""
    safe = digest_made_safe(digest, language)
    times = Times(safe.made_at, zone, language)
    words = Words("digest.jinja", language, _view(safe, times))
    sections = [each for name in SECTIONS if (each := _section(name, safe, words, times)) is not None]
    lead = " ".join(words.parts("sentence"))
    title = fitted(lambda brand: words.text("title", brand), safe.brand)
    message = Message(
        id=notice.id,
        thread=notice.id,
        step=0,
        language=language,
        title=title,
        subject=fitted(lambda brand: words.text("subject", brand), safe.brand),
        line=cut([f"{title}.", *words.parts("sentence")], LINE),
        lead=lead,
        text="",
        html="",
        level=words.text("level"),
        fields=tuple(_fields(words)),
        quotations=tuple(_quotations(safe, words)),
        context=words.text("made"),
        priority=2,
        about=notice,
    )
    text, html = page({"message": message, "sections": sections}, language, "digest")
    return replace(message, text=text, html=html)


def _fields(words: Words) -> list[Field]:
    return [Field(label=words.text("heading", name), value=_begun(words.parts(name))) for name in _SHORT]


def _begun(sentences: Sequence[str]) -> str:
    """The first sentences, and whether there are more."""
    said = cut(sentences, _FIELD)
    return said if said == " ".join(sentences) else f"{said} …"


def _section(name: str, digest: Digest, words: Words, times: Times) -> Section | None:
    """None where there is nothing to say, and nobody waits for it."""
    if (name == "campaigns" and not digest.campaigns) or (name == "events" and not digest.events):
        return None
    section = Section(heading=words.text("heading", name), lines=tuple(words.parts(name)))
    if name == "volume" and digest.days:
        columns = {column: words.text("column", column) for column in ("day", "posts", "negative", "usual")}
        bars = tuple(_bars(digest.days, times.language))
        return replace(section, bars=bars, caption=words.text("caption"), columns=columns)
    return replace(section, quotations=tuple(_quotations(digest, words))) if name == "worth" else section


def _quotations(digest: Digest, words: Words) -> list[Quotation]:
    return [
        Quotation(
            text=each.quote.text,
            caption=words.text("caption_of", each),
            url=each.quote.url,
            language=each.quote.language,
        )
        for each in digest.worth
    ]


def _bars(days: Sequence[Day], language: Language) -> list[Bar]:
    top = max(1.0, *(max(day.counted.posts, day.usual or 0) for day in days))
    return [
        Bar(
            day=format_date(day.day, "EEE d MMM", locale=language),
            posts=number(day.counted.posts, language),
            negative=number(day.counted.negative, language),
            usual="" if day.usual is None else estimate(day.usual, language),
            cells=tuple(_cells(day.counted, day.usual, top)),
        )
        for day in days
    ]


def _cells(counted: Counted, usual: float | None, top: float) -> Iterator[tuple[str, float]]:
    """The parts of a bar, with the mark of what is usual in whichever it falls."""
    at, mark = 0.0, None if usual is None else min(100 - _MARK, round(100 * usual / top, 1))
    for kind, count in (("bad", counted.negative), ("other", counted.posts), ("track", top)):
        end = round(100 * count / top, 1)
        if mark is not None and at <= mark < end:
            yield from ((part, wide) for part, wide in ((kind, round(mark - at, 1)), ("usual", _MARK)) if wide)
            at, mark = round(mark + _MARK, 1), None
        if end > at:
            yield kind, round(end - at, 1)
            at = end


def _view(digest: Digest, times: Times) -> dict[str, Any]:
    """What the templates may speak of."""
    language, before = times.language, [each.posts for each in digest.before]
    usual = sum(digest.before, Counted())
    unheard = sum(1 for each in digest.unheard if each.never or each.blind or each.lost)
    voice = digest.voice
    return {
        "digest": digest,
        "times": times,
        "period": period_name(digest, times),
        "usual": sum(before) / len(before) if before else None,
        "low": min(before, default=0),
        "high": max(before, default=0),
        "negative": _share(digest.counted.negative, digest.counted.judged, language),
        "negative_usual": _share(usual.negative, usual.judged, language),
        "positive": _share(digest.counted.positive, digest.counted.judged, language),
        "positive_usual": _share(usual.positive, usual.judged, language),
        "voice": percent(voice.part, voice.whole, language) if voice else "",
        "voice_usual": percent(round(voice.usual * 1000), 1000, language) if voice and voice.usual is not None else "",
        "critical": sum(each.severity == "critical" for each in digest.incidents),
        "calm": not (unheard or digest.stopped or digest.withheld) and digest.sources > 0,
        "heard": digest.sources - unheard,
        "believed": [(each, promise(each)) for each in digest.believed],
        "first_day": digest.until - timedelta(days=len(digest.days), hours=-12),
        "last_day": digest.until - timedelta(hours=12),
        "most": max((day.counted.posts for day in digest.days), default=0),
        "decimal": lambda value: format_decimal(round(value, 1), locale=language),
    }


def _share(part: int, whole: int, language: Language) -> str:
    return percent(part, whole, language) if whole >= ENOUGH else ""


def period_name(digest: Digest, times: Times) -> str:
    """`semaine 46 (9–15 novembre)`, `samedi 14 novembre`; `week 46 (9–15 November)`, `Saturday 14 November`."""
    first = digest.since.astimezone(times.zone).date()
    if digest.every == "day":
        return times.date(first)
    last = (digest.until - timedelta(hours=12)).astimezone(times.zone).date()
    begin = str(first.day) if first.month == last.month else _day(first, times.language)
    begin = "1er" if begin == "1" and times.language == "fr" else begin
    word = "semaine" if times.language == "fr" else "week"
    return f"{word} {first.isocalendar().week} ({begin}–{_day(last, times.language)})"


def _day(day: Any, language: Language) -> str:
    text = format_date(day, "d MMMM", locale=language)
    return f"1er{text[1:]}" if language == "fr" and day.day == 1 else text
