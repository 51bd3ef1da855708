"""What workers of tests make of what they are asked: they do as they are told."""

import os
import signal
import time
from collections.abc import Iterable


class Obedient:
    """Answers with its recipe and what it was asked, unless that is a way to end."""

    def __init__(self, recipe: Iterable[bytes]) -> None:
        self._recipe = b" ".join(recipe)

    def __call__(self, said: bytes) -> bytes:
        word, _, rest = said.partition(b" ")
        match word:
            case b"die":
                os.kill(os.getpid(), signal.SIGKILL)
            case b"fail":
                raise ValueError(rest.decode())
            case b"hang":
                time.sleep(60)
            case b"pid":
                return str(os.getpid()).encode()
            case b"surroundings":
                return repr(dict(os.environ)).encode()
        return b" ".join([self._recipe, said])


def stillborn(recipe: Iterable[bytes]) -> Obedient:
    """Ends before it is ready."""
    return Obedient(recipe)(b"die")


def broken_off(recipe: Iterable[bytes]) -> Obedient:
    """Ends before it has heard its whole recipe."""
    return stillborn([next(iter(recipe))])
