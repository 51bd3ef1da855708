"""What all messages share: the sheet that the layouts fill in, and words within a budget."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from alerts.alert import Alert
from alerts.message import Message
from alerts.times import Times
from alerts.words import page
from rules.text import shorten

LINE = 240
"""Budget in characters of the line that stands alone."""


@dataclass(frozen=True)
class Sheet:
    """What the layouts show beside the message. `banner[label]` stands in a border of `colour`."""

    banner: tuple[str, ...]
    label: int
    colour: str
    which: str
    lead: str
    tail: Sequence[str]
    drill: bool = False


def stamp(times: Times) -> str:
    """The day and the hour of a message."""
    return f"{times.day(times.now)}, {times.hour(times.now)}"


def cut(sentences: Sequence[str], limit: int) -> str:
    """As many sentences as fit; the first one shortened when it does not."""
    text = shorten(sentences[0], limit)
    for sentence in sentences[1:]:
        if len(text) + 1 + len(sentence) > limit:
            break
        text = f"{text} {sentence}"
    return text


def fitting(sentences: Sequence[str], limit: int) -> str:
    """The first sentence, shortened when it does not fit, and of the others those that fit, in their order."""
    text = shorten(sentences[0], limit)
    for sentence in sentences[1:]:
        if len(text) + 1 + len(sentence) <= limit:
            text = f"{text} {sentence}"
    return text


def laid_out(message: Message, sheet: Sheet) -> Message:
    """The message with its whole text, plain and as a page."""
    advice = message.about.advice if isinstance(message.about, Alert) else None
    phones = [(step.phone, step.phone.replace(" ", "")) for step in advice.steps if step.phone] if advice else []
    text, html = page({"message": message, "sheet": sheet, "phones": phones}, message.language)
    return replace(message, text=text, html=html)
