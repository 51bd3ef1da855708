"""Pushes as Meta sends them for a Facebook page or an Instagram account: handshake, signature, changes, patience."""

import hmac
import json
from collections.abc import Container, Mapping, Sequence
from hashlib import blake2b, sha256
from random import Random

from listener.mock import push_requests
from listener.mock.push_requests import Challenge, Json, Told, Wanted
from listener.mock.world import Said
from rules.instant import HOUR, SECOND, Instant, Span

FAULTS = (*push_requests.FAULTS, "crowd")
"""What can happen to it."""
PAGE, INSTAGRAM = "1234567890321", "17841400000000001"
"""The ids of the page and of the account that are told of."""
_POSTS = 900_000_000_000_000
_ONCE: Instant = 1_475_578_854 * SECOND
_VERBS = {"create": "add", "update": "edited", "delete": "remove"}


class _Meta:
    """What both have in common."""

    kind, account = "", ""
    batch = 1_000
    patience = 10.0
    accepted: Container[int] = (200,)
    pause, growth, longest = 15 * SECOND, 2, 36 * HOUR
    renew: Span | None = None
    strikes = 1

    def challenge(self, wanted: Wanted, random: Random) -> Challenge:
        number = str(random.randrange(10**9))
        query = {"hub.mode": "subscribe", "hub.challenge": number, "hub.verify_token": wanted.verify_token}
        return Challenge(query, lambda body: body == number.encode())

    def body(self, events: Sequence[Json]) -> bytes:
        # every sign beyond ASCII is escaped, and slashes, and that is signed: whoever writes it anew gets another hash
        return json.dumps({"object": self.kind, "entry": list(events)}).replace("/", "\\/").encode()

    def sign(self, secret: str, body: bytes) -> Mapping[str, str]:
        return {"X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"}

    def _entry(self, at: Instant, field: str, value: Json) -> Json:
        return {"id": self.account, "time": at // SECOND, "changes": [{"field": field, "value": value}]}


class Page(_Meta):
    """A Facebook page hears of posts, shares and comments, of their edits and of their end."""

    kind, account = "page", PAGE

    def event(self, told: Told) -> Json:
        return self.moderated(told, _VERBS[told.change.op])

    def moderated(self, told: Told, verb: str) -> Json:
        """The same with another verb: hide, unhide, block, unblock or mute."""
        return self._entry(told.change.at, "feed", _value(told, verb))

    def filler(self, number: int, /) -> Json:
        fan = {"id": str(_POSTS + number), "name": "Fan"}
        value = {
            "reaction_type": "like",
            "created_time": _ONCE // SECOND,
            "item": "reaction",
            "verb": "add",
            "from": fan,
        }
        return self._entry(_ONCE, "feed", {**value, "post_id": _post_id(1), "parent_id": _post_id(1)})


class Instagram(_Meta):
    """An Instagram account hears of comments, of posts as mentions without words, and of no edit or deletion."""

    kind, account = "instagram", INSTAGRAM

    def event(self, told: Told) -> Json | None:
        post = told.change.post
        if told.change.op != "create":
            return None
        if post.reply_to is None:
            return self._entry(told.change.at, "mentions", {"media_id": _media(told.root)})
        return self._entry(told.change.at, "comments", _comment(told, post.reply_to))

    def filler(self, number: int, /) -> Json:
        return self._entry(_ONCE, "story_insights", {"media_id": str(2 * _POSTS + number), "reach": 1})


def _value(told: Told, verb: str) -> Json:
    """What a page hears of a post: as the years have left it, with authors and ids in more than one shape."""
    post = told.change.post
    value: Json = {
        "item": "status",
        "verb": verb,
        "post_id": _post_id(told.root.key),
        "created_time": post.at // SECOND,
    }
    if post.reply_to is not None:
        parent = (
            _post_id(told.root.key) if post.reply_to == told.root.key else _comment_id(told.root.key, post.reply_to)
        )
        value |= {"item": "comment", "comment_id": _comment_id(told.root.key, post.key), "parent_id": parent}
    elif post.repost_of is not None:
        value |= {"item": "share", "post_id": _post_id(post.key), "share_id": _POSTS + post.key}
        value |= {"link": f"https://www.facebook.com/{_post_id(told.root.key)}"}
    if verb == "remove":
        value["recipient_id"] = int(PAGE)
    else:
        value |= {"message": f"{post.title}\n{post.text}" if post.title else post.text}
    return value | _author(post)


def _author(post: Said) -> Json:
    """Nobody where the app may not know, an older shape, or the usual one, now and then with a number for an id."""
    number, name = _number(post.author.handle), post.author.name or post.author.handle
    if post.key % 4 == 3:
        return {}
    if post.key % 4 == 2:
        return {"sender_id": number, "sender_name": name}
    return {"from": {"id": number if post.key % 8 == 1 else str(number), "name": name}}


def _comment(told: Told, parent: int) -> Json:
    post = told.change.post
    value = {
        "from": {"id": str(_number(post.author.handle)), "username": post.author.handle},
        "media": {"id": _media(told.root), "media_product_type": "FEED"},
        "id": str(_POSTS + post.key),
        "text": post.text,
    }
    return value if parent == told.root.key else {**value, "parent_id": str(_POSTS + parent)}


def _media(root: Said) -> str:
    return str(_POSTS + root.key)


def _post_id(key: int) -> str:
    return f"{PAGE}_{_POSTS + key}"


def _comment_id(root: int, key: int) -> str:
    return f"{_POSTS + root}_{_POSTS + key}"


def _number(handle: str) -> int:
    return 10**14 + int.from_bytes(blake2b(handle.encode(), digest_size=5).digest())
