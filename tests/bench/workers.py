"""What a worker costs: `python -m tests.bench.workers`.

Memory of one once it has classified 2,000 posts, half of which name a brand, and the processor time until it is ready,
with as many brands as the daemon has. Memory that several share counts in parts (`Pss` of `/proc/PID/smaps_rollup`).
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from listener.pool.pool import Pool
from listener.pool.texts import TARGET, answers, first_part, part, question
from rules.classify import BrandTerms
from rules.query.compiled import compile_query
from tests.bench.daemon import show
from tests.bench.queries import Brand, brands, posts
from tests.bench.stream import all_there, workers_time
from tests.processes import children

COUNTS = (1, 1_000, 10_000)
POSTS, AT_ONCE = 2_000, 100


async def recipe(terms: Mapping[str, BrandTerms]) -> AsyncIterator[bytes]:
    yield first_part("built-in")
    for name, each in terms.items():
        yield part(name, each)


def mebibytes(pid: int) -> float:
    told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"Pss: +(\d+) kB", told)
    assert found
    return int(found[1]) / 1024


async def cost(named: Mapping[str, Brand]) -> str:
    terms = {
        name: BrandTerms(query=compile_query(brand.query), languages=("fr", "en"), keywords={"recall": ("boycott*",)})
        for name, brand in named.items()
    }
    pool, said, concern = Pool(TARGET, 1), posts(list(named.values()), POSTS), 0
    async with asyncio.TaskGroup() as group:
        running = group.create_task(pool.run())
        pool.renew(lambda: recipe(terms))
        await all_there(pool, 1)
        [pid], ready = children(), workers_time()
        at_first = mebibytes(pid)
        for start in range(0, POSTS, AT_ONCE):
            concern += sum(map(bool, answers(await pool.post(question(said[start : start + AT_ONCE])))))
        asked = mebibytes(pid)
        running.cancel()
    return (
        f"{at_first:.0f} MiB, {asked:.0f} after {POSTS:,} posts ({concern:,} concern a brand), ready in {ready:.2f} s"
    )


def main() -> None:
    show("one worker", [(f"brands: {count:,}", asyncio.run(cost(brands(count)))) for count in COUNTS])


if __name__ == "__main__":
    main()
