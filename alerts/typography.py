"""Numbers, durations and lists as French and English write them."""

import re
from collections.abc import Sequence
from datetime import timedelta

from babel import Locale
from babel.numbers import format_decimal, format_percent

from alerts.alert import Language

NO_BREAK, THIN = "\u00a0", "\u202f"
"""What French sets before a colon or a unit, and before the other double marks, `%` and thousands."""


def number(count: int, language: Language) -> str:
    """A whole number with its thousands apart: `12 000`, `12,000`."""
    return format_decimal(count, locale=language)


def estimate(value: float, language: Language) -> str:
    """A number that was estimated, as exact as it deserves: whole below 100, two significant digits above."""
    if 0 < value < 0.5:
        return "moins de 1" if language == "fr" else "less than 1"
    digits = len(str(int(value)))
    return number(int(round(value, min(0, 2 - digits))), language)


def percent(part: int, whole: int, language: Language) -> str:
    """A share in whole per cent, 0 and 100 only when it is exact. `whole` is positive."""
    share, more, less = part / whole, *(("plus de", "moins de") if language == "fr" else ("more than", "less than"))
    bound = f"{less} " if 0 < share < 0.01 else f"{more} " if 0.99 < share < 1 else ""
    text = format_percent(min(max(share, 0.01), 0.99) if bound else share, locale=language)
    return bound + text.replace(f"{NO_BREAK}%", f"{THIN}%")


def part(share: float, language: Language) -> str:
    """An estimated share below 1, to five per cent: `70 %`; "" for next to nothing."""
    rounded = min(95, 5 * round(20 * share))
    return percent(rounded, 100, language) if rounded > 0 else ""


def plural(count: float, one: str, other: str, language: Language) -> str:
    """The form that goes with a count: French says 0 and 1 in the singular, English only 1."""
    return one if Locale(language).plural_form(count) == "one" else other


def span(duration: timedelta, language: Language) -> str:
    """A duration in at most two units: `45 s`, `15 min`, `2 h 42`, `3 j 4 h`. Negative ones count as zero."""
    seconds = max(0, round(duration.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    gap, day = (NO_BREAK, "j") if language == "fr" else (" ", "d")
    if days >= 2:
        return f"{days}{gap}{day}" + (f" {hours % 24}{gap}h" if hours % 24 else "")
    if hours:
        rest = f"{gap}{minutes % 60:02}" + ("" if language == "fr" else " min")
        return f"{hours}{gap}h" + (rest if minutes % 60 else "")
    return f"{minutes}{gap}min" if minutes else f"{seconds}{gap}s"


def precise(duration: timedelta, language: Language) -> str:
    """A duration as `span` says it, to the second within an hour: `1 min 52 s`."""
    seconds, gap = max(0, round(duration.total_seconds())), NO_BREAK if language == "fr" else " "
    rest = f" {seconds % 60}{gap}s" if seconds % 60 and 60 <= seconds < 3_600 else ""
    return span(duration, language) + rest


def quoted(text: str, language: Language) -> str:
    """Words between the quotation marks of the language."""
    return f"«{NO_BREAK}{text}{NO_BREAK}»" if language == "fr" else f"“{text}”"


def composed(text: str, language: Language) -> str:
    """Words that a person typed, set as the language asks: what stands beside a mark with a plain space, an apostrophe
    or three dots. Other words are left alone.
    """
    text = text.replace("...", "…")
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    if language == "en":
        return text
    text = re.sub(r"(?<=\S) ?(?=[;!?](?:\s|$))| (?=%)", THIN, text)
    text = re.sub(r" (?=:(?:\s|$))|(?<=«) | (?=»)|(?<=\d) (?=h\b|min\b)|(?<=n°) |(?<=\dh) (?=\d)", NO_BREAK, text)
    return re.sub(rf"(?<=\d{NO_BREAK}h) (?=\d)", NO_BREAK, text)


def joined(words: Sequence[str], last: str) -> str:
    """A list in a sentence: `a, b or c`, where `last` is the word before the last one."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
