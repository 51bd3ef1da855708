"""Words that matter whenever they are said: a recall, a boycott, a leak."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from rules.fixed import FixedOptions, FixedRule
from rules.rule import Floor, RuleSpec, Window, plural


class KeywordOptions(FixedOptions):
    """Fires when a few different people use one of the words about the brand."""

    any: Annotated[tuple[str, ...], Field(min_length=1)]
    """Words and phrases, accents and case folded; `boycott*` takes every ending."""
    window: Window = timedelta(hours=1)
    """The stretch of time that is counted."""
    at_least: Floor = Floor()
    """The number of mentions, and of different authors, from which it fires."""


class Keyword(FixedRule):
    """Fires at `at_least` mentions with a word, is calm when no mention of the window has one."""

    def __init__(self, name: str, options: KeywordOptions) -> None:
        super().__init__(f"hits:{name}", options.window // timedelta(minutes=1), options, calm_below=1)
        self._words = ", ".join(options.any)

    def counted(self, count: int) -> str:
        return f"{plural(count, 'mention')} with one of: {self._words}"


SPEC = RuleSpec(
    kind="keyword",
    summary="Fires when several people use one of the given words about the brand.",
    options=KeywordOptions,
    example={"any": ["boycott*", "rappel produit"], "at_least": {"authors": 3}, "severity": "critical"},
    looks_at="words",
    build=Keyword,
    words=lambda options: options.any,
    steady=True,
)
