"""What is said of a query that cannot be understood."""


class QueryError(ValueError):
    """A query that cannot be understood. `position` is the offending character's place in `query`; `hint` a way out;
    `str()` gives the message and the place under the query's line.
    """

    def __init__(self, message: str, position: int, hint: str = "", query: str = "") -> None:
        self.message, self.position, self.hint, self.query = message, position, hint, query
        super().__init__(message, position, hint)

    def __str__(self) -> str:
        start = max(0, self.position - 40)
        shown = "".join(c if c.isprintable() else " " for c in self.query[start : self.position + 30])
        hint = f" ({self.hint})" if self.hint else ""
        caret = f"\n  {shown}\n  {' ' * (self.position - start)}^" if self.query else ""
        return f"{self.message}{hint}{caret}"
