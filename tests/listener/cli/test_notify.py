"""`badbuzz notify`, with a configuration on disk and services on this machine."""

import asyncio
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.listener.cli.conftest import Badbuzz
from tests.servers import PASSWORD, USER, free_port, mosquitto

CONFIG = """
daemon: {{language: fr, time_zone: Europe/Paris}}
brands: {{acme: {{query: acme}}}}
sources: {{press: {{kind: feed, urls: [https://example.org/rss]}}}}
channels:
  shown: {{kind: console}}
  english: {{kind: console, language: en}}
  phone: {{kind: ntfy, server: "http://127.0.0.1:{port}", topic: s3cret-topic}}
  home: {{kind: mqtt, broker: "mqtt://{user}@127.0.0.1:{port}", password: {password}}}
routes: [{{to: [shown]}}]
"""


def written(folder: Path, port: int = 1, **changes: Any) -> Path:
    path = folder / "badbuzz.yaml"
    path.write_text(CONFIG.format(**{"port": port, "user": USER, "password": PASSWORD, **changes}))
    return path


@pytest.mark.parametrize(("name", "words"), [("shown", "rien à faire"), ("english", "nothing to do")])
def test_a_test_message_is_marked_as_one_in_the_language_of_the_channel(
    badbuzz: Badbuzz, tmp_path: Path, name: str, words: str
) -> None:
    run = badbuzz("notify", name, written(tmp_path))

    assert (0, True) == (run.code, f"channel {name}: delivered" in run.out)
    assert words in run.out


def test_a_channel_that_does_not_deliver_says_why_and_shows_no_secret(badbuzz: Badbuzz, tmp_path: Path) -> None:
    run = badbuzz("notify", "phone", written(tmp_path, port=free_port()))

    assert 1 == run.code
    assert "channel phone: failed: ntfy could not be reached" in run.err
    assert "" == run.out
    assert "s3cret" not in run.out + run.err


def test_a_channel_nobody_configured_is_a_usage_error_with_a_way_out(badbuzz: Badbuzz, tmp_path: Path) -> None:
    run = badbuzz("notify", "phne", written(tmp_path))

    assert 2 == run.code
    assert "did you mean 'phone'" in run.err


def test_a_channel_that_needs_a_connection_gets_one(badbuzz: Badbuzz, tmp_path: Path) -> None:
    with mosquitto(tmp_path, password=True) as broker:
        run = badbuzz("notify", "home", written(tmp_path, port=broker.port))
        refused = badbuzz("notify", "home", written(tmp_path, port=broker.port, password="wr0ng-horse"))

    assert (0, "channel home: delivered\n") == (run.code, run.out)
    assert (1, True) == (refused.code, "refused us" in refused.err)


def test_a_test_leaves_nothing_behind_on_the_broker(badbuzz: Badbuzz, tmp_path: Path) -> None:
    with mosquitto(tmp_path, password=True) as broker:
        run = badbuzz("notify", "home", written(tmp_path, port=broker.port))
        kept = asyncio.run(_retained(broker.port))

    assert (0, []) == (run.code, kept)


async def _retained(port: int) -> list[str]:
    async with aiomqtt.Client("127.0.0.1", port, username=USER, password=PASSWORD) as client:
        await client.subscribe("#", qos=1)
        await client.publish("end", b"end", qos=1)
        topics: list[str] = []
        async for heard in client.messages:
            if heard.topic.value == "end":
                break
            topics.append(heard.topic.value)
    return topics
