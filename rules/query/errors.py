"""What is said of a query that cannot be understood."""

import unicodedata

_WIDE = "\u3000"  # as wide as what terminals show in two columns


class QueryError(ValueError):
    """A query that cannot be understood. `position` is the offending character's place in `query`; `hint` a way out;
    `str()` gives the message and the place under the query's line. Where an entry of a named list is at fault, `query`
    is that one, and `entry` the list with the place of the entry in it; None for the place where the list is missing.
    """

    def __init__(
        self, message: str, position: int, hint: str = "", query: str = "", entry: tuple[str, int | None] | None = None
    ) -> None:
        self.message, self.position, self.hint, self.query, self.entry = message, position, hint, query, entry
        super().__init__(message, position, hint)

    def __str__(self) -> str:
        start = max(0, self.position - 40)
        shown = "".join(c if c.isprintable() else " " for c in self.query[start : self.position + 30])
        hint = f" ({self.hint})" if self.hint else ""
        caret = f"\n  {shown}\n  {''.join(map(_blank, shown[: self.position - start]))}^" if self.query else ""
        where = f"in the list '{self.entry[0]}': " if self.entry and self.entry[1] is not None else ""
        return f"{where}{self.message}{hint}{caret}"


def _blank(character: str) -> str:
    """As wide as it is shown."""
    if unicodedata.combining(character):
        return ""
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else " "
