"""Python is set as it was when nobody works in the background any more, in whatever order they end."""

import gc
import sys
import weakref
from contextlib import ExitStack

import pytest

from listener.garbage import in_the_background, undisturbed


def how() -> tuple[tuple[int, int, int], float]:
    return gc.get_threshold(), sys.getswitchinterval()


def test_what_begins_while_another_goes_on_leaves_things_as_they_were() -> None:
    before, first, second = how(), ExitStack(), ExitStack()
    first.enter_context(in_the_background())
    second.enter_context(in_the_background())
    first.close()
    assert before != how()
    second.close()
    assert before == how()


def test_what_fails_leaves_things_as_they_were() -> None:
    before = how()
    with pytest.raises(ValueError, match="wrong"), in_the_background():
        raise ValueError("wrong")
    assert before == how()


def test_threads_give_way_sooner_meanwhile() -> None:
    usual = sys.getswitchinterval()
    with in_the_background():
        assert sys.getswitchinterval() < usual


class Ring:
    """Garbage that only a collector of it finds."""

    def __init__(self) -> None:
        self.itself = self


def test_what_becomes_garbage_after_work_that_leaves_nothing_is_collected() -> None:
    with undisturbed():
        ring = Ring()
    gone = weakref.ref(ring)
    del ring
    gc.collect()
    assert gone() is None


def test_what_failed_is_collected() -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    with pytest.raises(ValueError, match="wrong"), in_the_background():
        raise ValueError("wrong")
    del ring
    gc.collect()
    assert gone() is None
