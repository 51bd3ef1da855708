"""Frames sifted by workers, while the stream is read on."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import msgspec

from listener.bluesky.hearing import Chunk
from listener.bluesky.mentions import PLATFORM
from listener.bluesky.sifting import Sifted, sift
from listener.bluesky.wire import Frame, Version
from listener.collector import Afar
from listener.pool.line import LostError
from listener.pool.pool import NobodyError
from rules.instant import Instant, moment
from rules.mention import Mention
from rules.query.index import Index
from rules.query.sieve import Sieve

LEAST = 400
"""Frames that are worth the way; fewer come when there is little to do."""
_BARE = Mention(id="", source="", platform=PLATFORM, observed_at=datetime.min)  # noqa: DTZ901  # it is never looked at


class _Question(msgspec.Struct, array_like=True):
    frames: Sequence[bytes]
    version: Version
    dids: Collection[str]
    latest: Instant


_PACK = msgspec.msgpack.Encoder().encode
_QUESTION = msgspec.msgpack.Decoder(_Question).decode
_SIFTED = msgspec.msgpack.Decoder(Sifted).decode


class Answering:
    """In the worker: what is sifted by all brands that it knows."""

    def __init__(self, index: Index) -> None:
        self._sieve = Sieve(index, _BARE)

    def __call__(self, said: memoryview) -> bytes:
        asked = _QUESTION(said)
        return _PACK(sift(asked.frames, asked.version, self._sieve, asked.dids, asked.latest))


@dataclass(frozen=True, eq=False)
class Sent:
    """Frames that came together, and what may come of them."""

    chunk: Chunk
    answer: "asyncio.Future[bytes] | None"


class Sifting:
    """Has frames of one source sifted, where somebody is there for it."""

    def __init__(self, afar: Afar | None, source: str, version: Version) -> None:
        self._afar, self._source, self._version = afar, source, version

    def begin(self, chunk: Chunk) -> Sent:
        """Hand it over."""
        wanted = chunk.sieve is not None and not chunk.sieve.open and len(chunk.frames) >= LEAST
        there = self._afar is not None and self._afar.is_there  # what nobody will read is not written down
        return Sent(chunk, self._post(chunk, chunk.frames) if wanted and there else None)

    async def end(self, sent: Sent) -> Sifted | None:
        """What came of it; None where it is still to be done. A frame over which workers end is taken out of it. Raises
        FetchError when that cannot be kept apart.
        """
        if sent.answer is None:
            return None
        try:
            return _SIFTED(await sent.answer)
        except NobodyError:
            return None
        except LostError:
            await self._spare(sent.chunk)
            return None

    def spent(self, seconds: float) -> None:
        """It was done here, and took so long."""
        if self._afar:
            self._afar.spent(seconds)

    def heard(self, mentions: Sequence[Mention]) -> None:
        """These will be handed over."""
        if self._afar and mentions:
            self._afar.heard(mentions)

    def _post(self, chunk: Chunk, frames: Sequence[Frame]) -> "asyncio.Future[bytes] | None":
        if self._afar is None:
            return None
        return self._afar.post(_PACK(_Question([*map(_plain, frames)], self._version, chunk.dids, chunk.latest)))

    async def _spare(self, chunk: Chunk) -> None:
        harmless = list[Frame]()
        for frame in chunk.frames:
            why = await self._ends_over(chunk, frame)
            if why and self._afar:
                await self._afar.set_apart(self._mention(frame, chunk.now), why)
            else:
                harmless.append(frame)
        chunk.frames = harmless

    async def _ends_over(self, chunk: Chunk, frame: Frame) -> str:
        answer = self._post(chunk, [frame])  # whoever ended is about to be replaced: that is waited for
        try:
            await (answer or asyncio.sleep(0))
        except LostError as error:
            return str(error)
        except NobodyError:
            return ""
        return ""

    def _mention(self, frame: Frame, now: Instant) -> Mention:
        said = _plain(frame)
        name, text = blake2b(said, digest_size=8).hexdigest(), said.decode("utf-8", "replace")
        return Mention(id=f"frame:{name}", source=self._source, platform=PLATFORM, text=text, observed_at=moment(now))


def _plain(frame: Frame) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode("utf-8", "replace")
