"""Python's collector of garbage, kept away from what stays: with thousands of brands it takes a second to go through
all of it, in which nothing else goes on.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEVER = 2**31 - 1
_YOUNG = 20_000
"""So many more objects there must be before the young ones are looked through: a transaction of 500 mentions makes as
many, and all of them go with it.
"""


def settle() -> None:
    """Collect what is garbage now, look at nothing that is left again, and from here on seldom. Takes its time: before
    anybody waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])


@contextmanager
def left_alone() -> Iterator[None]:
    """What is made meanwhile is looked at as long as it is young, and then never again: what of it is garbage by then
    stays for good, so this is for what is hardly any, and seldom done.
    """
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(young, middle, old)
