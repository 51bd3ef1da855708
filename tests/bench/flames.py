"""Flame graphs of each path, sampled: `python -m tests.bench.flames [--path NAME]`, into docs/flames/, a minute in all.

py-spy looks 500 times a second at what the process does, all its threads, where they are at work; what was made ready
before is left out. It needs to be allowed to look into a process of one's own (on Linux, `ptrace_scope` 0, or root).
"""

import argparse
import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from cProfile import Profile
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import cast

import structlog

from rules.instant import SECOND
from tests.bench.daemon import ROOT
from tests.bench.firehose import frames
from tests.bench.flame_graph import drawn, grown
from tests.bench.matching import WARM, said, written
from tests.bench.parts import BRANDS
from tests.bench.queries import brands
from tests.bench.stream import measured
from tests.bench.texts import afresh

FRAMES, MENTIONS, OFTEN = 400_000, {"natural": 12_000, "passed-on": 40_000}, 500
FOLDER = ROOT / "docs/flames"


class Sampler:
    """Looks at this process from another one, from `enable` to `disable`: stands where a profile is asked for."""

    def __init__(self, folded: Path) -> None:
        self._folded = folded
        self._looking: subprocess.Popen[str] | None = None

    def enable(self) -> None:
        command = ["py-spy", "record", "--pid", str(os.getpid()), "--rate", str(OFTEN), "--format", "raw"]
        options = ["--function", "--output", str(self._folded)]
        spy = Path(sys.executable).with_name(command[0])
        self._looking = subprocess.Popen([spy, *command[1:], *options], stdout=subprocess.PIPE, text=True)
        assert self._looking.stdout is not None
        assert "Sampling" in self._looking.stdout.readline(), "py-spy may not look into this process"

    def disable(self) -> None:
        assert self._looking is not None
        self._looking.send_signal(signal.SIGINT)
        self._looking.communicate()


def firehose(folded: Path) -> None:
    named = brands(BRANDS)
    heard = frames(list(named.values()), FRAMES, begun=int(time() - 10) * SECOND)
    sampler = Sampler(folded)
    measured(named, heard, begin=sampler.enable)
    sampler.disable()


def matching(how: str, folded: Path) -> None:
    with TemporaryDirectory() as folder:
        texts = said(how, MENTIONS[how] + WARM)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        asyncio.run(written(Path(folder), texts, cast("Profile", Sampler(folded))))


PATHS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "firehose": ("The firehose from memory, 1,000 brands, one post in a hundred concerns one", firehose),
    "natural": ("Matching from memory, no two texts alike", partial(matching, "natural")),
    "passed-on": ("Matching from memory, each text said twenty times", partial(matching, "passed-on")),
}


def main(arguments: argparse.Namespace) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in arguments.path or PATHS:
        title, work = PATHS[name]
        with TemporaryDirectory() as folder:
            folded = Path(folder) / "folded"
            afresh(work, folded)
            picture = drawn(grown(folded.read_text(encoding="utf-8").splitlines()), title)
        (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
        print(f"docs/flames/{name}.svg: {len(picture) // 1_000} kB")  # noqa: T201  # the figures are the point


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", action="append", choices=PATHS)
    main(parser.parse_args())
