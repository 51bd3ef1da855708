"""Messages as Slack shows them: blocks within its limits, strangers' words without markup; and how it is asked."""

from collections.abc import Sequence
from typing import Any, cast

import aiohttp
import msgspec

from alerts.channels._text import cut, one_line
from alerts.message import Field, Message, Quotation
from alerts.safe import host_of, safe_link

HEADER, LEAD, FIELD, QUOTE, CAPTION, FIRST, CONTEXT = 60, 300, 250, 280, 100, 600, 400
"""Budgets in characters, after escaping; Slack allows a header 150, a section 3,000, a field 2,000."""
ROWS = 2_900
"""Characters of rows in one section, after escaping."""
FIELDS = 10
"""Fields a section may have."""
ANSWER_LIMIT = 256 * 1024
"""Bytes of an answer that are read: to a bot Slack gives back the whole message."""
BUTTON = 75
"""Characters on a button; Slack allows no more."""
WHOLE = 3_000
"""Budget of all blocks; Slack allows about 13,200."""


def payload(message: Message, *buttons: dict[str, Any]) -> dict[str, Any]:
    """The body: blocks within Slack's limits, and the line for notifications and screen readers."""
    quotes = [_quotation(quotation) for quotation in message.quotations]
    blocks = _blocks(message, quotes, buttons)
    while quotes and _size(blocks) > WHOLE:
        quotes.pop()
        blocks = _blocks(message, quotes, buttons)
    return {
        "text": escape(cut(one_line(message.line), WHOLE, _escaped)),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _blocks(message: Message, quotes: list[dict[str, Any]], buttons: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    blocks = [_header(message.title), _section(_headline(message.lead))]
    blocks += [_section(rows) for rows in _rows(message.listed)]
    if shown := [_field(field) for field in message.foremost(FIELDS)]:
        blocks.append({"type": "section", "fields": shown})
    blocks += quotes
    if message.first:
        steps = cut("\n".join(map(one_line, message.steps)), FIRST, _escaped)
        blocks.append(_section(f"*{_fit(message.first_label, CAPTION)}*\n{escape(steps)}"))
    blocks += [_section(f"*{_fit(each.label, CAPTION)}* {_fit(each.value, FIRST)}") for each in message.answers]
    if pages := " · ".join(filter(None, (_link(each.value, each.label) for each in message.pages))):
        blocks.append(_section(pages))
    if buttons:
        blocks += asked(message.asks, [*buttons, *_opening(message)])
    elif link := _link(message.link, message.link_label):
        blocks.append(_section(link))
    if context := _fit(message.context, CONTEXT):
        blocks.append({"type": "context", "elements": [_words(context)]})
    return blocks


def asked(words: str, buttons: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Buttons under the words they answer, if any."""
    return [*([_section(_fit(words, FIRST))] if words else []), {"type": "actions", "elements": list(buttons)}]


def _header(title: str) -> dict[str, Any]:
    # plain text knows no escapes: what looks like markup is spelt otherwise; an empty one is refused
    shown = cut(one_line(title).translate({ord("<"): "‹", ord(">"): "›"}), HEADER) or "badbuzz"
    return {"type": "header", "text": {"type": "plain_text", "text": shown, "emoji": False}}


def _headline(lead: str) -> str:
    """The first sentence in bold, the rest as it is."""
    first, stop, rest = one_line(lead).partition(". ")
    return f"*{_fit(first + stop.strip(), LEAD)}* {_fit(rest, LEAD)}".strip()


def _rows(listed: Sequence[str]) -> list[str]:
    """All rows, as few texts of ROWS at most as hold them."""
    texts: list[str] = []
    for row in (_fit(row, ROWS) for row in listed):
        if texts and len(texts[-1]) + 1 + len(row) <= ROWS:
            texts[-1] = f"{texts[-1]}\n{row}"
        else:
            texts.append(row)
    return texts


def _section(words: str) -> dict[str, Any]:
    return {"type": "section", "text": _words(words)}


def _field(field: Field) -> dict[str, Any]:
    return _words(f"*{_fit(field.label, CAPTION)}* {_fit(field.value, FIELD)}")


def _quotation(quotation: Quotation) -> dict[str, Any]:
    """A stranger's words as rich text, which knows no markup: what stands in them is shown as it stands."""
    source: list[dict[str, Any]] = [_plain("— "), _plain(cut(one_line(quotation.caption), CAPTION), italic=True)]
    if url := safe_link(quotation.url):
        source += [_plain(" · "), {"type": "link", "url": url, "text": cut(host_of(url), CAPTION)}]
    said = {"type": "rich_text_quote", "elements": [_plain(cut(one_line(quotation.text), QUOTE))]}
    return {"type": "rich_text", "elements": [said, {"type": "rich_text_section", "elements": source}]}


def button(label: str, act: str, value: str) -> dict[str, Any]:
    """A button that says `label`; `act` and `value` come back when it is pressed."""
    words = {"type": "plain_text", "text": cut(one_line(label), BUTTON), "emoji": False}
    return {"type": "button", "text": words, "action_id": act, **({"value": value} if value else {})}


def _opening(message: Message) -> list[dict[str, Any]]:
    """A button that leads to the page of the incident, beside those that somebody listens to: Slack tells its press
    as well, and shows who presses a warning when nobody answers.
    """
    address = safe_link(message.link)
    return [button(message.link_label or host_of(address), "open", "") | {"url": address}] if address else []


def _plain(text: str, *, italic: bool = False) -> dict[str, Any]:
    # an empty one is refused
    return {"type": "text", "text": text or "…", **({"style": {"italic": True}} if italic else {})}


def _words(markup: str) -> dict[str, Any]:
    # verbatim: bare addresses, @names and #channels in strangers' words stay words
    return {"type": "mrkdwn", "text": markup, "verbatim": True}


def _link(address: str | None, label: str) -> str:
    safe = safe_link(address)
    return f"<{escape(safe)}|{_fit(label or host_of(safe), CAPTION).replace('|', '/')}>" if safe else ""


def _fit(text: str, limit: int) -> str:
    return escape(cut(one_line(text), limit, _escaped))


def escape(text: str) -> str:
    """Text as Slack's markup shows it: no link, mention or broadcast can be made of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped(text: str) -> int:
    return len(escape(text))


def _size(value: object) -> int:
    """Characters of all texts in a block, at any depth."""
    if isinstance(value, dict):
        return sum(len(part) if key == "text" and isinstance(part, str) else _size(part) for key, part in value.items())
    return sum(map(_size, value)) if isinstance(value, list) else 0


class Session:
    """The shared session as Slack's client sees it: no redirects, and answers of bounded length."""

    closed = False

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    def as_session(self) -> aiohttp.ClientSession:
        """Itself, for a client that wants the whole of aiohttp and uses one method."""
        return cast("aiohttp.ClientSession", self)

    def request(self, method: str, url: str, *, headers: dict[str, str], **options: Any) -> "_Exchange":
        """As aiohttp has it, without proxies and timeouts of the client's own."""
        headers = {**headers, "Accept-Encoding": "identity"}
        body = {name: options[name] for name in ("json", "data", "params") if options.get(name)}
        return _Exchange(self._http.request(method, url, headers=headers, allow_redirects=False, **body))


class _Exchange:
    def __init__(self, sent: Any) -> None:
        self._sent = sent

    async def __aenter__(self) -> "_Answer":
        return _Answer(await self._sent.__aenter__())

    async def __aexit__(self, *problem: object) -> None:
        await self._sent.__aexit__(*problem)


class _Answer:
    content_type = "application/json"

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer, self.status, self.headers = answer, answer.status, answer.headers

    async def text(self) -> str:
        return (await self._read()).decode(errors="replace")

    async def json(self) -> Any:
        """What is no JSON is a refusal without a word."""
        try:
            return msgspec.json.decode(await self._read())
        except msgspec.DecodeError:
            return {"ok": False}

    async def _read(self) -> bytes:
        body = b""
        async for chunk in self._answer.content.iter_chunked(ANSWER_LIMIT):
            body += chunk
            if len(body) >= ANSWER_LIMIT:
                break
        return body[:ANSWER_LIMIT]
