"""Whether the hot path became slower: `python -m tests.bench.ratios [--keep]`, about a minute.

What the sieve of Bluesky's stream, a glance at Mastodon's, and classifying a mention that matches, take beside plain
loops over the same texts, by processor time, alternating in one run: the machine and what else goes on there nearly
cancel out.
`ratios.jsonl` holds the ratios of before; more than half above the median of the last three is a regression, and the
exit code 1. With `--keep` those of now are added.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time
from typing import cast

from listener.bluesky.connect import Connection
from listener.bluesky.hearing import Hearing, Joint
from listener.bluesky.mentions import Reader
from listener.bluesky.place import Place
from listener.garbage import settle
from listener.net.stream import Socket
from rules.classify import BrandTerms, Classifier
from rules.instant import SECOND
from rules.query.compiled import compile_query
from rules.query.index import Index, index_of
from tests.bench import parts
from tests.bench.firehose import BEGUN, frames
from tests.bench.queries import brands, posts
from tests.bench.statuses import handed_over, statuses

FRAMES, POSTS, ROUNDS, AT_ONCE = 20_000, 500, 9, 4_000
HISTORY, LAST, NOISE = Path(__file__).with_name("ratios.jsonl"), 3, 1.5


def sieved(said: list[bytes], index: Index) -> int:
    """How many of the frames may concern a brand."""
    place = Place("said", "")
    joint = Joint(place, returning=False, doubtful=False, patience=1)
    connection = Connection(1, lost=False, socket=cast("Socket", None), inflater=None)  # nothing is received here
    now = BEGUN + 60 * SECOND
    hearing = Hearing("said", connection, place, joint, Reader("said"), lambda: now, lambda: index)
    for start in range(0, len(said), AT_ONCE):
        for chunk in hearing.chunks(said[start : start + AT_ONCE]):
            hearing.take(chunk)
    return len(hearing.told().mentions)


def ratio_of(ours: Callable[[], object], plain: Callable[[], object]) -> float:
    """How much more the least of ours takes than the least of the plain ones."""
    spent = {ours: list[float](), plain: list[float]()}
    for _ in range(ROUNDS):
        for work, each in spent.items():
            begun = process_time()
            work()
            each.append(process_time() - begun)
    return min(spent[ours]) / min(spent[plain])


def measure() -> dict[str, float]:
    drawn = brands(parts.BRANDS)
    queries = {name: compile_query(brand.query) for name, brand in drawn.items()}
    said, named = frames(list(drawn.values()), FRAMES), parts.names(drawn.values())
    index = index_of(queries)
    fedi = statuses(list(drawn.values()), FRAMES // 10)
    matching = posts(list(drawn.values()), POSTS, naming=1)
    classifier = Classifier({name: BrandTerms(query=query, languages=("fr", "en")) for name, query in queries.items()})
    settle()
    plain = list(map(json.dumps, [{"text": each.text} for each in matching] * 10))
    return {
        "sieve": ratio_of(lambda: sieved(said, index), lambda: parts.find(parts.decode(parts.look(said)), named)),
        "mastodon": ratio_of(lambda: handed_over(fedi, index), lambda: [json.loads(each.data) for each in fedi]),
        "classify": ratio_of(lambda: [*map(classifier.classify, matching)], lambda: [*map(json.loads, plain)]),
    }


def slower(now: dict[str, float], before: list[dict[str, float]]) -> list[str]:
    """What takes more than before."""
    told = list[str]()
    for name, ratio in now.items():
        usual = median([each[name] for each in before[-LAST:] if name in each] or [ratio])
        if ratio > usual * NOISE:
            told.append(f"{name}: {ratio:.2f} times the plain loop, before {usual:.2f}")
    return told


def main(keep: bool) -> int:
    before = [json.loads(line)["ratios"] for line in HISTORY.read_text(encoding="utf-8").splitlines()]
    now = measure()
    print(json.dumps(now))  # noqa: T201  # the figures are the point
    if keep:
        kept = {"day": f"{datetime.now(UTC):%Y-%m-%d}", "ratios": {name: round(each, 2) for name, each in now.items()}}
        with HISTORY.open("a", encoding="utf-8") as file:
            file.write(json.dumps(kept) + "\n")
    found = slower(now, before)
    for each in found:
        print(each, file=sys.stderr)  # noqa: T201  # same
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main("--keep" in sys.argv[1:]))
