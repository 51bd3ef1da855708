"""Where the time of the firehose goes: `python -m tests.bench.stages`, from memory, shares of processor time by folder.

Own time of the functions of a folder or library, with the built-in ones that they call. Profiled with cProfile, which
makes small functions look dearer than they are; what threads do (SQLite, above all) is told apart.
"""

import cProfile
import pstats
from collections import Counter
from pathlib import Path
from time import thread_time, time

from rules.instant import SECOND
from tests.bench.daemon import ROOT, show
from tests.bench.firehose import frames
from tests.bench.parts import BRANDS
from tests.bench.queries import brands
from tests.bench.stream import measured

FRAMES, SMALLEST = 100_000, 0.01

Function = tuple[str, int, str]


def room_of(function: Function) -> str:
    """`rules/query` and so on, or the library."""
    path = Path(function[0])
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1]
    return str(path.relative_to(ROOT).parent) if path.is_relative_to(ROOT) else "Python's own"


def spent_in(profile: cProfile.Profile) -> Counter[str]:
    """Seconds by room."""
    spent = Counter[str]()
    for function, (_, _, own, _, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if function[0] == "~":
            for caller, (_, _, share, _) in callers.items():
                spent[room_of(caller)] += share
        else:
            spent[room_of(function)] += own
    return spent


def main() -> None:
    named, profile = brands(BRANDS), cProfile.Profile(thread_time)
    said = frames(list(named.values()), FRAMES, begun=int(time() - 10) * SECOND)
    plain, whole = measured(named, said), measured(named, said, profile=profile)
    spent, threads = spent_in(profile), plain["processor"] - plain["thread"]
    everything = spent.total()
    rows = [("other threads, of all", f"{threads / plain['processor']:.0%}")]
    rows += [(room, f"{each / everything:.0%}") for room, each in spent.most_common() if each > SMALLEST * everything]
    show(f"{FRAMES:,} frames, {whole['kept']:,} mentions kept: shares of the main thread", rows)


if __name__ == "__main__":
    main()
