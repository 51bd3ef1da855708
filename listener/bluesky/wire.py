"""Frames of Bluesky's Jetstream, version 1 and version 2, as one kind of event."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Raw, Struct, field

from listener.bluesky.time import moment_of
from rules.instant import instant

Version = Literal[1, 2]
Frame = str | bytes
_NOTHING = Raw()
_LONGEST_DID, _LONGEST_KEY, LONGEST_HANDLE = 2_048, 512, 253
"""What the protocol allows: https://atproto.com/specs/did, record-key and handle."""


class UnreadableError(Exception):
    """A frame that cannot be read; the message is the reason, one of few."""


class Commit(Struct, kw_only=True):
    """A change of one record. `record` is JSON as it came; empty for a deletion."""

    rev: str = ""
    operation: str
    collection: str
    rkey: str
    record: Raw = _NOTHING
    cid: str | None = None


class Identity(Struct):
    handle: str | None = None


class Account(Struct):
    active: bool = True
    status: str | None = None


class Event(Struct, kw_only=True):
    """What happened to the repository `did`. `position` is where to go on from (the stream's own sequence number, or
    microseconds), `at` when the server saw it. An `info` is about the stream: it has a name and no position.
    """

    kind: str
    did: str = ""
    position: int = 0
    at: int = 0
    commit: Commit | None = None
    identity: Identity | None = None
    account: Account | None = None
    name: str = ""


class _First(Struct):
    did: str
    time_us: int
    kind: str
    cursor: int | None = None
    commit: Commit | None = None
    identity: Identity | None = None
    account: Account | None = None


class _Payload(Struct, kw_only=True):
    type: str = field(name="$type")
    seq: int = 0
    did: str = ""
    time: str = ""
    witnessed: str | None = field(name="witnessedAt", default=None)
    rev: str = ""
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    record: Raw = _NOTHING
    cid: str | None = None
    identity: Identity | None = None
    account: Account | None = None
    handle: str | None = None
    active: bool = True
    status: str | None = None
    name: str = ""


class _Second(Struct, kw_only=True):
    type: str = field(name="$type")
    payload: _Payload | None = None
    error: str = ""
    message: str = ""


_FIRST, _SECOND = msgspec.json.Decoder(_First), msgspec.json.Decoder(_Second)


def read(frame: str | bytes, version: Version) -> Event:
    """The event of a frame. Raises UnreadableError. An `error` is how a server of version 2 says why it ends."""
    try:
        return _first(_FIRST.decode(frame)) if version == 1 else _second(_SECOND.decode(frame))
    except msgspec.ValidationError as error:
        raise UnreadableError("wrong shape") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError("malformed") from error


def _first(frame: _First) -> Event:
    position = frame.time_us if frame.cursor is None else frame.cursor
    event = Event(
        kind=frame.kind,
        did=frame.did,
        position=position,
        at=frame.time_us,
        commit=frame.commit,
        identity=frame.identity,
        account=frame.account,
    )
    return _whole(event)


def _second(frame: _Second) -> Event:
    if frame.type == "error":
        return Event(kind="error", name=f"{frame.error} {frame.message}".strip())
    said = frame.payload
    if said is None:
        raise UnreadableError("wrong shape")
    kind = said.type.rpartition("#")[2]
    if kind == "info":
        return Event(kind="info", name=said.name)
    seen = moment_of(said.witnessed) or moment_of(said.time)
    event = Event(kind=kind, did=said.did, position=said.seq, at=_at(seen))
    if kind == "commit":
        event.commit = Commit(
            rev=said.rev,
            operation=said.operation,
            collection=said.collection,
            rkey=said.rkey,
            record=said.record,
            cid=said.cid,
        )
    elif kind == "identity":
        event.identity = said.identity or Identity(said.handle)
    elif kind == "account":
        event.account = said.account or Account(said.active, said.status)
    return _whole(event)


def _at(seen: datetime | None) -> int:
    return instant(seen) if seen else 0


def _whole(event: Event) -> Event:
    """The event, when it says all that one of its kind must. Raises UnreadableError."""
    commit = event.commit
    did = event.did
    whole = did.startswith("did:") and len(did) <= _LONGEST_DID and event.position > 0 and event.at > 0
    if event.kind == "commit":
        whole = whole and commit is not None and bool(commit.collection and commit.rkey and (commit.rev or commit.cid))
        whole = whole and commit is not None and len(commit.rkey) <= _LONGEST_KEY
        whole = whole and commit is not None and commit.operation in {"create", "update", "delete"}
    elif event.kind in {"identity", "account"}:
        whole = whole and (event.identity if event.kind == "identity" else event.account) is not None
    if not whole:
        raise UnreadableError("wrong shape")
    return event
