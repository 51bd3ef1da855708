"""All that badbuzz says, apart from the words it quotes."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from itertools import product
from zoneinfo import ZoneInfo

from alerts.message import Message
from alerts.render import render, render_notice
from tests.alerts.samples import ALERTS, NOTICES

PARIS = ZoneInfo("Europe/Paris")


def everything_said() -> list[tuple[str, Message]]:
    """Every sample in both languages, each with its name."""
    samples = [(name, render, each) for name, each in ALERTS.items()]
    samples += [(name, render_notice, each) for name, each in NOTICES.items()]
    return [
        (f"{name} {language}", words(each, language, PARIS))
        for (name, words, each), language in product(samples, ("fr", "en"))
    ]


def said(message: Message) -> list[str]:
    """Our own words: every part of the message, headings in lower case, without quotations and links."""
    parts = [message.title, message.subject, message.line, message.lead, message.context, message.level]
    parts += [*message.first, *(field.value for field in message.fields), *(field.label for field in message.fields)]
    parts += [quotation.caption for quotation in message.quotations]
    parts += [message.asks, message.first_label, message.link_label, *(choice.label for choice in message.choices)]
    parts += [_calm(line) for line in message.text.splitlines()]
    parts += [message.chart.caption, *Page(message.html).texts] if message.chart else Page(message.html).texts
    quoted = {quotation.text for quotation in message.quotations}
    plain = (re.sub(r"https?://\S+|\+\d{6,15}", "link", _without(part, quoted)) for part in parts)
    return [part for part in plain if part]


def without_false_alarms(texts: Iterable[str]) -> str:
    """The texts without the one word of alarm that the glossary has."""
    return re.sub(r"(?i)false[ -]alarm", "", "\n".join(texts))


def _calm(line: str) -> str:
    """Headings and the first word of the plain text stand in capitals, as nothing else marks them there."""
    return line.lower() if line.isupper() else re.sub(r"^[^·a-z]+(?= ·)", lambda state: state[0].lower(), line)


def _without(part: str, quoted: set[str]) -> str:
    for text in quoted:
        part = part.replace(text, "quotation")
    return part


class Page(HTMLParser):
    """A page taken apart: its tags in order with their attributes, its visible texts, its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.texts, self.links, self._open = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src", "srcset", "background", "action")]
        if tag not in ("meta", "br", "img"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        self.tags.append((f"/{tag}", ()))

    def handle_data(self, data):
        text = re.sub(r"[ \n]+", " ", data).strip(" ")
        if text and not {"style", "title"} & set(self._open):
            self.texts.append(text)
