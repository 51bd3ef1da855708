import os
import secrets
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from listener.observe.systemd import Supervisor


@pytest.fixture(params=["abstract", "file"])
def manager(request, tmp_path) -> Iterator[tuple[socket.socket, str]]:
    """A service manager's socket, and the address it gives in NOTIFY_SOCKET."""
    name = f"badbuzz-{secrets.token_hex(8)}"
    shown = f"@{name}" if request.param == "abstract" else str(tmp_path / name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{name}" if request.param == "abstract" else shown)
        heard.settimeout(5)
        yield heard, shown


def test_each_word_reaches_the_service_manager(manager):
    heard, address = manager
    supervisor = Supervisor({"NOTIFY_SOCKET": address})
    supervisor.ready()
    supervisor.reloading(1_234_567)
    supervisor.alive()
    supervisor.status("2 incidents\nopen")
    supervisor.stopping()
    assert [heard.recv(1_000).decode() for _ in range(5)] == [
        "READY=1",
        "RELOADING=1\nMONOTONIC_USEC=1234567",
        "WATCHDOG=1",
        "STATUS=2 incidents open",
        "STOPPING=1",
    ]


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": "/nowhere/notify"}])
def test_without_a_service_manager_nothing_happens(environ):
    assert Supervisor(environ).ready() is None


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, timedelta(minutes=1)),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, timedelta(minutes=1)),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_patience_of_the_watchdog_is_read_when_it_is_meant_for_this_process(environ, expected):
    assert Supervisor(environ).patience == expected
