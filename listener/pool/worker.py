"""A worker: a process that works for the daemon, `python -m listener.pool.worker MODULE:FUNCTION SECONDS`.

It is given what FUNCTION makes an answerer of, says that it is ready, and then answers one piece of work after the
other, until its input ends: so it ends with the daemon, however that ends. It may be killed at any instant, since it
keeps nothing. Work that takes longer than SECONDS ends it.
"""

import faulthandler
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from listener.garbage import settle
from listener.pool.frames import framed, heard

Answerer = Callable[[bytes], bytes]
Build = Callable[[Iterable[bytes]], Answerer]
_SACRIFICE = "500"
"""How much sooner than the daemon the system may end it where memory is short."""


def main(target: str, seconds: float) -> None:
    """Answer until the input ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # meant for the daemon, which still needs what is being worked out
    sys.excepthook = _tell
    faulthandler.enable()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_SACRIFICE, encoding="ascii")
    frames, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    module, _, name = target.partition(":")
    build: Build = getattr(import_module(module), name)
    with suppress(BrokenPipeError):
        _serve(build, frames, answers, seconds)


def _serve(build: Build, frames: BinaryIO, answers: BinaryIO, seconds: float) -> None:
    answer = build(iter(lambda: heard(frames) or b"", b""))
    settle()
    _say(answers, b"")
    while (said := heard(frames)) is not None:
        signal.setitimer(signal.ITIMER_REAL, seconds)  # ends this process, also in the middle of foreign code
        answered = answer(said)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _say(answers, answered)


def _say(answers: BinaryIO, said: bytes) -> None:
    answers.write(framed(said))
    answers.flush()


def _tell(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
    """Where it failed and at what, without the words of the error: they may be somebody's."""
    sys.stderr.write(f"worker: {kind.__name__}\n{''.join(traceback.format_tb(trace))}")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
