"""Alerts in a Slack channel, through an incoming webhook."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Annotated, Any, cast

import aiohttp
from pydantic import AfterValidator
from slack_sdk.webhook.async_client import AsyncWebhookClient

from alerts.channel import ChannelOptions, ChannelSpec, SendError, Tools
from alerts.channels._address import web_address
from alerts.channels._http import beginning, reaching, refusal
from alerts.channels._text import cut, one_line
from alerts.message import Field, Message, Quotation
from alerts.safe import host_of, safe_link
from config.model import Secret

HEADER, LEAD, FIELD, QUOTE, CAPTION, FIRST, CONTEXT = 60, 300, 250, 280, 100, 600, 400
"""Budgets in characters, after escaping; Slack allows a header 150, a section 3,000, a field 2,000."""
FIELDS = 10
"""Fields a section may have; there may be two such sections."""
WHOLE = 3_000
"""Budget of all blocks; Slack allows about 13,200."""
PAUSE = 1.0
"""Seconds between two messages to one webhook."""
_WORDS = frozenset(
    {
        *("action_prohibited", "channel_is_archived", "channel_not_found", "invalid_blocks", "invalid_payload"),
        *("invalid_token", "no_service", "no_team", "no_text", "posting_to_general_channel_denied", "rate_limited"),
        *("rollup_error", "team_disabled", "too_many_attachments", "user_not_found"),
    }
)
_ALIVE = frozenset({"invalid_payload", "no_text"})
_BAD_BLOCKS = frozenset({"invalid_payload", "invalid_blocks"})


def _address(value: Secret) -> Secret:
    web_address(value.get_secret_value(), secure=True)
    return value


class SlackOptions(ChannelOptions):
    webhook: Annotated[Secret, AfterValidator(_address)]
    """Address of an incoming webhook. Who knows it can post, so it is kept like a password."""


class SlackChannel:
    """Posts one message a transition; an incoming webhook can neither edit nor thread.

    Slack cannot tell a repeated message from a new one: after a crash in the middle of a delivery it may show twice.
    """

    def __init__(self, options: SlackOptions, tools: Tools, *, pause: float = PAUSE) -> None:
        session = cast("aiohttp.ClientSession", _Session(tools.http))
        self._client = AsyncWebhookClient(
            options.webhook.get_secret_value(),
            session=session,
            # at DEBUG the client logs its address, which is the secret
            logger=logging.Logger("slack", logging.WARNING),  # noqa: LOG001 - unregistered, so that nobody lowers it
            # waiting and trying again is the dispatcher's work
            retry_handlers=[],
        )
        # through a proxy of the environment no address could be checked
        self._client.proxy = None
        self._turn, self._free_at, self._pause = asyncio.Lock(), 0.0, pause

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        body = payload(message)
        status, word, headers = await self._post(body)
        if status == 400 and word in _BAD_BLOCKS:
            # plain words are better than none
            status, word, headers = await self._post({"text": body["text"]})
        _judge(status, word, headers)

    async def probe(self) -> None:
        """Post nothing: a live webhook says that the text is missing, a dead one that it is dead. Raises SendError."""
        status, word, headers = await self._post({"text": ""})
        if not (status == 400 and word in _ALIVE):
            _judge(status, word, headers)

    async def serve(self) -> None:
        return

    async def _post(self, body: dict[str, Any]) -> tuple[int, str, Mapping[str, str]]:
        loop = asyncio.get_running_loop()
        async with self._turn:
            await asyncio.sleep(max(0.0, self._free_at - loop.time()))
            async with reaching("Slack"):
                answer = await self._client.send_dict(body)
            self._free_at = loop.time() + self._pause
        return answer.status_code, answer.body.strip()[:80], answer.headers


class _Session:
    """The shared session as the Slack client sees it: no redirects, and answers no longer than they need to be."""

    closed = False

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    def request(self, method: str, url: str, *, headers: dict[str, str], data: str, **_options: object) -> "_Exchange":
        headers = {**headers, "Accept-Encoding": "identity"}
        return _Exchange(self._http.request(method, url, headers=headers, data=data, allow_redirects=False))


class _Exchange:
    def __init__(self, sent: Any) -> None:
        self._sent = sent

    async def __aenter__(self) -> "_Answer":
        return _Answer(await self._sent.__aenter__())

    async def __aexit__(self, *problem: object) -> None:
        await self._sent.__aexit__(*problem)


class _Answer:
    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer, self.status, self.headers = answer, answer.status, answer.headers

    async def text(self) -> str:
        return await beginning(self._answer)


def _judge(status: int, word: str, headers: Mapping[str, str]) -> None:
    known = word if word in _WORDS else ""
    if 200 <= status < 300:
        if word == "ok":
            return
        raise SendError("Slack did not say ok", reason="serverError")
    if status == 404 and known != "channel_not_found":
        raise SendError("the Slack webhook is dead: make a new one", reason="authError", permanent=True)
    raise refusal("Slack", status, headers, known)


def payload(message: Message) -> dict[str, Any]:
    """The body for the webhook: blocks within Slack's limits, and the line for notifications and screen readers."""
    quotes = [_quotation(quotation) for quotation in message.quotations]
    blocks = _blocks(message, quotes)
    while quotes and _size(blocks) > WHOLE:
        quotes.pop()
        blocks = _blocks(message, quotes)
    return {
        "text": escape(cut(one_line(message.line), WHOLE, _escaped)),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _blocks(message: Message, quotes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    blocks = [_header(message.title), _section(_headline(message.lead))]
    for start in range(0, min(len(message.fields), 2 * FIELDS), FIELDS):
        shown = [_field(field) for field in message.fields[start : start + FIELDS]]
        blocks.append({"type": "section", "fields": shown})
    blocks += quotes
    if message.first:
        steps = " ".join(f"{number}. {step}" for number, step in enumerate(message.first, 1))
        blocks.append(_section(f"*{_fit(message.first_label, CAPTION)}* {_fit(steps, FIRST)}"))
    if link := _link(message.link, message.link_label):
        blocks.append(_section(link))
    if context := _fit(message.context, CONTEXT):
        blocks.append({"type": "context", "elements": [_words(context)]})
    return blocks


def _header(title: str) -> dict[str, Any]:
    # plain text knows no escapes: what looks like markup is spelt otherwise; an empty one is refused
    shown = cut(one_line(title).translate({ord("<"): "‹", ord(">"): "›"}), HEADER) or "badbuzz"
    return {"type": "header", "text": {"type": "plain_text", "text": shown, "emoji": False}}


def _headline(lead: str) -> str:
    """The first sentence in bold, the rest as it is."""
    first, stop, rest = one_line(lead).partition(". ")
    return f"*{_fit(first + stop.strip(), LEAD)}* {_fit(rest, LEAD)}".strip()


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


SPEC = ChannelSpec(
    kind="slack",
    summary="Posts to a Slack channel through an incoming webhook.",
    options=SlackOptions,
    example={"webhook": "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXX"},
    build=SlackChannel,
)
