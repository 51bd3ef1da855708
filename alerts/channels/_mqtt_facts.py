"""What is published on MQTT: facts for programs, and one line for a small display."""

from collections.abc import Mapping
from typing import Any

import msgspec

from alerts.alert import Alert
from alerts.channels._text import cut, digest, one_line
from alerts.message import Message
from rules.transition import SEVERITIES, Severity

TEXT, SOURCES = 240, 12
STEP, STEPS = 100, 5
"""Characters of something to do first, and how many of them."""
BUDGET = 4_096
"""Bytes of a message at most, as it is published."""
NAME, LINK = 160, 600
"""Bytes of a name and of a link at most, so that they leave room for the rest."""


class Kept(msgspec.Struct):
    """What an earlier run left of an incident with the broker."""

    brand: str
    severity: Severity
    incident: str | None = None
    number: int = 0
    choices: list[str] = []


def standing(brand: str, incidents: Mapping[str, Mapping[str, Any]], message: Message) -> dict[str, Any]:
    """The state of a brand: the worst severity among its open incidents, else `calm`; `worst` is the id of the worst
    and latest of them, if any, and `take` of those that nobody has.
    """
    brand = _name(brand)
    mine = {name: known for name, known in incidents.items() if known.get("brand") == brand}
    severities = {known.get("severity") for known in mine.values()}
    worst = [severity for severity in SEVERITIES if severity in severities]
    return {
        "brand": brand,
        "state": worst[-1] if worst else "calm",
        "incidents": sorted(mine)[:SOURCES],
        "worst": max(mine.values(), key=_urgency, default={}).get("incident"),
        "take": max(filter(_is_free, mine.values()), key=_urgency, default={}).get("incident"),
        "at": message.about.at,
        "text": cut(one_line(message.line), TEXT),
    }


def _is_free(known: Mapping[str, Any]) -> bool:
    return "ack" in known["choices"]


def _urgency(known: Mapping[str, Any]) -> tuple[int, int]:
    return SEVERITIES.index(known["severity"]), known["number"]


def facts(message: Message) -> dict[str, Any]:
    """What a program needs to know, in BUDGET bytes at most; `text` fits a small display. No stranger is quoted, but
    for a word that stands out. Where names are too long for all of it, what matters least is left out.
    """
    known = _facts(message)
    left_out = (known.get("sources", {}), known.get("unheard", []), known["first"])
    while len(msgspec.json.encode(known)) > BUDGET and (longest := max(left_out, key=len)):
        longest.pop(list(longest)[-1] if isinstance(longest, dict) else -1)
    return known


def _facts(message: Message) -> dict[str, Any]:
    about, text = message.about, cut(one_line(message.line), TEXT)
    common = {
        "id": _name(message.id),
        "at": about.at,
        "text": text,
        "language": message.language,
        "link": message.link if _size(message.link) <= LINK else None,
    }
    common |= {"priority": message.priority, "choices": [choice.act for choice in message.choices]}
    common |= {"first": [cut(one_line(step), STEP) for step in message.first[:STEPS]]}
    common |= {"context": cut(one_line(message.context), TEXT)}
    if not isinstance(about, Alert):
        return {"type": "notice", "topic": about.topic, "subject": _name(about.subject), **common}
    names = ("incident", "number", "step", "brand", "rule", "state", "severity", "opened_at", "by", "drill")
    named = {name: getattr(about, name) for name in names} | {"brand": _name(about.brand), "rule": _name(about.rule)}
    return {"type": "alert", **common, **named, "by": about.by and _name(about.by), **_counts(about)}


def _counts(alert: Alert) -> dict[str, Any]:
    figures = alert.figures
    names = ("of", "count", "usual", "learning", "posts", "negative", "authors", "peak")
    largest = sorted(figures.sources.items(), key=lambda item: -item[1])[:SOURCES]
    return {
        **{name: getattr(figures, name) for name in names},
        "window_seconds": figures.window.total_seconds(),
        "sources": {_name(name): count for name, count in largest},
        "coverage": alert.coverage,
        "unheard": [_name(name) for name in sorted(alert.unheard)[:SOURCES]],
    }


def _name(text: str) -> str:
    """The name, or its beginning with a digest of the whole, so that long names that begin alike stay apart."""
    return text if _size(text) <= NAME else f"{cut(text, NAME - 9, _size)}{digest(text)[:6]}"


def _size(value: object) -> int:
    return len(msgspec.json.encode(value))
