"""Tell systemd how the service is doing (sd_notify(3)); without systemd every call does nothing."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from rules.instant import Instant


class Supervisor:
    """The service manager above us, found in the environment it gave. Never blocks and never fails: a lost word to
    systemd must not stop the daemon, and a missing `alive` is exactly what the watchdog is there for.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        # systemd writes an abstract socket with a leading "@"; the kernel wants a zero byte
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        self.patience = _patience(environ)
        """How long `alive` may be missing before the service is killed; None when nobody watches."""

    def ready(self) -> None:
        """Started, or done reloading."""
        self._tell("READY=1")

    def reloading(self, monotonic: Instant) -> None:
        """A reload begins; `monotonic` is CLOCK_MONOTONIC in microseconds. `ready` ends it."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={monotonic}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """To be said at least twice per `patience`, by what would hang if the daemon hung."""
        self._tell("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={' '.join(text.split())}")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel, suppress(OSError):
            channel.sendto(message.encode(), self._address)


def _patience(environ: Mapping[str, str]) -> timedelta | None:
    """WATCHDOG_USEC, when it is meant for this process."""
    usec = environ.get("WATCHDOG_USEC", "")
    if not usec.isdecimal() or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return timedelta(microseconds=int(usec)) or None
