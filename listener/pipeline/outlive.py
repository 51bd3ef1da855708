"""The one broad `except` of the program."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog

from alerts.channel import SendError
from listener.errors import FetchError
from listener.store.port import StoreError

T = TypeVar("T")

log = structlog.get_logger("supervisor")


async def outlive(work: Awaitable[T], **where: str) -> T | Exception:
    """What `work` gives, or what it raised: a bug in one source or channel, logged with `where`, must not silence the
    others. Nor does a cancellation that nobody asked for, which a library lets out when it cancels its own.
    """
    try:
        return await work
    except (FetchError, SendError, StoreError) as error:
        return error
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) and task.cancelling():
            raise
        log.exception("bug", **where)
        return RuntimeError("cancelled by nobody")
    except Exception as error:
        log.exception("bug", **where)
        return error
