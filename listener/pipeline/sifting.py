"""Workers as collectors see them, which read whole networks."""

import asyncio
from collections.abc import Callable, Sequence

from listener.errors import FetchError
from listener.pipeline.classifying import Classifying
from listener.pipeline.setup import Setup
from listener.pool.pool import NobodyError
from listener.pool.texts import about_frames
from listener.store.port import StoreError
from rules.mention import Mention


class Afar:
    """Implements the port of collectors, by the setup in force."""

    def __init__(self, classifying: Classifying, setup: Callable[[], Setup]) -> None:
        self._classifying, self._setup = classifying, setup

    @property
    def is_there(self) -> bool:
        pool = self._classifying.pool
        return pool is not None and pool.ready > 0

    def post(self, said: bytes) -> "asyncio.Future[bytes] | None":
        pool = self._classifying.pool
        if pool is None:
            return None
        self._classifying.follow(self._setup())
        try:
            return pool.post(about_frames(said))
        except NobodyError:
            return None

    def spent(self, seconds: float) -> None:
        self._classifying.consider(self._setup(), seconds)

    def heard(self, mentions: Sequence[Mention]) -> None:
        self._classifying.begin(mentions, self._setup())

    async def set_apart(self, mention: Mention, why: str) -> None:
        try:
            await self._classifying.set_apart(mention, why)
        except StoreError as error:
            raise FetchError(f"could not be stored: {error}", code="store") from error
