"""A stream that is sifted by workers of a daemon: what ends one of them never comes near the daemon itself."""

import pytest

from listener.bluesky import afar
from listener.pipeline.quarantine import FILE
from listener.pipeline.sifting import Afar
from tests.listener.collectors.test_bluesky_afar import heard, rounds_of
from tests.listener.pipeline.test_classifying import LETHAL, writing

ROUNDS = [[{"text": "acme"}, {"text": "acme is lethal"}, {"text": "acme again"}], [{"text": "acme too"}]]


@pytest.mark.parametrize("most", [1, 2])
async def test_what_ends_workers_is_kept_apart_however_few_there_are(world, monkeypatch, most):
    monkeypatch.setattr(afar, "LEAST", 1)
    async with writing(world, LETHAL, most):
        workers = Afar(world.ledger.classifying, lambda: world.ledger.setup)
        mentions, *_ = await heard(rounds_of(ROUNDS), workers)
    assert ["acme", "acme again", "acme too"] == [each.text for each in mentions]
    assert b"acme is lethal" in (world.folder / FILE).read_bytes()


async def test_a_stream_stops_where_nothing_can_be_kept_apart(world, monkeypatch):
    monkeypatch.setattr(afar, "LEAST", 1)
    async with writing(world, LETHAL):
        (world.folder / FILE).mkdir()
        workers = Afar(world.ledger.classifying, lambda: world.ledger.setup)
        mentions, *_, at, why = await heard(rounds_of(ROUNDS), workers)
    assert ([], 0) == (mentions, at)
    assert "could not be stored: the quarantine cannot be written: Is a directory" == why
