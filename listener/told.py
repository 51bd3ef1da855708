"""What a process is told by signals."""

import asyncio
import signal
from typing import NamedTuple


class Told(NamedTuple):
    """`ends` is set once it is told to end, `reloads` when it is told to take up a changed configuration."""

    ends: asyncio.Event
    reloads: asyncio.Event


def told_by_signals() -> Told:
    """What SIGTERM and SIGINT, and SIGHUP, set from now on, also while a store is opened or taken over. What came
    before ended the process.
    """
    loop, told = asyncio.get_running_loop(), Told(asyncio.Event(), asyncio.Event())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.ends.set)
    loop.add_signal_handler(signal.SIGHUP, told.reloads.set)
    return told
