"""How a source can fail, by what its reader should do."""

from datetime import timedelta
from typing import Literal

SourceState = Literal["starting", "live", "starved", "reconnecting", "parked", "auth_failed", "gone"]

PARTLY = "partly"
"""The code of a source that is live, while a part of it is not read."""

WAITING = "waiting"
"""The code of a source that is ready, and that nothing came from yet."""


class FetchError(Exception):
    """A source could not be read. `state` says what follows: `reconnecting` is tried again, after `retry_after` when
    given, and so is `parked`, of which the operator hears at once; `auth_failed` and `gone` are left to the operator.
    (`starved` is found by who reads: a stream that is open and brings no posts.) `code` is the platform's own word (an
    HTTP status).
    """

    def __init__(
        self,
        message: str,
        *,
        state: SourceState = "reconnecting",
        code: str = "",
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.state, self.code, self.retry_after = state, code, retry_after
