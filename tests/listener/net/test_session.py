"""The session a channel is lent."""

import aiohttp
import pytest

from alerts.channels.ntfy import NtfyOptions
from alerts.channels.webhook import WebhookOptions
from config.model import Model, Secret
from listener.net.guard import ForbiddenAddressError
from listener.net.session import channel_session
from tests.servers import http_fake

KEY = Secret("a-shared-key-of-the-team")
OUTSIDE = WebhookOptions(url=Secret("https://hooks.example/"), secret=KEY)
INSIDE = WebhookOptions(url=Secret("https://hooks.example/"), secret=KEY, allow_private=True)
NEXT_DOOR = NtfyOptions(server="https://ntfy.example", topic=Secret("topic"))


async def test_a_name_inside_the_own_network_is_out_of_reach_unless_allowed() -> None:
    async with http_fake() as fake, channel_session(OUTSIDE) as http:
        with pytest.raises(aiohttp.ClientConnectorError) as failed:
            await http.get(fake.url.replace("127.0.0.1", "localhost"))

    assert isinstance(failed.value.os_error, ForbiddenAddressError)


@pytest.mark.parametrize("options", [INSIDE, NEXT_DOOR])
async def test_a_channel_may_reach_what_the_operator_allows_or_names_as_its_server(options: Model) -> None:
    async with (
        http_fake() as fake,
        channel_session(options) as http,
        http.get(fake.url.replace("127.0.0.1", "localhost")) as answer,
    ):
        assert 200 == answer.status
