"""Nothing that is said or kept shows a secret of the configuration."""

import asyncio
import os
import signal

import pytest
import structlog

from listener.service import run
from listener.store.views import open_views
from tests.collecting import serving
from tests.stores import opened

SECRETS = ("sesame-path", "sesame-key", "sesame-word", "sesame-token", "sesame-again", "sesame-later")
CONFIGURATION = """
daemon: {{data: {data}, listen: "127.0.0.1:0", log_level: debug}}
operator: {{to: [here]}}
brands: {{acme: {{query: acme}}}}
sources:
  hidden: {{kind: feed, urls: [!secret env:FEED_ADDRESS], allow_private: true}}
  known: {{kind: feed, urls: [{known}], allow_private: true}}
  keyed: {{kind: feed, urls: [{keyed}], allow_private: true}}
rules: {{bad-buzz: {{kind: spike}}}}
channels: {{here: {{kind: console}}}}
routes: [{{to: [here]}}]
"""


@pytest.fixture
def own_log():
    """The log of the process goes back to what it was."""
    yield
    structlog.reset_defaults()


@pytest.fixture
async def config(tmp_path, monkeypatch):
    """A configuration of which no source can be read: one is not found, one wants a password, one asks us to wait."""
    async with serving() as site:
        monkeypatch.setenv("FEED_ADDRESS", f"{site.url}/sesame-path/rss?key=sesame-key")
        monkeypatch.setenv("NEXT_ADDRESS", site.answers("/sesame-later/rss", 410))
        site.answers("/known", 401)
        site.answers("/keyed", (429, {"Retry-After": "1"}, b""), 404)
        path = tmp_path / "badbuzz.yaml"
        text = CONFIGURATION.format(
            data=tmp_path / "data",
            known=f"{site.url}/known?token=sesame-token".replace("//", "//camille:sesame-word@"),
            keyed=f"{site.url}/keyed".replace("//127.0.0.1", "//sesame-again@localhost"),
        )
        path.write_text(text)
        yield path


async def failing(data, **codes):
    """The rows of the sources once each of these has failed so."""
    views = open_views(data)
    try:
        async with asyncio.timeout(20):
            while True:
                rows = {row.name: row for row in await views.sources()}
                if codes == {name: row.code for name, row in rows.items() if name in codes}:
                    return [*map(str, rows.values())]
                await asyncio.sleep(0.02)
    finally:
        await views.close()


async def test_neither_the_log_nor_the_store_shows_a_secret(config, capfd, own_log):
    async with opened(config.parent / "data"):
        pass
    daemon = asyncio.ensure_future(run(config))
    try:
        rows = await failing(config.parent / "data", hidden="404", known="401", keyed="429")
        config.write_text(config.read_text().replace("env:FEED_ADDRESS", "env:NEXT_ADDRESS"))
        os.kill(os.getpid(), signal.SIGHUP)
        rows += await failing(config.parent / "data", hidden="410")
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(20):
            await daemon
    finally:
        daemon.cancel()
        await asyncio.wait([daemon])
    said = "".join([*rows, *capfd.readouterr()])
    assert "asks for a password" in said
    assert [] == [secret for secret in SECRETS if secret in said], said
