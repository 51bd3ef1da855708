import os
import pty
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager

import pytest

from listener.cli.progress import bar, busy, followed, portion


@contextmanager
def lines():
    yield list(followed(["one", "two"]))


WAYS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "lines": lines,
    "bar": lambda: bar(1),
    "portion": lambda: portion("moving"),
    "busy": lambda: busy("trying"),
}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_draws_any_more_once_it_is_over(monkeypatch, way):
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen, os.fdopen(theirs, "w") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        before = threading.enumerate()
        with WAYS[way]():
            pass
        assert threading.enumerate() == before
        assert screen.read(1)
