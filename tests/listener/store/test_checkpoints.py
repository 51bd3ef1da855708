"""SQLite's log is moved into its file beside the commits, whoever keeps the store open."""

import sqlite3
from contextlib import closing, suppress
from threading import enumerate as enumerate_threads

from listener.store.checkpoints import ENOUGH, Checkpoints
from listener.store.store import open_store
from tests.listener.pool.waiting import until
from tests.stores import T0, commit, stored


def moved(file):
    """How many mentions are in the file itself; nothing is moved by asking."""
    with closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as alone, suppress(sqlite3.Error):
        return alone.execute("SELECT count(*) FROM mentions").fetchone()[0]
    return 0  # it is just being written


async def test_much_that_was_committed_is_moved_while_the_store_is_open(tmp_path):
    store = open_store(tmp_path)
    await store.open("a test")
    names = [str(number) for number in range(ENOUGH)]
    mentions = [stored(name) for name in names]
    seen = [(each.mention.identity, "1", "press") for each in mentions]
    await store.commit(commit(T0 + 1, seen=seen, mentions=mentions))
    await until(lambda: moved(tmp_path / "badbuzz.db") == ENOUGH)
    await store.close()


def test_one_that_has_nothing_to_do_ends_at_once(tmp_path):
    idle, unused = Checkpoints(tmp_path / "idle.db"), Checkpoints(tmp_path / "unused.db")
    idle.begin()
    idle.committed(1)
    idle.end()
    unused.end()
    assert "checkpoints" not in {each.name for each in enumerate_threads()}
