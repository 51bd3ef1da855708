"""What the program asks of a store to know what other processes write into the logs of brands."""

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy import Connection, and_, or_, select

from listener.store.tables import INPUTS
from rules.inputs import Input, decode

AT_ONCE = 100
"""Brands that are asked for in one statement."""


class LogViews(Protocol):
    """The logs of all brands, read on and on."""

    async def ends(self) -> dict[str, int]:
        """How far the log of every brand is: the seq of its last input."""

    async def since(self, after: Mapping[str, int], limit: int = 5_000) -> list[tuple[str, int, Input]]:
        """(brand, seq, input) of AT_ONCE brands at most, each after the seq that is given, in order."""


def since(connection: Connection, after: Mapping[str, int], limit: int) -> list[tuple[str, int, Input]]:
    """See LogViews."""
    mine = (and_(INPUTS.c.brand == brand, INPUTS.c.seq > seq) for brand, seq in after.items())
    page = select(INPUTS.c.brand, INPUTS.c.seq, INPUTS.c.body).where(or_(*mine))
    rows = connection.execute(page.order_by(INPUTS.c.brand, INPUTS.c.seq).limit(limit))
    return [(row.brand, row.seq, decode(row.body)) for row in rows]
