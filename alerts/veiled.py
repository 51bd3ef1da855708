"""A message that anybody may see on a locked screen: that something waits, how serious it is, and its number."""

from html import escape

from msgspec.structs import replace

from alerts.alert import Alert, Notice
from alerts.message import Message
from alerts.words import Words


def veiled(message: Message) -> Message:
    """The same message without a brand, a figure or a word of anybody; what can be done, and its link, stay."""
    words = Words("veiled.jinja", message.language, {"about": message.about})
    line = words.text("alert" if isinstance(message.about, Alert) else "notice")
    return replace(
        message,
        title="badbuzz",
        subject=line,
        line=line,
        head="",
        lead=line,
        text=line,
        html=f'<!DOCTYPE html><html lang="{message.language}"><body><p>{escape(line)}</p></body></html>',
        listed=(),
        fields=(),
        quotations=(),
        first=(),
        answers=(),
        context="",
        chart=None,
        about=_bare(message.about),
    )


def _bare(about: Alert | Notice) -> Alert | Notice:
    """What is left for channels that look at it: who is meant by `brand` and `rule` is nobody's to read."""
    if isinstance(about, Alert):
        return replace(about, brand="badbuzz", brand_name=None, rule="badbuzz", quotes=(), because=None)
    return replace(
        about,
        subject="badbuzz",
        subject_name=None,
        brand=None,
        brand_name=None,
        detail="",
        several=(),
        held=(),
        spared=None,
    )
