"""What the mock Jetstream has to tell: events made from a world, and their frames in both versions."""

from base64 import b32encode
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from listener.mock.world import Account, Change, Said, World
from rules.instant import HOUR, Instant, Span, moment

POSTS, REPOSTS = "app.bsky.feed.post", "app.bsky.feed.repost"
WINDOW: Span = 36 * HOUR
KEPT = 100_000
_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_EVENTS = "network.bsky.jetstream.subscribeEvents"

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Logged:
    """One event. `seq` counts from 1 over all kinds, `at` grows with it; `body` is what the kind says."""

    seq: int
    at: Instant
    did: str
    kind: str
    body: Json

    @property
    def collection(self) -> str:
        return str(self.body.get("collection", ""))


class Log:
    """The events of a world, as long as they are kept: 36 h, and no more than `kept`. `dated` may lie about when a
    post was written.
    """

    def __init__(self, world: World, dated: Callable[[Instant], Instant], kept: int = KEPT) -> None:
        self._world, self._dated = world, dated
        self._events: deque[Logged] = deque(maxlen=kept)
        self._number = self._seq = 0
        self._at: Instant = 0
        self._named: set[str] = set()
        self._places: dict[int, tuple[str, str]] = {}

    @property
    def next(self) -> int:
        """The number the next event will have."""
        return self._seq + 1

    @property
    def oldest(self) -> Logged | None:
        return self._events[0] if self._events else None

    def catch_up(self) -> None:
        """Take in what was said since the last time."""
        news = self._world.since(self._number) if self._world.number > self._number else ()
        for change in news:
            self._number = change.number
            self._name(change.post.author, change.at)
            self._take(change)
        while self._events and self._events[0].at < self._world.now() - WINDOW:
            self._events.popleft()

    def since(self, seq: int) -> Iterator[Logged]:
        """The events from a number on, as far as they are kept."""
        self.catch_up()
        return iter([*islice(self._events, max(0, seq - self.next + len(self._events)), None)])

    def forget(self, seq: int) -> list[Logged]:
        """Drop everything before a number; what was dropped."""
        gone = []
        while self._events and self._events[0].seq < seq:
            gone.append(self._events.popleft())
        return gone

    def identity(self, account: Account) -> None:
        """Somebody has a name, maybe a new one."""
        self.catch_up()
        self._named.discard(account.handle)
        self._name(account, self._world.now())

    def account(self, account: Account, *, active: bool, status: str | None = None) -> None:
        """Somebody's account is open, or closed."""
        self.catch_up()
        said: Json = {"active": active, **self._upstream(account)} | ({"status": status} if status else {})
        self._append(did_of(account), "account", said, self._world.now())

    def uri(self, post: Said) -> str:
        """The address of a post that was taken in."""
        uri, _ = self._places[post.key]
        return uri

    def _name(self, account: Account, at: Instant) -> None:
        if account.handle not in self._named:
            self._named.add(account.handle)
            said = {"did": did_of(account), "handle": account.handle} | self._upstream(account)
            self._append(did_of(account), "identity", said, at)

    def _upstream(self, account: Account) -> Json:
        seq = 30_000_000_000 + self._seq
        return {"did": did_of(account), "seq": seq, "time": rfc3339(self._world.now(), "milliseconds")}

    def _take(self, change: Change) -> None:
        post, did = change.post, did_of(change.post.author)
        collection = POSTS if post.repost_of is None else REPOSTS
        if post.key not in self._places:
            rkey = tid(change.at, post.key)
            self._places[post.key] = (f"at://{did}/{collection}/{rkey}", cid(f"{rkey} {post.text}"))
        uri, _ = self._places[post.key]
        body: Json = {
            "rev": tid(change.at, change.number),
            "operation": change.op,
            "collection": collection,
            "rkey": uri.rpartition("/")[2],
        }
        if change.op != "delete":
            body |= {"record": self._record(post), "cid": cid(f"{uri} {post.text}")}
            self._places[post.key] = (uri, body["cid"])
        self._append(did, "commit", body, change.at)

    def _record(self, post: Said) -> Json:
        created = rfc3339(self._dated(post.at), "milliseconds")
        if post.repost_of is not None:
            return {"$type": REPOSTS, "createdAt": created, "subject": self._reference(post.repost_of)}
        record: Json = {"$type": POSTS, "createdAt": created}
        if post.title:
            card = {"description": "", "title": post.title, "uri": f"https://example.org/{post.key}"}
            record["embed"] = {"$type": "app.bsky.embed.external", "external": card}
        if post.language:
            record["langs"] = [post.language]
        if post.reply_to is not None:
            parent = self._reference(post.reply_to)
            record["reply"] = {"parent": parent, "root": parent}
        return record | {"text": post.text}

    def _reference(self, key: int) -> Json:
        uri, known = self._places.get(key, (f"at://did:plc:unknown/{POSTS}/{key}", cid(str(key))))
        return {"cid": known, "uri": uri}

    def _append(self, did: str, kind: str, body: Json, at: Instant) -> None:
        self._seq, self._at = self._seq + 1, max(self._at + 1, at)
        self._events.append(Logged(seq=self._seq, at=self._at, did=did, kind=kind, body=body))


def first(event: Logged, *, numbered: bool) -> Json:
    """The frame of version 1; `numbered` as servers of version 2 send it."""
    number = {"cursor": event.seq} if numbered else {}
    return {"did": event.did, "time_us": event.at, "kind": event.kind, event.kind: event.body} | number


def second(event: Logged) -> Json:
    """The frame of version 2."""
    head = {"$type": f"{_EVENTS}#{event.kind}", "seq": event.seq, "did": event.did}
    time = {"time": rfc3339(event.at, "microseconds")}
    body = event.body if event.kind == "commit" else {event.kind: event.body}
    return {"$type": "message", "payload": head | time | body}


def info(name: str, words: str) -> Json:
    """A notice of version 2 about the stream."""
    return {"$type": "message", "payload": {"$type": f"{_EVENTS}#info", "name": name, "message": words}}


def did_of(account: Account) -> str:
    return f"did:plc:{_base32(account.handle)[:24]}"


def cid(words: str) -> str:
    return f"bafyrei{_base32(words)[:52]}"


def tid(at: Instant, number: int) -> str:
    """A timestamp identifier: 53 bits of microseconds and 10 that keep two of the same one apart."""
    value = (at & (1 << 53) - 1) << 10 | number & 1023
    return "".join(_LETTERS[value >> shift & 31] for shift in range(60, -1, -5))


def rfc3339(at: Instant, precision: str) -> str:
    return moment(at).isoformat(timespec=precision).replace("+00:00", "Z")


def _base32(words: str) -> str:
    return b32encode(sha256(words.encode()).digest()).decode().lower().rstrip("=")
