"""A made-up firehose: frames as a Jetstream server of version 1 sends them, a few of which name a brand."""

import json
from collections.abc import Sequence
from random import Random

from listener.mock.bluesky_log import POSTS, REPOSTS, cid, rfc3339, tid
from rules.instant import SECOND
from rules.mention import Mention
from tests.bench.queries import Brand, posts

NAMING = 0.01
"""Of the posts, those that name a brand."""
_WORDS = 2.6
"""Logarithm of how many words half of the posts have at most: 13."""
_PEOPLE = 20_000
BEGUN = 1_764_000_000 * SECOND
_KINDS = ("post", "reply", "card", "picture", "repost", "deletion", "edit", "name")
_SHARES = (42, 30, 9, 9, 5, 4, 0.5, 0.5)


def frames(named: Sequence[Brand], count: int, seed: int = 7, begun: int = BEGUN) -> list[bytes]:
    """So many events: posts, replies, posts with a card or a picture, reposts, deletions, edits and new names."""
    random, said = Random(seed), posts(named, count, seed, naming=NAMING, words=_WORDS)
    kinds = random.choices(_KINDS, _SHARES, k=count)
    return [
        json.dumps(_event(post, kind, begun + 10 * number, random), ensure_ascii=False, separators=(",", ":")).encode()
        for number, (post, kind) in enumerate(zip(said, kinds, strict=True))
    ]


def _event(post: Mention, kind: str, at: int, random: Random) -> dict[str, object]:
    person = random.randrange(_PEOPLE)
    did = _did(person)
    if kind == "name":
        name = {"did": did, "handle": f"person{person}.bsky.social", "seq": at, "time": rfc3339(at, "milliseconds")}
        return {"did": did, "time_us": at, "kind": "identity", "identity": name}
    number = int(post.id)
    commit = {"rev": tid(at, number), "operation": "create", "collection": POSTS, "rkey": tid(at, number + 1)}
    if kind == "deletion":
        commit["operation"] = "delete"
        return {"did": did, "time_us": at, "kind": "commit", "commit": commit}
    if kind == "repost":
        commit["collection"] = REPOSTS
    elif kind == "edit":
        commit["operation"] = "update"
    whole = {**commit, "record": _record(post, kind, at, random), "cid": cid(post.id)}
    return {"did": did, "time_us": at, "kind": "commit", "commit": whole}


def _record(post: Mention, kind: str, at: int, random: Random) -> dict[str, object]:
    created = rfc3339(at - SECOND, "milliseconds")
    if kind == "repost":
        return {"$type": REPOSTS, "createdAt": created, "subject": _reference(random)}
    record: dict[str, object] = {"$type": POSTS, "createdAt": created, "langs": ["fr" if int(post.id) % 2 else "en"]}
    if kind == "card":
        card = {"description": "Somebody writes", "title": post.text[:60], "uri": f"https://example.org/{post.id}"}
        record["embed"] = {"$type": "app.bsky.embed.external", "external": card}
    elif kind == "picture":
        blob = {"$type": "blob", "ref": {"$link": cid(created)}, "mimeType": "image/jpeg", "size": 312_345}
        image = {"alt": "", "aspectRatio": {"height": 1080, "width": 1920}, "image": blob}
        record["embed"] = {"$type": "app.bsky.embed.images", "images": [image]}
    elif kind == "reply":
        parent = _reference(random)
        record["reply"] = {"parent": parent, "root": parent}
    return {**record, "text": post.text[:300]}


def _reference(random: Random) -> dict[str, str]:
    number = random.randrange(2**40)
    return {"cid": cid(str(number)), "uri": f"at://{_did(number % _PEOPLE)}/{POSTS}/{tid(BEGUN, number)}"}


def _did(person: int) -> str:
    return f"did:plc:{cid(str(person))[7:31]}"
