"""A process that moves a store, and kills itself before its n-th statement."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from listener.store.moving import move


def main(where: str, target: str, statements: int) -> None:
    left = [statements]

    def die(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", die)
    asyncio.run(move(Path(where), target, lambda _done, _total: None))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
