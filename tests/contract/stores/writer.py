"""A process that commits batches from where its store stands, and kills itself before its n-th statement."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event

from listener.store.marks import Marking
from rules.instant import MINUTE
from tests.stores import T0, commit, heard, outgoing, stored, taken, transition

BATCHES, SIZE = 6, 3


def batch(number: int) -> Any:
    """The same batch for the same number, whoever makes it; some of it was in the batch before."""
    names = [str(number * SIZE + one) for one in range(-1, SIZE)]
    fresh = names if number == 0 else names[1:]
    return commit(
        T0 + (number + 1) * MINUTE,
        seen=[(f"feed:{name}", "1", "press") for name in names],
        mentions=[stored(name) for name in fresh],
        marks=[
            Marking(brand="acme", identity=f"feed:{name}", at=T0, taken=T0, label="neutral", by="Léa") for name in fresh
        ],
        inputs=[heard(name) for name in fresh],
        transitions=[transition("i1", step) for step in range(number + 1)],
        outgoing=[outgoing(f"d{step}", transition=f"i1.{step}") for step in range(number + 1)],
        snapshots=[("acme", T0, str(number).encode())],
    )


async def main(where: str, statements: int) -> None:
    store = await taken(where, "the writer", timedelta(seconds=1))
    left = [statements]

    def die(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", die)
    event.listen(Engine, "commit", die)
    position = await store.position()
    done = (position.last - T0) // MINUTE if position else 0
    for number in range(done, BATCHES):
        await store.commit(batch(number))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
