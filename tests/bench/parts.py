"""The bare parts of both paths in plain loops: what no design can be faster than. `python -m tests.bench.parts`.

The firehose path: look at bytes, decode the fields that are needed, look for the names of 1,000 brands in the raw text,
commit the few that name one. The matching path: write down what matched and nothing else, and ask vaderSentiment alone.
Microseconds of processor time, medians of alternating rounds; SQLite on disk, `synchronous=FULL`, 500 rows a
transaction.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

import msgspec
from ahocorasick_rs import AhoCorasick
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from tests.bench.daemon import show, texts
from tests.bench.firehose import frames
from tests.bench.queries import Brand, brands

BRANDS, FRAMES, TEXTS, ROUNDS, BATCH = 1_000, 50_000, 10_000, 5, 500
_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE seen (identity TEXT, revision TEXT, source TEXT, PRIMARY KEY (identity, revision)) WITHOUT ROWID;
CREATE TABLE mentions (identity TEXT PRIMARY KEY, at INTEGER, author TEXT, body TEXT) WITHOUT ROWID;
CREATE TABLE inputs (brand TEXT, number INTEGER, entry BLOB, PRIMARY KEY (brand, number)) WITHOUT ROWID;
"""


class _Record(msgspec.Struct, gc=False):
    text: str = ""


class _Commit(msgspec.Struct, gc=False):
    operation: str
    collection: str
    rkey: str
    rev: str
    record: _Record | None = None


class _Frame(msgspec.Struct, gc=False):
    did: str
    time_us: int
    commit: _Commit | None = None


Row = tuple[str, str, int, str]
"""Identity, revision, moment and text of what is kept."""


class Store:
    """Three tables in a new file."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(_TABLES)
        self._number = 0

    def commit(self, rows: Sequence[Row]) -> None:
        execute = self._database.executemany
        self._database.execute("BEGIN IMMEDIATE")
        execute("INSERT OR IGNORE INTO seen VALUES (?, ?, 'said')", [(name, rev) for name, rev, _, _ in rows])
        kept = [(name, at, text) for name, _, at, text in rows]
        execute("INSERT OR REPLACE INTO mentions VALUES (?, ?, 'a', ?)", kept)
        entries = [(f"brand-{number % BRANDS}", self._number + number, b"x" * 200) for number in range(len(rows))]
        execute("INSERT INTO inputs VALUES (?, ?, ?)", entries)
        self._number += len(rows)
        self._database.execute("COMMIT")

    def close(self) -> None:
        self._database.close()


def look(said: Iterable[bytes]) -> list[bytes]:
    """The frames that are new posts, by their bytes."""
    return [frame for frame in said if b'"app.bsky.feed.post"' in frame and b'"create"' in frame]


def decode(said: Iterable[bytes]) -> list[_Frame]:
    read = msgspec.json.Decoder(_Frame).decode
    return [read(frame) for frame in said]


def find(posts: Iterable[_Frame], automaton: AhoCorasick) -> list[_Frame]:
    """The posts in whose raw text a name stands."""
    ask = automaton.find_matches_as_indexes
    return [post for post in posts if post.commit and post.commit.record and ask(post.commit.record.text)]


def rows(posts: Iterable[_Frame]) -> list[Row]:
    return [
        (f"at://{post.did}/{commit.rkey}", commit.rev, post.time_us, commit.record.text)
        for post in posts
        if (commit := post.commit) and commit.record
    ]


def names(named: Iterable[Brand]) -> AhoCorasick:
    """The automaton of all that brands are called."""
    return AhoCorasick(sorted({name for brand in named for name in brand.named}), store_patterns=False)


def firehose(said: Sequence[bytes], automaton: AhoCorasick, store: Store) -> None:
    """The whole of it in one flat loop of batches."""
    waiting = list[Row]()
    for start in range(0, len(said), 5_000):
        waiting += rows(find(decode(look(said[start : start + 5_000])), automaton))
        while len(waiting) >= BATCH:
            store.commit(waiting[:BATCH])
            del waiting[:BATCH]
    store.commit(waiting)


def matching(said: Sequence[str], store: Store, begun: int) -> None:
    """What cannot be left out of the matching path: the rows."""
    made = [(f"post-{begun + number}", "1", number, text) for number, text in enumerate(said)]
    for start in range(0, len(made), BATCH):
        store.commit(made[start : start + BATCH])


def spent(work: Callable[[], object], count: int) -> float:
    begun = process_time()
    work()
    return (process_time() - begun) / count * 1e6


def _round(
    heard: Sequence[bytes], automaton: AhoCorasick, said: Mapping[str, Sequence[str]], path: Path
) -> dict[str, float]:
    new, analyzer, store = look(heard), SentimentIntensityAnalyzer(), Store(path)
    posts = decode(new)
    found = {
        "look at the bytes": spent(lambda: look(heard), FRAMES),
        "decode what is needed": spent(lambda: decode(new), FRAMES),
        "look for names": spent(lambda: find(posts, automaton), FRAMES),
        "firehose": spent(lambda: firehose(heard, automaton, store), FRAMES),
        "rows of what matched": spent(lambda: matching(said["en"], store, TEXTS), TEXTS),
        "vaderSentiment, English": spent(lambda: list(map(analyzer.polarity_scores, said["en"])), TEXTS),
        "vaderSentiment, French": spent(lambda: list(map(analyzer.polarity_scores, said["fr"])), TEXTS),
    }
    store.close()
    return found


def measure() -> dict[str, float]:
    """Microseconds a frame, or a text, by part."""
    drawn = list(brands(BRANDS).values())
    heard, automaton = frames(drawn, FRAMES), names(drawn)
    said = {language: texts(language, TEXTS) for language in ("en", "fr")}
    with TemporaryDirectory() as folder:
        rounds = [_round(heard, automaton, said, Path(folder) / f"{number}.sqlite") for number in range(ROUNDS)]
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def main() -> None:
    found = measure()
    table = [(name, f"{figure:.2f} µs, {1e6 / figure:,.0f} a second") for name, figure in found.items()]
    show(f"bare parts, {FRAMES:,} frames, {TEXTS:,} texts", table)


if __name__ == "__main__":
    sys.exit(main())
