"""Alerts in a Slack channel, through an incoming webhook."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator
from slack_sdk.webhook.async_client import AsyncWebhookClient

from alerts.channel import ChannelOptions, ChannelSpec, SendError, Tools
from alerts.channels._address import web_address
from alerts.channels._http import reaching, refusal
from alerts.channels._slack import Session, payload
from alerts.message import Message
from config.model import Secret

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
        self._client = AsyncWebhookClient(
            options.webhook.get_secret_value(),
            session=Session(tools.http).as_session(),
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


def _judge(status: int, word: str, headers: Mapping[str, str]) -> None:
    known = word if word in _WORDS else ""
    if 200 <= status < 300:
        if word == "ok":
            return
        raise SendError("Slack did not say ok", reason="serverError")
    if status == 404 and known != "channel_not_found":
        raise SendError("the Slack webhook is dead: make a new one", reason="authError", permanent=True)
    raise refusal("Slack", status, headers, known)


SPEC = ChannelSpec(
    kind="slack",
    summary="Posts to a Slack channel through an incoming webhook.",
    options=SlackOptions,
    example={"webhook": "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXX"},
    build=SlackChannel,
)
