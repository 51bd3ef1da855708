"""How often records were tried that could not be judged, so that one of them does not hold up its part for ever."""

TRIES = 3
"""So often a record alone is tried."""


class Trying:
    """Follows one partition. Once some records failed for what they say, each of them is tried alone."""

    def __init__(self) -> None:
        self._first, self._end = 0, 0
        self._wary_until, self._tries = 0, 0
        self._suspect = -1

    @property
    def is_wary(self) -> bool:
        """Whether one record after the other must be tried."""
        return self._wary_until > 0

    def is_hopeless(self, offset: int) -> bool:
        """Whether the record there was tried often enough."""
        return self._suspect == offset and self._tries >= TRIES

    def begin(self, first: int, end: int) -> None:
        """Those from `first` to before `end` are tried."""
        self._first, self._end = first, end

    def taken(self, end: int) -> None:
        """All before `end` is judged, or set aside."""
        self.spare()
        if end >= self._wary_until:
            self._wary_until = 0

    def failed(self) -> None:
        """What is tried was not judged for what it says; nothing, where nothing is tried."""
        if self._end <= self._first:
            return
        self._wary_until = max(self._wary_until, self._end)
        if self._end - self._first == 1:
            self._tries = self._tries + 1 if self._suspect == self._first else 1
            self._suspect = self._first
        self.spare()

    def spare(self) -> None:
        """What is tried, if anything, failed for another reason."""
        self._first = self._end = 0
