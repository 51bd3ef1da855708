"""What is wrong with a configuration: every problem has a place and a way out."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

_CLOSE, _FURTHEST = 0.65, 2
"""How alike two words are that may be the same one misspelt, and by how many letters they differ in length."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing to mend. `path` is the dotted key (`channels.team.kind`); `line` and `column` count from 1, 0 is
    unknown.
    """

    message: str
    path: str = ""
    hint: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        column = f":{self.column}" if self.column else ""
        place = f"{self.file}:{self.line}{column}: " if self.line else f"{self.file}: " if self.file else ""
        path = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.level}: {path}{self.message}{hint}"


def way_out(error: Exception) -> str:
    """What to do about a file that cannot be read or written, "" when its words say it."""
    if isinstance(error, PermissionError):
        return "run this as the user the daemon runs as, or as root"
    return "name a file in it" if isinstance(error, IsADirectoryError) else ""


class ConfigError(Exception):
    """The operator must change the configuration. `problems` holds every error and warning found in one pass."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that a misspelt or shortened one is most like, first of all one that is its beginning or begins
    with it; "" when none is close.
    """
    fitting = [name for name in sorted(known) if abs(len(name) - len(word)) <= _FURTHEST or name.startswith(word)]
    alike = [name for name in fitting if name and (name.startswith(word) or word.startswith(name))]
    return next(iter(get_close_matches(word, alike or fitting, n=1, cutoff=_CLOSE)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt word: the closest known one, else all of them when they are few, else nothing."""
    names = sorted(known)
    close = closest(word, names)
    if close:
        return f"did you mean '{close}'?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 20 else ""
