"""Pushes as LinkedIn sends them for an organisation's page: handshake, signature, notifications, patience."""

import hmac
from collections.abc import Container, Mapping, Sequence
from hashlib import blake2b, sha256
from random import Random
from uuid import UUID

import msgspec

from listener.mock import push_requests
from listener.mock.push_requests import Challenge, Json, Told, Wanted
from listener.mock.world import Said
from rules.instant import HOUR, MINUTE, Span

FAULTS = (*push_requests.FAULTS, "crowd")
"""What can happen to it."""
ORGANISATION, MEMBER = "urn:li:organization:12345", "urn:li:person:zLqTygBP8S"
"""Of whom is told, and to whom."""
_ACTIVITIES = 7_094_637_247_890_000_000
_NUMBERS = 5_603_000_000
_COMMENTS = {"create": "COMMENT", "update": "COMMENT_EDIT", "delete": "COMMENT_DELETE"}


class LinkedIn:
    """Tells of comments with their edits and deletions, of shares, and of posts as mentions."""

    batch = 10
    patience = 3.0
    accepted: Container[int] = range(200, 300)
    pause, growth, longest = 5 * MINUTE, 1, 8 * HOUR
    renew: Span | None = 2 * HOUR
    strikes = 3

    def challenge(self, wanted: Wanted, random: Random) -> Challenge:
        code = str(UUID(int=random.getrandbits(128), version=4))
        response = hmac.new(wanted.secret.encode(), code.encode(), sha256).hexdigest()
        right = {"challengeCode": code, "challengeResponse": response}
        return Challenge({"challengeCode": code}, lambda body: _read(body) == right)

    def event(self, told: Told) -> Json | None:
        post, op = told.change.post, told.change.op
        if post.reply_to is not None:
            return _notification(told, _COMMENTS[op], _comment(told, post.reply_to))
        if op != "create":
            return None
        return _notification(told, "SHARE_MENTION" if post.repost_of is None else "SHARE", _share(post))

    def filler(self, number: int, /) -> Json:
        return {
            "notificationId": 2 * _NUMBERS + number,
            "organizationalEntity": ORGANISATION,
            "action": "LIKE",
            "sourcePost": _activity(1),
            "generatedActivity": f"urn:li:like:(urn:li:person:fan{number},{_activity(1)})",
            "lastModifiedAt": 1_691_574_506_310,
            "subscriber": MEMBER,
        }

    def body(self, events: Sequence[Json]) -> bytes:
        kind = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"
        return msgspec.json.encode({"type": kind, "notifications": list(events)})

    def sign(self, secret: str, body: bytes) -> Mapping[str, str]:
        return {"X-LI-Signature": hmac.new(secret.encode(), b"hmacsha256=" + body, sha256).hexdigest()}


def _notification(told: Told, action: str, decorated: Json) -> Json:
    change = told.change
    generated = next(iter(decorated.values()))["entity"]
    gone = change.op == "delete"
    return {
        "notificationId": _NUMBERS + change.number,
        "organizationalEntity": ORGANISATION,
        "action": action,
        "sourcePost": _activity(told.root.key),
        "generatedActivity": generated,
        **({} if gone else {"decoratedGeneratedActivity": decorated}),
        "lastModifiedAt": change.at // 1_000,
        "subscriber": MEMBER,
    }


def _comment(told: Told, parent: int) -> Json:
    """A comment, with its text where one or the other version of the API has it."""
    post, source = told.change.post, _activity(told.root.key)
    text: Json = {"text": post.text} if post.key % 2 else {"message": {"text": post.text}}
    comment = {"entity": _comment_urn(source, post.key), "owner": _person(post), "object": source, **text}
    return {"comment": comment | ({} if parent == told.root.key else {"parentComment": _comment_urn(source, parent)})}


def _share(post: Said) -> Json:
    text = f"{post.title}\n{post.text}" if post.title else post.text
    share = {"entity": f"urn:li:share:{_ACTIVITIES + post.key}", "owner": _person(post), "text": text}
    return {"share": {**share, "mediaCategory": "NONE"}}


def _activity(key: int) -> str:
    return f"urn:li:activity:{_ACTIVITIES + key}"


def _comment_urn(source: str, key: int) -> str:
    return f"urn:li:comment:({source},{_ACTIVITIES + key})"


def _person(post: Said) -> str:
    return f"urn:li:person:{blake2b(post.author.handle.encode(), digest_size=5).hexdigest()}"


def _read(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except ValueError:
        return None
