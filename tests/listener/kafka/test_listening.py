"""What a listener makes of its configuration, without any Kafka."""

import asyncio

import pytest

from listener.agenda.reading import setup_at
from listener.app import load_checked
from listener.clock import Clock
from listener.kafka.listening import Listening
from listener.net.client import open_client
from listener.observe.masking import Masking

CONFIGURATION = """
daemon: {{data: {data}, kafka: {{brokers: ["127.0.0.1:1"]}}}}
operator: {{to: [here]}}
brands: {{acme: {{query: {query}}}}}
sources: {{news: {{kind: feed, urls: ["https://example.org/feed"]}}}}
rules: {{bad-buzz: {{kind: spike}}}}
channels: {{here: {{kind: console}}}}
routes: [{{to: [here]}}]
"""


@pytest.fixture
async def listening(tmp_path):
    path, clock = tmp_path / "badbuzz.yaml", Clock()
    path.write_text(CONFIGURATION.format(data=tmp_path, query="acme"))
    setup = setup_at(clock.now(), load_checked(path).settings)
    async with open_client(clock=clock) as client:
        yield Listening(path, setup, client, clock, Masking([]))


async def test_what_calendars_say_meanwhile_does_not_undo_a_reload(listening, tmp_path):
    (tmp_path / "badbuzz.yaml").write_text(CONFIGURATION.format(data=tmp_path, query="zenith"))
    reloading = asyncio.ensure_future(listening.reload())
    while not reloading.done():
        await listening.renew()
    await listening.renew()
    assert listening.settings.brands["acme"].query == "zenith"
