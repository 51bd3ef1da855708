"""Alerts in a Microsoft Teams channel or chat, through a workflow's webhook."""

import re
from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator
from yarl import URL

from alerts.channel import ChannelOptions, ChannelSpec, Tools
from alerts.channels._address import web_address
from alerts.channels._http import Answer, exchange, refusal
from alerts.channels._text import cut, one_line
from alerts.message import Field, Message, Quotation
from alerts.safe import host_of, safe_link
from config.model import Secret

TITLE, LEAD, FIELD, QUOTE, CAPTION, STEP, CONTEXT, BUTTON = 120, 500, 250, 280, 100, 300, 400, 75
"""Budgets in characters; a card knows no limit but that of the whole."""
LISTED = 3_400
FIELDS = 10
WHOLE = 20_000
"""Budget of a message in bytes of UTF-16; Teams allows about 28 kB."""
_GAP = {"type": "TextRun", "text": "  "}
_CODE = re.compile(r"[A-Za-z]{1,60}")
_MARKDOWN = re.compile(r"[\\*_\[\]`<>&#]|^[-+]|^\d+(?=\.)")


def _address(value: Secret) -> Secret:
    if not web_address(value.get_secret_value(), secure=True).isascii():
        raise ValueError("an address of a workflow has plain letters only: copy it from the workflow")
    return value


class TeamsOptions(ChannelOptions):
    webhook: Annotated[Secret, AfterValidator(_address)]
    """Address of a workflow that posts to Teams when a webhook request is received. Who knows it can post, so it is
    kept like a password.
    """


class _Why(msgspec.Struct, frozen=True):
    code: str = ""


class _Refused(msgspec.Struct):
    error: _Why = _Why()


class TeamsChannel:
    """Posts one card a transition; a workflow can neither edit nor thread, and tells no one's answer.

    Teams takes a card before it shows it: one that it then cannot show is only seen in the runs of the workflow. It
    cannot tell a repeated card from a new one: after a crash in the middle of a delivery it may show twice.
    """

    def __init__(self, options: TeamsOptions, tools: Tools) -> None:
        self._options, self._http = options, tools.http

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        # the signature in it is of these very letters
        url = URL(self._options.webhook.get_secret_value(), encoded=True)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        body = msgspec.json.encode(payload(message))
        answer = await exchange(self._http, "POST", url, service="Teams", data=body, headers=headers)
        if not answer.is_yes:
            raise refusal("Teams", answer.status, answer.headers, _word(answer))

    async def serve(self) -> None:
        return


def _word(answer: Answer) -> str:
    """The workflow's own word for its refusal, when it is one."""
    word = answer.in_form(_Refused).error.code
    return word if _CODE.fullmatch(word) else ""


def payload(message: Message) -> dict[str, Any]:
    """The card as a workflow takes it, within the limit of Teams."""
    fields = [_field(field) for field in message.foremost(FIELDS)]
    quotes = [_quotation(quotation) for quotation in message.quotations]
    while size(made := _posted(message, fields + quotes)) > WHOLE and (droppable := quotes or fields):
        droppable.pop()
    return made


def size(body: object) -> int:
    """Bytes of UTF-16 of what is posted."""
    return len(msgspec.json.encode(body).decode().encode("utf-16-le"))


def _posted(message: Message, middle: list[dict[str, Any]]) -> dict[str, Any]:
    spoken = one_line(message.line)
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": message.language,
        "msteams": {"width": "Full"},
        "fallbackText": cut(escape(spoken), LEAD),
        # what is spoken may be markup of its own kind
        "speak": cut(_no_formula(spoken).translate({ord("<"): "‹", ord(">"): "›", ord("&"): "＆"}), LEAD),
        "body": [*_head(message), *middle, *_foot(message)],
    }
    if link := safe_link(message.link):
        button = cut(one_line(message.link_label) or host_of(link), BUTTON)
        card["actions"] = [{"type": "Action.OpenUrl", "title": button, "url": link}]
    return {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        ],
    }


def _head(message: Message) -> list[dict[str, Any]]:
    title = _run(message.title or "badbuzz", TITLE, weight="Bolder", size="Large")
    lead = [_block(_run(message.lead, LEAD))] if message.lead else []
    return [_block(title), *lead, *(_block(_run(row, LISTED)) for row in message.listed)]


def _field(field: Field) -> dict[str, Any]:
    return _block(_run(field.label, CAPTION, weight="Bolder"), _GAP, _run(field.value, FIELD))


def _quotation(quotation: Quotation) -> dict[str, Any]:
    source = [_run(f"— {one_line(quotation.caption)}", CAPTION, italic=True)]
    if url := safe_link(quotation.url):
        link = _run(host_of(url), CAPTION) | _opening(url)
        source += [_GAP, link]
    said = [_block(_run(quotation.text, QUOTE)), _block(*source)]
    return {"type": "Container", "style": "emphasis", "items": said}


def _foot(message: Message) -> list[dict[str, Any]]:
    first = [_run(message.first_label, CAPTION, weight="Bolder"), *(_run(step, STEP) for step in message.steps)]
    context = _run(message.context, CONTEXT, size="Small", isSubtle=True)
    answers = [_field(each) for each in message.answers]
    pages = [_run(each.label, CAPTION) | _opening(each.value) for each in message.pages]
    answers += [_block(*(run for page in pages for run in (page, _GAP)))] if pages else []
    return [*(map(_block, first) if message.first else ()), *answers, *([_block(context)] if message.context else [])]


def _opening(url: str) -> dict[str, Any]:
    return {"selectAction": {"type": "Action.OpenUrl", "url": url}}


def _block(*runs: dict[str, Any]) -> dict[str, Any]:
    """Words as rich text, which knows no markup: what stands in them is shown as it stands."""
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, limit: int, **style: Any) -> dict[str, Any]:
    # an empty one is refused
    return {"type": "TextRun", "text": cut(_no_formula(one_line(text)), limit) or "…", **style}


def _no_formula(text: str) -> str:
    """Two braces begin one, in any text."""
    return re.sub(r"\{(?=\{)", "{ ", text)


def escape(text: str) -> str:
    """One line as a card's Markdown shows it: no link, mention or list can be made of it."""
    return _MARKDOWN.sub(r"\\\g<0>", _no_formula(text))


SPEC = ChannelSpec(
    kind="teams",
    summary="Posts cards to Microsoft Teams through a workflow's webhook.",
    options=TeamsOptions,
    example={"webhook": "https://prod-00.westeurope.logic.azure.com/workflows/xxxx/triggers/manual/paths/invoke?sig=x"},
    build=TeamsChannel,
)
