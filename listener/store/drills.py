"""What the program asks of a store for fire drills."""

from typing import Protocol

from alerts.drill import Drill, DrillFor
from rules.instant import Instant


class DrillViews(Protocol):
    """What is read of drills, and how one is asked for."""

    async def drills(self, *, number: int | None = None, open_only: bool = False, limit: int = 100) -> list[Drill]:
        """Newest first; the one of that number when given."""
        ...

    async def ask_drill(self, wish: DrillFor, by: str, at: Instant) -> int:
        """Leave a `drill` command; returns its id."""
        ...
