"""Where the time of the firehose goes: `python -m tests.bench.stages`, from memory, microseconds a frame by stage.

Processor time of the main thread within each stage, without that of the stages within it; what threads do (SQLite,
above all) is the rest of the process. Medians of rounds.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from statistics import median
from time import thread_time, time
from typing import Any
from unittest.mock import patch

from listener.bluesky import sifting
from listener.bluesky.hearing import Hearing
from listener.pipeline.intake import Intake
from listener.pipeline.turn import Turn
from rules.classify import Classifier
from rules.instant import SECOND
from rules.query import sieve
from tests.bench.daemon import show
from tests.bench.firehose import frames
from tests.bench.parts import BRANDS
from tests.bench.queries import Brand, brands
from tests.bench.stream import measured
from tests.bench.texts import afresh

FRAMES, ROUNDS = 100_000, 3
STAGES: dict[str, tuple[Any, str]] = {
    "decode, and tell new posts from the rest": (sifting, "glance"),
    "fold": (sieve, "laid"),
    "ask the automaton, and what may hold": (sieve.Sieve, "places"),
    "who is asked for": (sifting, "_asked"),
    "read with care what passes": (Hearing, "_take"),
    "the rest of hearing": (Hearing, "take"),
    "index, query, tone and story of what passes": (Classifier, "by_words"),
    "entries of the log": (Intake, "take"),
    "engines": (Turn, "apply"),
}


class Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.spent = defaultdict[str, float](float)
        self._within = [0.0]

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(work)
        def timed(*arguments: Any, **named: Any) -> Any:
            begun = thread_time()
            self._within.append(0.0)
            try:
                return work(*arguments, **named)
            finally:
                whole = thread_time() - begun
                self.spent[name] += whole - self._within.pop()
                self._within[-1] += whole

        return timed


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """What each stage takes meanwhile."""
    watch = Stopwatch()
    patches = [patch.object(of, name, watch.timed(stage, getattr(of, name))) for stage, (of, name) in STAGES.items()]
    for each in patches:
        each.start()
    yield watch.spent
    for each in patches:
        each.stop()


def split(named: dict[str, Brand], said: list[bytes]) -> dict[str, float]:
    """Seconds by stage, of one round."""
    with watched() as spent:
        whole = measured(named, said, begin=spent.clear)
    rest = {
        "batches, rows and the loop": whole["thread"] - sum(spent.values()),
        "other threads": whole["processor"] - whole["thread"],
    }
    return {**spent, **rest, "all": whole["processor"]}


def main() -> None:
    named = brands(BRANDS)
    said = frames(list(named.values()), FRAMES, begun=int(time() - 10) * SECOND)
    rounds = [afresh(partial(split, named), said) for _ in range(ROUNDS)]
    rows = [(stage, f"{median(each.get(stage, 0) for each in rounds) / FRAMES * 1e6:.2f}") for stage in rounds[0]]
    show(f"{FRAMES:,} frames, from memory: µs a frame", rows)


if __name__ == "__main__":
    main()
