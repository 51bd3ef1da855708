"""What rules share that learn: a memory that survives a restart."""

from typing import Any, Generic, TypeVar

import msgspec

from rules.series import Counts
from rules.transition import Ending

MemoryT = TypeVar("MemoryT", bound=msgspec.Struct)


class Remembering(Generic[MemoryT]):
    """Keeps all it has learnt in `memory`, which begins as `fresh()`. What is not said otherwise is not learnt."""

    def __init__(self, fresh: type[MemoryT]) -> None:
        self._fresh = fresh
        self.memory = fresh()

    def learn(self, counts: Counts, minute: int) -> None:
        """Nothing is learnt from a minute."""

    def end(self, _ending: Ending | None = None, /) -> None:
        """An end changes nothing."""

    def soften(self) -> None:
        """What was learnt was about something else."""
        self.memory = self._fresh()

    def dump(self) -> Any:
        return msgspec.to_builtins(self.memory)

    def restore(self, state: Any) -> None:
        self.memory = self._load(state)

    def recall(self, state: Any) -> None:
        """Nothing is remembered of which less could be usual."""

    def _load(self, state: Any) -> MemoryT:
        return self._fresh() if state is None else msgspec.convert(state, self._fresh)
