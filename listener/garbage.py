"""Python's own housekeeping, kept from standing in the way: with thousands of brands its collector of garbage takes a
second to go through all of them, and a thread that works on all of them makes the loop wait at each of its turns.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_NEVER = 2**31 - 1
_YOUNG = 20_000
"""So many more objects there must be before the young ones are looked through: a transaction of 500 mentions makes as
many, and all of them go with it.
"""
_TURN = 0.0005
"""Seconds after which a thread gives way to one that waits. Python's own 5 ms are waited for whenever the loop has
looked at a socket or a file, several times between two turns.
"""


_MIDDLE = 3
"""So many looks through the young ones there must be before those that were left are looked through as well, at once.
"""


def settle() -> None:
    """Collect what is garbage now, look at nothing that is left again, and from here on seldom. To be called once what
    is always needed is imported.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE)


class _Background:
    """How Python was set before the first of those who work in the background, and how many of them there are."""

    def __init__(self) -> None:
        self._busy = 0
        self._before = gc.get_threshold(), sys.getswitchinterval()

    def enter(self) -> None:
        if not self._busy:
            self._before = gc.get_threshold(), sys.getswitchinterval()
            gc.set_threshold(self._before[0][0], _NEVER, _NEVER)  # those of middle age would be all that is made
            sys.setswitchinterval(_TURN)
        self._busy += 1

    def leave(self) -> None:
        self._busy -= 1
        if not self._busy:
            gc.set_threshold(*self._before[0])
            sys.setswitchinterval(self._before[1])


_BACKGROUND = _Background()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Threads that work for long hardly hold the others up, and what is made meanwhile is looked at as long as it is
    young. Several tasks may be in it at a time.
    """
    _BACKGROUND.enter()
    try:
        yield
    finally:
        _BACKGROUND.leave()


@contextmanager
def in_the_background() -> Iterator[None]:
    """The same for what makes much that stays: it is never looked at again, unless the work failed. What is garbage by
    then, or becomes it later and holds itself, stays for good, whoever made it: so this is for what is seldom done.
    """
    with undisturbed():
        yield
        gc.freeze()
