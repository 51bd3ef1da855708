"""SQLite's log moved into its file while others commit: a commit that did it would wait for a thousand pages."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from threading import Event, Thread

ENOUGH = 250
"""Mentions, some thousand pages of the log, from which on it is moved."""
EVERY = 1.0
"""Seconds between two times at least: what is written again within it is moved once."""


class Checkpoints:
    """A thread that moves what was committed, beside whoever writes. What it cannot move stays in the log, and whoever
    writes moves that once there is much.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._left = file, 0
        self._wanted, self._over = Event(), Event()
        self._thread = Thread(target=self._run, name="checkpoints", daemon=True)

    def begin(self) -> None:
        """From now on, with what is left of before."""
        self._wanted.set()
        self._thread.start()

    def committed(self, mentions: int) -> None:
        """There is so much more to move; a commit without any is as much as one."""
        self._left += max(1, mentions)
        if self._left >= ENOUGH:
            self._left = 0
            self._wanted.set()

    def end(self) -> None:
        """Return once it is done with what it had begun."""
        self._over.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        with closing(sqlite3.connect(self._file, isolation_level=None)) as connection:
            while self._wanted.wait() and not self._over.wait(EVERY):
                self._wanted.clear()
                with suppress(sqlite3.Error):  # whoever writes meets it as well, and tells
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
