"""What a listener asks the mock Jetstream for, in both versions."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from zstandard import ZstdCompressionDict, ZstdCompressor

from listener.bluesky.inflate import FIRST, shipped
from listener.mock.bluesky_log import Logged

_MOST_COLLECTIONS, _MOST_DIDS = 100, 10_000
_COLLECTION = re.compile(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+(\.\*)?")
_KINDS = {"commit", "identity", "account", "sync"}


class RefusedError(Exception):
    """A request that is answered with 400: the error's name for version 2, and words."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.name, self.words = name, words


@dataclass
class Wants:
    """What a client asked for."""

    version: Literal[1, 2]
    collections: Sequence[str] = ()
    dids: Sequence[str] = ()
    kinds: Sequence[str] = ()
    compressor: ZstdCompressor | None = None
    hello: bool = False

    def takes(self, event: Logged) -> bool:
        if self.dids and event.did not in self.dids:
            return False
        if self.kinds and event.kind not in self.kinds:
            return False
        return event.kind != "commit" or not self.collections or any(map(_names(event), self.collections))

    def update(self, text: str) -> bool:
        """Take over an `options_update`; whether it was one."""
        try:
            said = json.loads(text)
            wanted = said["payload"]
            self.collections = list(wanted.get("wantedCollections") or [])
            self.dids = list(wanted.get("wantedDids") or [])
            _check(self)
        except (ValueError, TypeError, KeyError, AttributeError, RefusedError):
            return False
        return bool(said.get("type") == "options_update")


def first_wants(request: web.Request) -> tuple[Wants, int | None]:
    """What is asked of version 1, and the cursor. Raises RefusedError."""
    query = request.query
    wants = Wants(1, query.getall("wantedCollections", []), query.getall("wantedDids", []))
    _check(wants)
    wants.hello = query.get("requireHello") == "true"
    if query.get("compress") == "true" or "zstd" in request.headers.get("Socket-Encoding", ""):
        if "permessage-deflate" in request.headers.get("Sec-WebSocket-Extensions", ""):
            raise RefusedError("", "zstd and permessage-deflate exclude each other")
        wants.compressor = _compressor(FIRST)
    return wants, _number(query.get("cursor"))


def second_wants(request: web.Request, dictionary: int) -> tuple[Wants, int | None]:
    """What is asked of version 2 of a server with this dictionary, and the cursor. Raises RefusedError."""
    query = request.query
    if any(name.startswith("wanted") for name in query):
        raise RefusedError("InvalidRequest", "wanted* are parameters of version 1")
    wants = Wants(2, query.getall("collections", []), query.getall("dids", []), kinds=query.getall("kinds", []))
    _check(wants)
    if wants.kinds and wants.collections and "commit" not in wants.kinds:
        raise RefusedError("InvalidRequest", "collections need kind commit")
    if "zstdDictionary" in query:
        if query["zstdDictionary"] != str(dictionary):
            raise RefusedError("UnknownZstdDictionary", f"the current one is {dictionary}")
        wants.compressor = _compressor(dictionary)
    return wants, _number(query.get("cursor"))


def _names(event: Logged) -> Callable[[str], bool]:
    return lambda each: (
        event.collection == each or (each.endswith(".*") and event.collection.startswith(each.removesuffix("*")))
    )


def _check(wants: Wants) -> None:
    """Raises RefusedError."""
    if len(wants.collections) > _MOST_COLLECTIONS or len(wants.dids) > _MOST_DIDS:
        raise RefusedError("InvalidRequest", "too many wanted collections or DIDs")
    for each in wants.collections:
        if not _COLLECTION.fullmatch(each):
            raise RefusedError("InvalidRequest", f"invalid collection: {each}")
    for each in wants.dids:
        if not re.fullmatch(r"did:[a-z]+:[a-zA-Z0-9._:%-]+", each):
            raise RefusedError("InvalidRequest", f"invalid DID: {each}")
    if set(wants.kinds) - _KINDS:
        raise RefusedError("InvalidRequest", "invalid kind")


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,18}", text):
        raise RefusedError("InvalidRequest", "invalid cursor")
    return int(text)


def _compressor(number: int) -> ZstdCompressor:
    return ZstdCompressor(dict_data=ZstdCompressionDict(shipped(number)))
