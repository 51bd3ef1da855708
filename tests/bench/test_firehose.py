"""From frames of a whole network to committed facts, beside the bare parts over the same frames."""

from functools import partial
from pathlib import Path
from statistics import median
from time import process_time, time

import pytest

from rules.instant import SECOND
from tests.bench import parts
from tests.bench.daemon import show
from tests.bench.firehose import frames
from tests.bench.queries import brands
from tests.bench.stream import measured, served
from tests.bench.texts import afresh

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

FRAMES, ROUNDS = 100_000, 3
LEAST = 0.1
"""Of the bare parts; where it falls below, something that is done for each post has come in."""


def test_frames_a_second_from_memory_and_over_a_web_socket(tmp_path: Path) -> None:
    named = brands(parts.BRANDS)
    said, automaton = frames(list(named.values()), FRAMES, begun=int(time() - 10) * SECOND), parts.names(named.values())
    bare, memory, socket = list[float](), list[dict[str, float]](), list[dict[str, float]]()
    with served(said) as address:
        for number in range(ROUNDS):
            store, begun = parts.Store(tmp_path / f"{number}.sqlite"), process_time()
            parts.firehose(said, automaton, store)
            bare.append(process_time() - begun)
            store.close()
            memory.append(afresh(measured, named, said))
            socket.append(afresh(measured, named, said, address))
    rows = [("bare parts", f"{FRAMES / median(bare):,.0f}, {median(bare) / FRAMES * 1e6:.1f} µs, 1")]
    ratios = {}
    for name, found in (("from memory", memory), ("over a WebSocket", socket)):
        spent = median(each["processor"] for each in found)
        ratios[name] = median(one / each["processor"] for one, each in zip(bare, found, strict=True))
        rows.append((name, f"{FRAMES / spent:,.0f}, {spent / FRAMES * 1e6:.1f} µs, {ratios[name]:.2f}"))
        rows.append(("... by the wall", f"{FRAMES / median(each['wall'] for each in found):,.0f}"))
        assert {each["kept"] for each in found} == {found[0]["kept"]}
    assert memory[0]["kept"] == socket[0]["kept"] > 0
    few = said[: FRAMES // 5]
    whole = afresh(partial(measured, sieve=False), named, few)["processor"]
    rows.append(("... without the sieve, a fifth of them", f"{len(few) / whole:,.0f}, {whole / len(few) * 1e6:.1f} µs"))
    rows.append(("mentions kept, of all", f"{memory[0]['kept'] / FRAMES:.2%}"))
    show(f"{FRAMES:,} frames, {parts.BRANDS:,} brands: frames a second of processor time", rows)
    assert min(ratios.values()) >= LEAST
