"""Pushes as X sends them, for its Activity API: challenge, signature, one event a request, which is never repeated."""

import hmac
from base64 import b64encode
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from random import Random

import msgspec

from listener.mock import push_requests
from listener.mock.push_requests import Challenge, Json, Told, Wanted
from listener.mock.world import Said
from listener.mock.x_posts import id_at, stamp, user_id, username
from rules.instant import HOUR, Span

FAULTS = tuple(name for name in push_requests.FAULTS if name not in {"bad-clock", "redelivery"})
"""What can happen to it."""


class XActivity:
    """Tells of posts that are made, which an edit is too, with an id of its own, and of those that are deleted."""

    batch = 1
    patience = 10.0
    accepted: Container[int] = (200,)
    pause, growth, longest = 0, 1, -1
    renew: Span | None = HOUR
    strikes = 1

    def challenge(self, wanted: Wanted, random: Random) -> Challenge:
        token = random.randbytes(18).hex()
        right = {"response_token": _signature(wanted.secret, token.encode())}
        return Challenge({"crc_token": token}, lambda body: _response(body) == right)

    def event(self, told: Told) -> Json:
        change, post = told.change, told.change.post
        gone = change.op == "delete"
        author = {
            "id": user_id(post.author),
            "name": post.author.name or post.author.handle,
            "username": username(post.author),
        }
        return {
            "event_uuid": str(10**18 + change.number),
            "filter": {"user_id": user_id(post.author)},
            "event_type": "post.delete" if gone else "post.create",
            "tag": "posts",
            "payload": {"id": _id(post), "author_id": user_id(post.author)} if gone else _post(told),
            "includes": {} if gone else {"users": [author]},
        }

    def filler(self, _: int, /) -> None:
        return None

    def body(self, events: Sequence[Json]) -> bytes:
        return msgspec.json.encode({"data": events[0]})

    def sign(self, secret: str, body: bytes) -> Mapping[str, str]:
        return {"x-twitter-webhooks-signature": _signature(secret, body)}


def _post(told: Told) -> Json:
    post = told.change.post
    first, last = _first_id(post), _id(post)
    counts = ("retweet", "reply", "like", "quote", "bookmark", "impression")
    links = (("replied_to", post.reply_to), ("quoted" if post.text else "retweeted", post.repost_of))
    about = [{"type": kind, "id": _id(told.about)} for kind, key in links if told.about and key == told.about.key]
    return {
        "id": last,
        "text": post.text,
        "author_id": user_id(post.author),
        "created_at": stamp(post.edited_at or post.at),
        "lang": post.language or "und",
        "conversation_id": first if post.reply_to is None else _first_id(told.root),
        "edit_history_tweet_ids": [first] if first == last else [first, last],
        "possibly_sensitive": False,
        "public_metrics": {f"{name}_count": 0 for name in counts},
        **({"referenced_tweets": about} if about else {}),
    }


def _first_id(post: Said) -> str:
    return str(id_at(post.at) + 2 * post.key % (1 << 22))


def _id(post: Said) -> str:
    """The id of a post as it stands, which an edit changes."""
    edited = post.edited_at is not None and replace(post, at=post.edited_at)
    return str(int(_first_id(edited)) + 1) if edited else _first_id(post)


def _signature(secret: str, signed: bytes) -> str:
    return f"sha256={b64encode(hmac.new(secret.encode(), signed, sha256).digest()).decode()}"


def _response(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except ValueError:
        return None
