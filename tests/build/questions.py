"""Which of the ten questions of an alert each channel answers, read in what it sends of the example incident."""

import asyncio
import contextlib
import html
import io
import json
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from alerts.channels._mqtt_facts import facts
from alerts.example import example
from alerts.message import Message
from alerts.render import render
from tests.contract.test_channels import ANSWERS, HTTP, built
from tests.servers import http_fake, smtp_server

QUESTIONS: dict[str, tuple[str, ...]] = {
    "is it real?": ("Very likely real",),
    "how big, against what?": ("22 negative mentions in 15 min, usually 3",),
    "growing?": ("(?i)doubling about every 10 min",),
    "what about?": ("#AcmeAirAbandon|Vol 4218",),
    "who speaks, who began?": ("19 authors", "First · Bluesky"),
    "where, and what is not heard?": ("Bluesky 14|on Bluesky", "Not heard"),
    "what is scheduled?": ("23:30",),
    "who already knows?": ("Told: Camille, Slack",),
    "what first, what may I say?": ("(?i)hold the ", "holding answer 2", "We know that flight"),
    "how do I take it, when do I hear next?": ("I have it|badbuzz.example/i/37|incidents ack 37", "Next word by 23:38"),
}
"""Each with the patterns that a whole answer holds in the example's English words."""

_AT = datetime(2026, 11, 14, 22, 8, tzinfo=UTC)


def answered(kind: str) -> list[str]:
    """What a kind of channel says to each question: `yes`, `in part` or `-`."""
    shown = plain(asyncio.run(sent(kind, render(example(_AT), "en", ZoneInfo("Europe/Paris")))))
    counts = [(sum(bool(re.search(each, shown)) for each in told), len(told)) for told in QUESTIONS.values()]
    return ["yes" if found == whole else "in part" if found else "-" for found, whole in counts]


async def sent(kind: str, message: Message) -> str:
    """What leaves for the service."""
    if kind == "mqtt":
        return json.dumps(facts(message), default=str)
    if kind == "email":
        async with smtp_server() as inbox, built(kind, inbox.port) as channel:
            await channel.send(message)
            return "".join(part.get_content() for mail in inbox.mails for part in mail.walk() if _is_text(part))
    if kind in (*HTTP, "apprise"):
        async with http_fake(ANSWERS.get(kind, lambda _: web.Response())) as fake:
            async with built(kind, int(fake.url.rpartition(":")[2])) as channel:
                await channel.send(message)
            return "".join(posted.body.decode() for posted in fake.received)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        async with built(kind, 0) as channel:
            await channel.send(message)
    return printed.getvalue()


def _is_text(part: Any) -> bool:
    return part.get_content_maintype() == "text"


def plain(text: str) -> str:
    """What a reader sees of it: without escapes, tags, markup and what keeps addresses from becoming links."""
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), ensure_ascii=False)
    text = html.unescape(re.sub(r"<[^>|]+>", " ", text.replace("\\n", " ")))
    return re.sub(r"\s+", " ", re.sub(r"[\\*_\u2060]", "", text.replace("：", ":")))
