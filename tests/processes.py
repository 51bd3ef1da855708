"""What processes have started."""

from contextlib import suppress
from pathlib import Path


def children(pid: int | str = "self") -> list[int]:
    """The processes that one, or a thread of it, has started and that are there."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError):  # a thread may end meanwhile
            found += map(int, path.read_text(encoding="ascii").split())
    return found
