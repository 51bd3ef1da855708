"""A network of its own for each process, by namespaces of the Linux kernel: links between them can be taken down."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable

from tests.kafka import Place

HOST = "10.77.0.1"
"""Where the bridge is: all that stays outside of the namespaces is reached there."""
_NEEDED = ("unshare", "nsenter", "ip", "mount")
_INSIDE = "BENCH_IS_APART"


def _run(words: str) -> None:
    subprocess.run(words.split(), check=True)


def missing() -> str:
    """What keeps namespaces from being made here; empty where nothing does."""
    absent = [name for name in _NEEDED if shutil.which(name) is None]
    if sys.platform != "linux":
        return "network namespaces need Linux"
    if absent:
        return f"network namespaces need {' and '.join(absent)}: install util-linux and iproute2"
    if subprocess.run(["unshare", "--net", "--mount", "true"], check=False, capture_output=True).returncode:
        return "network namespaces need root: run it with sudo"
    return ""


def enter() -> None:
    """Run the program that calls this anew, in a network of which nothing is left at its end. Exits where that cannot
    be.
    """
    if _INSIDE in os.environ:
        return
    if why := missing():
        sys.exit(why)
    os.environ[_INSIDE] = "1"
    words = ["unshare", "--net", "--mount", sys.executable, *sys.orig_argv[1:]]
    os.execvp(words[0], words)


class Namespaces:
    """A bridge, and a place for each of these names."""

    def __init__(self, names: Iterable[str]) -> None:
        _run("mkdir -p /run/netns")
        _run("mount -t tmpfs none /run/netns")
        _run("ip link set lo up")
        _run("ip link add bridge type bridge forward_delay 0")
        _run(f"ip addr add {HOST}/24 dev bridge")
        _run("ip link set bridge up")
        self._numbers = {name: number for number, name in enumerate(names, 2)}
        for number in self._numbers.values():
            self._make(number)
        self._down: list[int] = []

    def _make(self, number: int) -> None:
        _run(f"ip netns add n{number}")
        _run(f"ip link add v{number} type veth peer name eth0 netns n{number}")
        _run(f"ip link set v{number} master bridge up")
        _run(f"ip -n n{number} addr add 10.77.0.{number}/24 dev eth0")
        _run(f"ip -n n{number} link set eth0 up")
        _run(f"ip -n n{number} link set lo up")

    def place(self, name: str) -> Place:
        """Where whoever is called so runs."""
        number = self._numbers[name]
        return Place(host=f"10.77.0.{number}", prefix=("nsenter", f"--net=/run/netns/n{number}"))

    def cut(self, name: str) -> None:
        """Take its link down: it reaches nobody, and nobody reaches it."""
        self._down.append(self._numbers[name])
        _run(f"ip link set v{self._numbers[name]} down")

    def heal(self) -> None:
        """Put all links up that are down."""
        while self._down:
            _run(f"ip link set v{self._down.pop()} up")
