"""Messages as their readers see them: a chat bubble, a mail, a line on a small display."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import msgspec
from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from listener.mock.inboxes import Arrival, Chat, Mail, Signal
from listener.mock.show import Words

FULL = 12
"""Lines of a mail that are shown when a mail was shown whole before."""
_MARKS = re.compile(r"\*(?P<bold>[^*\n]+)\*|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)|<(?P<link>[^|>\s]+)\|(?P<label>[^>]*)>")


_QUOTE = re.compile(r"^> ", re.MULTILINE)


class Inboxes:
    """Lays out what arrived."""

    def __init__(self, words: Words, width: int) -> None:
        self._words, self._width = words, width
        self._had_mail = False
        self._retained: dict[str, bytes] = {}

    def shown(self, arrival: Arrival) -> RenderableType | None:
        """The message, or None for what a person would not look at by itself."""
        match arrival:
            case Chat(body):
                return self._chat(body)
            case Mail():
                return self._mail(arrival)
            case Signal():
                return self._signal(arrival)

    def _chat(self, body: dict[str, Any]) -> Panel:
        parts = [part for block in body.get("blocks", []) for part in self._block(block)]
        return self._panel(Group(*parts or [Text(str(body.get("text", "")))]), self._words("slack"), "magenta")

    def _block(self, block: dict[str, Any]) -> Iterator[RenderableType]:
        """A block of Block Kit."""
        if block["type"] == "header":
            yield Text(block["text"]["text"], style="bold")
        elif block["type"] == "rich_text":
            yield from map(rich_text, block["elements"])
        elif block["type"] == "context":
            yield from (_dim(mrkdwn(part["text"])) for part in block["elements"])
        elif "text" in block:
            yield mrkdwn(block["text"]["text"])
        if fields := block.get("fields"):
            yield self._fields([mrkdwn(part["text"]) for part in fields])

    def _fields(self, fields: list[Text]) -> RenderableType:
        """Two columns, as Slack sets them; one where there is no room."""
        if self._width < 80:
            return Group(*fields)
        grid = Table.grid(expand=True, padding=(0, 2))
        grid.add_column(ratio=1)
        grid.add_column(ratio=1)
        for left in range(0, len(fields), 2):
            grid.add_row(*fields[left : left + 2])
        return grid

    def _mail(self, mail: Mail) -> Panel:
        message, words = mail.message, self._words
        head = Table.grid(padding=(0, 2))
        for label, name in (("mail_from", "From"), ("mail_to", "To"), ("mail_subject", "Subject")):
            head.add_row(Text(words(label), style="dim"), Text(str(message.get(name, "")), style="bold"))
        part = message.get_body(("plain",))
        lines = (part.get_content() if part else "").strip().splitlines()
        shown, rest = (lines[:FULL], len(lines) - FULL) if self._had_mail else (lines, 0)
        self._had_mail = True
        body = [Text(), Text("\n".join(shown).rstrip())]
        if rest > 0:
            body.append(Text(words("more_lines", count=rest), style="dim"))
        return self._panel(Group(head, *body), words("email"), "blue")

    def _signal(self, signal: Signal) -> Panel | None:
        """What is said once is shown, with the state that is retained at that moment."""
        kind = signal.topic.split("/")[1:2]
        if kind != ["event"]:
            if kind in (["incident"], ["brand"]):
                self._retained[signal.topic] = signal.payload
            return None
        facts = _decoded(signal.payload)
        rows = Table.grid(padding=(0, 2))
        rows.add_row(Text(signal.topic, style="bold", overflow="fold"), Text(str(facts.get("text", ""))))
        for topic, payload in self._retained.items():
            state = _decoded(payload).get("state") if payload else self._words("cleared")
            rows.add_row(
                Text(topic, style="dim", overflow="fold"), Text(self._words("retained", state=state), style="dim")
            )
        return self._panel(rows, self._words("mqtt"), "green")

    def _panel(self, content: RenderableType, title: str, colour: str) -> Panel:
        return Panel(content, title=Text(title, style="bold"), title_align="left", border_style=colour, box=box.ROUNDED)


def mrkdwn(markup: str) -> Text:
    """Slack's markup as text: bold, italic, quotations and links; everything else stands as it is."""
    markup = _QUOTE.sub("▎ ", markup)
    text, last = Text(), 0
    for match in _MARKS.finditer(markup):
        text.append(unescape(markup[last : match.start()]))
        if match["link"]:
            text.append(unescape(match["label"]), style=f"underline link {unescape(match['link'])}")
        else:
            text.append(unescape(match["bold"] or match["italic"]), style="bold" if match["bold"] else "italic")
        last = match.end()
    return text.append(unescape(markup[last:]))


def rich_text(section: dict[str, Any]) -> Text:
    """Slack's rich text: nothing in it is markup."""
    text = Text("▎ " if section["type"] == "rich_text_quote" else "")
    for part in section["elements"]:
        style = f"underline link {part['url']}" if "url" in part else "italic" if "style" in part else ""
        text.append(part["text"], style=style)
    return text


def _dim(text: Text) -> Text:
    text.stylize_before("dim")
    return text


def _decoded(payload: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(payload, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
