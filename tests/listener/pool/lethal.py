"""Workers that classify, and which some texts end."""

import os
import signal
from collections.abc import Iterable

from listener.pool.texts import answerer
from listener.pool.worker import Answerer

WORD = b"lethal"


def deadly(recipe: Iterable[bytes]) -> Answerer:
    """As the product's, but where a word stands."""
    harmless = answerer(recipe)

    def answer(said: bytes) -> bytes:
        if WORD in said:
            os.kill(os.getpid(), signal.SIGSEGV)
        return harmless(said)

    return answer
