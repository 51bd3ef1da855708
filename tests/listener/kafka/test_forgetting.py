"""What a process that judges says no longer."""

import pytest

from config.load import load
from listener.catalogs import CATALOGS
from listener.clock import Clock
from listener.kafka.judging import Judging
from listener.net.client import open_client
from listener.observe.masking import Masking

CONFIGURATION = """
daemon: {database: "postgresql://nobody@127.0.0.1:1/none", kafka: {brokers: ["127.0.0.1:1"], topics: none}}
operator: {to: [here]}
brands: {acme: {query: acme, languages: [en]}}
sources: {press: {kind: file, path: "-"}, web: {kind: file, path: "-"}}
rules: {bad-buzz: {kind: spike}}
channels: {here: {kind: console}}
routes: [{to: [here]}]
"""


@pytest.fixture
async def judging(tmp_path):
    path, clock = tmp_path / "badbuzz.yaml", Clock()
    path.write_text(CONFIGURATION)
    async with open_client(clock=clock) as client:
        made = Judging(path, load(path, CATALOGS).settings, clock, Masking([]), client)
        yield made
        await made.close()


async def test_a_source_that_is_no_more_does_not_look_silent(judging, tmp_path):
    for source in ("press", "web"):
        judging.metrics.source_event(source, 1_000_000)
    (tmp_path / "badbuzz.yaml").write_text(CONFIGURATION.replace(', web: {kind: file, path: "-"}', ""))
    await judging.reload()
    told = judging.metrics.exposition("")[0].decode()
    assert 'badbuzz_source_last_event_timestamp_seconds{source="press"}' in told
    assert 'badbuzz_source_last_event_timestamp_seconds{source="web"}' not in told
