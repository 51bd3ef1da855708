"""Alerts in a Discord channel, through a webhook: one message an incident, edited in place."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Self

import msgspec
from pydantic import AfterValidator, StringConstraints, model_validator
from yarl import URL

from alerts.channel import ChannelOptions, ChannelSpec, SendError, Tools
from alerts.channels._address import web_address
from alerts.channels._http import Answer, RefusedError, exchange, read, refusal
from alerts.channels._text import cut, one_line
from alerts.message import Message, Quotation
from alerts.safe import host_of, safe_link
from config.model import Secret

LISTED = 3_600
TITLE, LINE, FIELD, QUOTE, CAPTION, FIRST, CONTEXT = 120, 600, 250, 280, 100, 600, 400
"""Budgets in characters, after escaping; Discord allows a title 256, a content 2,000, a field 256 and 1,024."""
VALUE = 1_024
"""Characters in a field; Discord allows no more."""
FIELDS = 10
"""Fields shown; Discord allows 25."""
WHOLE = 5_000
"""Budget of an embed; Discord allows 6,000, and of its description 4,096."""
THREAD = 100
"""Characters in the name of a thread; Discord allows no more."""
ANSWER_LIMIT = 256 * 1024
"""Bytes of an answer that are read: Discord gives back the whole message."""
_SUPPRESS_EMBEDS, _SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
_GONE = frozenset({"code 10003", "code 10008"})
"""The message, or the thread it was in, is not there any more."""
_ARCHIVED, _INVALID_FORM = "code 50083", "code 50035"
_HINTS = {
    "code 220001": "the channel is a forum: write forum: true, or name a thread",
    "code 220003": "the channel is no forum: leave forum out",
}
_MARKUP = re.compile(r"[\\*_~`|\[\]<>@#]|^[-+]|(?<=:)/(?=/)")
_PATH = re.compile(r"/api(/v\d+)?/webhooks/\d+/[\w-]+/?")


def _address(value: Secret) -> Secret:
    url = URL(web_address(value.get_secret_value(), secure=True))
    if not _PATH.fullmatch(url.path) or url.query_string or url.fragment:
        raise ValueError("a webhook is like https://discord.com/api/webhooks/1234/abcd, with nothing behind it")
    return value


class DiscordOptions(ChannelOptions):
    webhook: Annotated[Secret, AfterValidator(_address)]
    """Address of a webhook of the channel. Who knows it can post, so it is kept like a password."""
    thread: Annotated[str, StringConstraints(pattern=r"^\d{1,20}$")] | None = None
    """Id of the thread of that channel to post in."""
    forum: bool = False
    """The channel is a forum: each incident is a post of its own there, with its story."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.forum and self.thread:
            raise ValueError("forum makes a thread of each incident: leave thread out")
        return self


class _Sent(msgspec.Struct):
    id: str
    channel_id: str


class _Refused(msgspec.Struct):
    code: int = 0
    retry_after: float | None = None


class DiscordChannel:
    """One message an incident. Later steps edit it; those that ask somebody to act are posted as well, for an edit
    rings nobody. In a forum the incident is a thread, and every step is told in it.

    Discord cannot tell a repeated message of a webhook from a new one: after a crash in the middle of a delivery it may
    show twice.
    """

    def __init__(self, options: DiscordOptions, tools: Tools) -> None:
        self._options, self._tools = options, tools
        # the message that opened an archived thread again: after a failure it is not told there once more
        self._reopened = ""

    async def send(self, message: Message, receipt: str = "", /) -> str | None:
        body = payload(message)
        if receipt:
            try:
                await self._update(message, body, receipt)
            except RefusedError as error:
                if error.word not in _GONE:
                    raise
            else:
                return None
        opened = await self._in_words("POST", "", self._options.thread or "", body | self._opening(message))
        return f"{opened.channel_id if self._options.forum else self._options.thread or ''}:{opened.id}"

    async def probe(self) -> None:
        """Ask whether the webhook is there. Raises SendError. Nothing is posted."""
        answer = await self._ask("GET", "", {}, b"")
        if not answer.is_yes:
            raise _judged(answer)

    async def serve(self) -> None:
        return

    def _opening(self, message: Message) -> dict[str, Any]:
        named = (
            {"thread_name": cut(one_line(message.title), THREAD, _utf16) or "badbuzz"} if self._options.forum else {}
        )
        return {**named, "flags": _ring(message)}

    async def _update(self, message: Message, body: dict[str, Any], receipt: str) -> None:
        """Raises RefusedError, with a word of _GONE when somebody took the message, or its thread, away."""
        thread, _, root = receipt.rpartition(":")
        try:
            await self._in_words("PATCH", f"/messages/{root}", thread, body)
        except RefusedError as error:
            if error.word != _ARCHIVED:
                raise
            # a word in it opens it again
            await self._tell(message, thread)
            self._reopened = message.id
            await self._in_words("PATCH", f"/messages/{root}", thread, body)
            return
        if (message.priority > 2 or self._options.forum) and message.id != self._reopened:
            await self._tell(message, thread)

    async def _tell(self, message: Message, thread: str) -> None:
        words = {"content": _fit(message.line, LINE), "allowed_mentions": {"parse": []}}
        await self._call("POST", "", thread, words | {"flags": _ring(message) | _SUPPRESS_EMBEDS})

    async def _in_words(self, method: str, path: str, thread: str, body: dict[str, Any]) -> _Sent:
        """What came of `body`, or of its plain words when Discord does not take its form."""
        try:
            return await self._call(method, path, thread, body)
        except RefusedError as error:
            if error.word != _INVALID_FORM:
                raise
            return await self._call(method, path, thread, body | {"embeds": []})

    async def _call(self, method: str, path: str, thread: str, body: dict[str, Any]) -> _Sent:
        # without it a message that is not kept is no error
        query = ({"wait": "true"} if method == "POST" else {}) | ({"thread_id": thread} if thread else {})
        answer = await self._ask(method, path, query, msgspec.json.encode(body))
        if not answer.is_yes:
            raise _judged(answer)
        return read("Discord", answer.said, _Sent)

    async def _ask(self, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        url = URL(self._options.webhook.get_secret_value().rstrip("/") + path).with_query(query)
        headers = {"Content-Type": "application/json"}
        return await exchange(
            self._tools.http, method, url, service="Discord", data=body, headers=headers, limit=ANSWER_LIMIT
        )


def _judged(answer: Answer) -> SendError:
    """What Discord's refusal means for a delivery."""
    said = answer.in_form(_Refused)
    word = f"code {said.code}" if said.code else ""
    if answer.status == 404 and word not in _GONE:
        return SendError("the Discord webhook is dead: make a new one", reason="authError", permanent=True)
    hint = _HINTS.get(word, "")
    return refusal("Discord", answer.status, answer.headers, word, hint=hint, wait=said.retry_after)


def payload(message: Message) -> dict[str, Any]:
    """The message within Discord's limits: nobody is pinged, and strangers' words are shown as they stand."""
    quotes = [_quotation(quotation) for quotation in message.quotations]
    embed = _embed(message, quotes)
    while quotes and _size(embed) > WHOLE:
        quotes.pop()
        embed = _embed(message, quotes)
    return {"content": _fit(message.line, LINE), "embeds": [embed], "allowed_mentions": {"parse": []}}


def _embed(message: Message, quotes: list[str]) -> dict[str, Any]:
    context = _plain(message.context, CONTEXT)
    first = [f"**{_fit(message.first_label, CAPTION)}**", *_steps(message.steps)] if message.first else []
    pages = _pages(message)
    embed = {
        "title": _fit(message.title, TITLE) or "badbuzz",
        "description": "\n".join([*(_fit(row, LISTED) for row in message.listed), *quotes, *first]),
        "fields": [
            {"name": _fit(field.label, CAPTION) or "…", "value": _fit(field.value, FIELD) or "…"}
            for field in message.foremost(FIELDS)
        ]
        + ([{"name": _fit(message.link_label, CAPTION) or "…", "value": pages}] if pages else []),
        "url": safe_link(message.link),
        # there nothing is markup
        "footer": {"text": context} if context else None,
    }
    return {name: value for name, value in embed.items() if value}


def _pages(message: Message) -> str:
    """As many links as a field holds."""
    links = [f"[{_fit(each.label, CAPTION)}]({each.value})" for each in message.pages]
    while len(" · ".join(links)) > VALUE:
        links.pop()
    return " · ".join(links)


def _steps(steps: Sequence[str]) -> list[str]:
    """As many as FIRST holds, each on its own line."""
    said: list[str] = []
    for step in steps:
        room = FIRST - sum(map(_utf16, said))
        if room < CAPTION:
            break
        said.append(_fit(step, room))
    return said


def _quotation(quotation: Quotation) -> str:
    caption = f"*{_fit(quotation.caption, CAPTION)}*" if quotation.caption else ""
    url = safe_link(quotation.url)
    source = f"[{_fit(host_of(url), CAPTION)}]({url.translate({40: '%28', 41: '%29'})})" if url else ""
    return f"> {_fit(quotation.text, QUOTE)}\n— {' · '.join(filter(None, (caption, source)))}"


def _ring(message: Message) -> int:
    return 0 if message.priority > 2 else _SUPPRESS_NOTIFICATIONS


def _plain(text: str, limit: int) -> str:
    return cut(one_line(text).strip(), limit, _utf16)


def _fit(text: str, limit: int) -> str:
    # what is longer is cut anyway
    beginning = one_line(text).strip()[: limit + 1]
    return escape(cut(beginning, limit, lambda part: _utf16(escape(part))))


def escape(text: str) -> str:
    """One line as Discord's markup shows it: no link, mention, spoiler or heading can be made of it."""
    return _MARKUP.sub(r"\\\g<0>", text)


def _utf16(text: str) -> int:
    """Length in the largest unit that Discord may count in."""
    return len(text.encode("utf-16-le")) // 2


def _size(embed: dict[str, Any]) -> int:
    """What Discord counts of an embed."""
    parts = [embed["title"], embed.get("description", ""), embed.get("footer", {}).get("text", "")]
    return sum(map(_utf16, parts + [text for field in embed.get("fields", []) for text in field.values()]))


SPEC = ChannelSpec(
    kind="discord",
    summary="Posts to a Discord channel through a webhook: one message an incident, edited in place.",
    options=DiscordOptions,
    example={"webhook": "https://discord.com/api/webhooks/1234567890/xxxx-xxxx"},
    build=DiscordChannel,
    thread=True,
    edit=True,
)
