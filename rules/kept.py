"""What was found out of short pieces of text, so that it is found out once."""

from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

MOST, LONGEST = 16_384, 40


class Kept(dict[str, Value]):
    """What `find` says of a piece, at first sight; bounded in entries and in their length, before a hostile text fills
    memory. `list(map(kept.__getitem__, pieces))` asks for many at once.
    """

    def __init__(self, find: Callable[[str], Value], most: int = MOST, longest: int = LONGEST) -> None:
        super().__init__()
        self._find, self._most, self._longest = find, most, longest

    def __missing__(self, piece: str) -> Value:
        found = self._find(piece)
        if len(piece) <= self._longest:
            if len(self) >= self._most:
                self.clear()
            self[piece] = found
        return found
