"""What a post costs when ten thousand brands listen, and what these hold."""

import gc
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import process_time, sleep

import pytest

from rules.mention import Mention
from rules.query.compiled import Query, compile_query
from rules.query.content import Content
from rules.query.index import Index, index_of
from rules.text import folded, read
from tests.bench.daemon import show
from tests.bench.queries import brands, posts
from tests.bench.texts import afresh, resident

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SIZES, POSTS, ROUNDS = (1, 100, 1_000, 10_000), 200_000, 3
MOST_TIMES, MOST_BYTES, MOST_STALL = 2, 4_096, 0.05


def peak() -> float:
    """The most that was resident, in MiB, since it was last asked."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def heard(index: Index, queries: dict[str, Query], said: list[Mention]) -> int:
    found = 0
    for mention in said:
        content = Content(mention)
        found += sum(queries[name].find(content) is not None for name in index.candidates(content))
    return found


def seconds(work: Callable[[], int]) -> tuple[float, int]:
    """Processor time, the least of some."""
    times = []
    for _ in range(ROUNDS):
        folded.cache_clear()
        read.cache_clear()
        begun = process_time()
        found = work()
        times.append(process_time() - begun)
    return min(times), found


def measure(count: int) -> dict[str, float]:
    drawn = brands(count)
    said = posts(list(drawn.values()), POSTS)
    index_of({"warm": compile_query("warm")})
    before = resident()
    peak()
    begun = process_time()
    queries = {name: compile_query(brand.query) for name, brand in drawn.items()}
    compiling, compiled = process_time() - begun, resident()
    begun = process_time()
    index = index_of(queries)
    building, highest, held = process_time() - begun, peak() - before, resident() - before
    used, found = seconds(lambda: heard(index, queries, said))
    return {
        "post": used / POSTS * 1e6,
        "found": found / POSTS,
        "asked": sum(len(index.candidates(Content(each))) for each in said[:20_000]) / 20_000,
        "queries": (compiled - before) * 2**20 / count,
        "held": held * 2**20 / count,
        "late": (resident() - before) * 2**20 / count,
        "peak": highest,
        "compiling": compiling,
        "building": building,
    }


def stalls(work: Callable[[], object]) -> float:
    """The longest that other threads stood still while `work` was done in one of its own: in processor time, since what
    else goes on in the machine is no fault of it.
    """
    longest, thread = 0.0, Thread(target=work)
    thread.start()
    while not longest or thread.is_alive():
        begun = process_time()
        sleep(0.001)
        longest = max(longest, process_time() - begun)
    thread.join()
    return longest


def changes(count: int) -> dict[str, float]:
    queries = {name: compile_query(brand.query) for name, brand in brands(count).items()}
    index = index_of(queries)
    gc.collect()
    other = {**queries, "brand-0": compile_query("changed"), "another": compile_query("new")}
    begun = process_time()
    changed = index.changed(other)
    taken = process_time() - begun
    return {
        "change": taken * 1e3,
        "changing": min(stalls(lambda: index.changed(other)) for _ in range(ROUNDS)) * 1e3,
        "merging": min(stalls(changed.merged) for _ in range(ROUNDS)) * 1e3,
    }


def test_what_ten_thousand_brands_cost():
    found = {count: afresh(measure, count) for count in SIZES}
    for count, each in found.items():
        show(
            f"{count:,} brands, {POSTS:,} posts",
            (
                ("posts a second of processor time", f"{1e6 / each['post']:,.0f}"),
                ("time a post, beside that with 100 brands", f"{each['post'] / found[100]['post']:.2f}"),
                ("brands a post concerns, and that are asked", f"{each['found']:.2f}, {each['asked']:.2f}"),
                ("held a brand: queries, with the index", f"{each['queries']:,.0f}, {each['held']:,.0f} bytes"),
                ("... after all posts", f"{each['late']:,.0f} bytes"),
                ("most held while building, above what was before", f"{each['peak']:.0f} MiB"),
                ("to compile the queries, to build the index", f"{each['compiling']:.1f}, {each['building']:.1f} s"),
            ),
        )
    assert found[10_000]["post"] <= MOST_TIMES * found[100]["post"]
    assert found[10_000]["late"] <= MOST_BYTES


def test_a_changed_brand_stalls_nobody():
    found = afresh(changes, SIZES[-1])
    show(
        f"one of {SIZES[-1]:,} brands changed",
        (
            ("to have an index with it", f"{found['change']:.0f} ms"),
            ("longest stall of other threads meanwhile", f"{found['changing']:.0f} ms"),
            ("... while all is merged", f"{found['merging']:.0f} ms"),
        ),
    )
    assert max(found["changing"], found["merging"]) <= MOST_STALL * 1e3
