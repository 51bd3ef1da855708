"""What was found out of short pieces of text, so that it is found out once."""

from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

_LONGEST = 40
MOST = 16_384


class Kept(dict[str, Value]):
    """What `find` says of a piece, at first sight; bounded in entries and in their length. `list(map(kept.__getitem__,
    pieces))` asks for many at once.
    """

    def __init__(self, find: Callable[[str], Value], most: int = MOST) -> None:
        super().__init__()
        self._find, self._most = find, most

    def __missing__(self, piece: str) -> Value:
        found = self._find(piece)
        if len(piece) <= _LONGEST:
            if len(self) >= self._most:
                self.clear()
            self[piece] = found
        return found
