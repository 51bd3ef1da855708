"""A strict Teams: what a workflow takes, and what Adaptive Cards 1.4 allow of what badbuzz uses, as documented."""

import json
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from tests.servers import Posted

REQUIRED = {
    "AdaptiveCard": {"version", "body"},
    "Container": {"items"},
    "RichTextBlock": {"inlines"},
    "TextRun": {"text"},
    "Action.OpenUrl": {"url"},
}
OPTIONAL = {
    "AdaptiveCard": {"$schema", "lang", "msteams", "fallbackText", "speak", "actions"},
    "Container": {"style"},
    "TextRun": {"weight", "size", "italic", "isSubtle", "selectAction"},
    "Action.OpenUrl": {"title"},
}


def teams_answer(posted: Posted) -> web.Response:
    """A workflow takes what has attachments, and tells nobody that a card cannot be shown: here it is told."""
    problem = teams_problem(posted.json)
    answer = {"error": {"code": "TriggerInputSchemaMismatch", "message": problem}}
    return web.json_response(answer, status=400) if problem else web.Response(status=202)


def teams_problem(body: Any) -> str:
    if len(json.dumps(body, ensure_ascii=False).encode("utf-16-le")) > 28_000:
        return "larger than 28 kB"
    if body.get("type") != "message" or len(body.get("attachments", [])) != 1:
        return "no message with one attachment"
    (attached,) = body["attachments"]
    if attached["contentType"] != "application/vnd.microsoft.card.adaptive":
        return "no card"
    card = attached["content"]
    if (card["type"], card["version"], card["msteams"]) != ("AdaptiveCard", "1.4", {"width": "Full"}):
        return "another card"
    return next((problem for element in elements(card) if (problem := _wrong(element))), "")


def elements(card: Any) -> Iterator[dict[str, Any]]:
    """Every element of a card, itself included."""
    if isinstance(card, dict) and "type" in card:
        yield card
    for part in card.values() if isinstance(card, dict) else card if isinstance(card, list) else []:
        yield from elements(part)


def _wrong(element: dict[str, Any]) -> str:
    kind, keys = element["type"], set(element) - {"type"}
    if kind not in REQUIRED or REQUIRED[kind] - keys or keys - REQUIRED[kind] - OPTIONAL.get(kind, set()):
        return f"no such {kind}"
    if "url" in element and not element["url"].startswith(("http://", "https://")):
        return "not a link"
    return f"an empty {kind}" if any(element[key] in ("", []) for key in REQUIRED[kind]) else ""
