"""What a demonstration shows itself through: a port, and the plainest way to fill it."""

import tomllib
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Protocol, Self

from listener.mock.inboxes import Arrival
from listener.mock.stage import Stage
from listener.mock.story import Language
from listener.mock.watch import Attempt
from listener.store.port import StoredMention
from listener.wire import json_line, transition_line
from rules.instant import Instant, moment
from rules.transition import Transition


class Show(Protocol):
    """Is told what happens, in order, on the loop's thread; a context, left when there is nothing more to show."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def prepare(self, stage: Stage) -> None:
        """The stage is set; the daemon starts."""

    def begin(self, at: Instant) -> None:
        """The story begins at `at`."""

    def pulse(self, at: Instant, mentions: Sequence[StoredMention]) -> None:
        """A moment passed; `mentions` is all that was heard, newest first."""

    def transition(self, step: Transition) -> None: ...

    def arrival(self, arrival: Arrival) -> None: ...

    def attempt(self, attempt: Attempt) -> None: ...

    def over(self, at: Instant) -> None:
        """Every incident is resolved and everything delivered."""


class Words:
    """What the demonstration says in one language: `templates` by key."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.templates: dict[str, str] = tomllib.loads(
            files(__package__).joinpath(f"demo.{language}.toml").read_text("utf-8")
        )

    def __call__(self, key: str, **values: object) -> str:
        return self.templates[key].format(**values)


class JsonLines:
    """Transitions and attempts as JSON Lines, as they happen; nothing else."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def prepare(self, stage: Stage) -> None:
        """Nothing is said."""

    def begin(self, at: Instant) -> None:
        """Nothing is said."""

    def pulse(self, at: Instant, mentions: Sequence[StoredMention]) -> None:
        """Nothing is said."""

    def transition(self, step: Transition) -> None:
        self._write(transition_line(step))

    def arrival(self, arrival: Arrival) -> None:
        """Nothing is said."""

    def attempt(self, attempt: Attempt) -> None:
        line = {
            "type": "delivery",
            "at": moment(attempt.at),
            "alert": attempt.alert,
            "incident": attempt.incident,
            "channel": attempt.channel,
            "kind": attempt.kind,
            "attempt": attempt.number,
            "outcome": attempt.outcome,
        }
        self._write(json_line(line))

    def over(self, at: Instant) -> None:
        """Nothing is said."""
