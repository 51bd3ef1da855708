"""A dossier as a page that needs nothing else: to be read, printed and filed. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from alerts.alert import Language, Quote
from alerts.dossier import Curve, Dossier
from alerts.message import Quotation
from alerts.safe import dossier_made_safe
from alerts.sheets import Section
from alerts.times import Times
from alerts.typography import estimate, number
from alerts.words import Words, laid_out

_WIDTH, _HEIGHT = 640, 160
_SECTIONS = ("life", "curve", "moments", "quotes", "unheard", "removed")


def render_dossier(dossier: Dossier, language: Language, zone: ZoneInfo) -> str:
    """The page, under the same promises as an alert."""
    safe = dossier_made_safe(dossier, language)
    times = Times(safe.made_at, zone, language)
    words = Words("dossier.jinja", language, _view(safe, times))
    values: Mapping[str, Any] = {
        "title": words.text("title"),
        "lead": " ".join(words.parts("lead")),
        "hold": words.text("hold"),
        "sections": {name: _section(name, safe, words) for name in _SECTIONS},
        "curve": _drawn(safe.curve, times, words) if safe.curve else None,
        "moments": [(words.text("when", each.at), words.text("moment", each), each.what) for each in safe.moments],
        "made": words.text("made"),
    }
    return laid_out("dossier.html.jinja", values, language)


def _section(name: str, dossier: Dossier, words: Words) -> Section:
    quoted: list[tuple[Quote, str]] = []
    if name == "quotes":
        quoted = [(each, words.text("caption", each)) for each in dossier.quotes]
    elif name == "removed":
        quoted = [(each.quote, words.text("removed_caption", each)) for each in dossier.removed]
    quotations = tuple(
        Quotation(text=quote.text, caption=caption, url=quote.url, language=quote.language) for quote, caption in quoted
    )
    return Section(heading=words.text("heading", name), lines=tuple(words.parts(name)), quotations=quotations)


def _view(dossier: Dossier, times: Times) -> dict[str, Any]:
    curve, lived = dossier.curve, dossier.lived
    sources = sorted(dossier.sources.items(), key=lambda item: (-item[1], item[0]))
    return {
        "dossier": dossier,
        "lived": lived,
        "curve": curve,
        "times": times,
        "where": [f"{name} {number(count, times.language)}" for name, count in sources],
        "top": max((_count(curve, each.counted) for each in curve.bins), default=0) if curve else 0,
        "fell_before": bool(dossier.peak_at and dossier.replied_at and dossier.peak_at < dossier.replied_at),
        "waits": sum(each.what == "delivery" and each.outcome == "due" for each in dossier.moments),
    }


def _count(curve: Curve, counted: Any) -> int:
    count: int = getattr(counted, curve.of)
    return count


def _drawn(curve: Curve, times: Times, words: Words) -> Mapping[str, Any]:
    """A drawing in steps, and what it shows as a table."""
    counts = [_count(curve, each.counted) for each in curve.bins]
    top = max(1.0, *counts, curve.usual or 0)
    step = _WIDTH / len(counts)
    heights = [_HEIGHT - round(_HEIGHT * count / top, 1) for count in counts]
    path = "".join(f"V{height:g}h{step:.2f}" for height in heights)
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "path": f"M0 {_HEIGHT}{path}V{_HEIGHT}Z",
        "usual": None if curve.usual is None else _HEIGHT - round(_HEIGHT * curve.usual / top, 1),
        "usual_text": "" if curve.usual is None else estimate(curve.usual, times.language),
        "top": number(max(counts), times.language),
        "begin": words.text("when", curve.bins[0].at),
        "end": words.text("when", curve.bins[-1].at + curve.width),
        "caption": words.text("curve_caption"),
        "columns": [words.text("column", name) for name in ("from", "posts", "negative")],
        "rows": list(_rows(curve, times)),
    }


def _rows(curve: Curve, times: Times) -> Iterator[tuple[str, str, str]]:
    """The day stands where it begins, so that rows are short."""
    day = ""
    for each in curve.bins:
        before, day = day, times.day(each.at)
        hour = times.hour(each.at)
        counted = (number(count, times.language) for count in (each.counted.posts, each.counted.negative))
        posts, negative = counted
        yield hour if day == before else f"{day}, {hour}", posts, negative
