"""Runs the daemon in one child process after the other, each killed where it was told to be.

Started as a program: `python -m tests.e2e.lives CONFIG SPEED`; the clock of every daemon runs SPEED times as fast as
ours, on from one life to the next. Reads one JSON object a line: `{"point": 7}` kills the child
at the 7th point of its writing (before a statement, before a commit, after a commit), `{"after": 0.4}` after that many
seconds, `{}` lets it live until the program is told `{"stop": true}`. `"later": 60` puts the clock of this life and
all that follow forward by a minute, as if nobody had lived meanwhile. `"split": "inputs"` commits in the middle of each
transaction, before the first row of that table is written: the fault that the test must notice.
Answers `{"pid": ..}` and `{"exit": ..}`.
"""

import asyncio
import json
import os
import select
import signal
import sys
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from alerts.render import render
from listener.app import load_checked
from listener.clock import Clock
from listener.service import run
from rules.instant import SECOND
from tests.builders import alert

WRITES = ("INSERT", "UPDATE", "DELETE")


class Points:
    """Counts the points at which a transaction can be cut, and dies at the one it was told."""

    def __init__(self, last, split):
        self.left, self.split, self.wrote, self.parted = last, split, False, False

    def install(self):
        event.listen(Engine, "before_cursor_execute", self.statement)
        event.listen(Engine, "commit", self.commit)
        event.listen(Pool, "checkin", self.returned)

    def statement(self, _connection, cursor, statement, *_rest):
        if not statement.startswith(WRITES):
            return
        self.wrote = True
        if self.split and not self.parted and f"INTO {self.split} " in statement:
            self.parted = True
            cursor.execute("COMMIT")
            self.pass_by(cut=True)
            cursor.execute("BEGIN IMMEDIATE")
            return
        self.pass_by()

    def commit(self, _connection):
        if self.wrote:
            self.pass_by()

    def returned(self, *_):
        if self.wrote:
            self.wrote = self.parted = False
            self.pass_by()

    def pass_by(self, *, cut=False):
        if self.left is None or (self.split and not cut):
            return
        self.left -= 1
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def live(config, order, clock):
    Points(order.get("point"), order.get("split")).install()
    log = os.open(config.parent / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    asyncio.run(run(config, clock=clock))


def load_what_all_need(config):
    """Once, before any life: else each would spend most of its time on it."""
    load_checked(config)
    render(alert(), "en", ZoneInfo("UTC"))


def answer(**words):
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main():
    config = Path(sys.argv[1])
    load_what_all_need(config)
    began = Clock().now()
    clock = Clock(origin=began, started=began, speed=float(sys.argv[2]))
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        clock = replace(clock, origin=clock.origin + order.get("later", 0) * SECOND)
        child = os.fork()
        if child == 0:
            try:
                live(config, order, clock)
            finally:
                os._exit(0 if sys.exc_info()[0] is None else 1)
        answer(pid=child)
        if "after" in order:
            select.select([], [], [], order["after"])
            os.kill(child, signal.SIGKILL)
        elif "point" not in order:
            sys.stdin.readline()
            os.kill(child, signal.SIGTERM)
        _, status = os.waitpid(child, 0)
        answer(exit=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
