"""Ending when asked to."""

import asyncio


def obey_cancellation() -> None:
    """Raise the cancellation that Python 3.11's `wait_for`, on which clients of MQTT and SMTP wait, loses when it comes
    together with the answer, and that Kafka's loses when it comes while a connection is closed. For loops that would go
    on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
