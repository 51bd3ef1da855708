"""What this process has started."""

from pathlib import Path


def children() -> list[int]:
    """The processes that this one, or a thread of it, has started and that are there."""
    return [int(pid) for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]
