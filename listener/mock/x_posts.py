"""Posts as X writes them, from what is said in a world: ids that follow the time, and each edit is a new post."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from itertools import islice
from typing import Any, NamedTuple
from zlib import crc32

from listener.mock.world import KEPT, Account, Said, World
from listener.mock.x_rules import PROBLEMS, Facts
from rules.instant import HOUR, SECOND, Instant, moment

EPOCH_MS = 1_288_834_974_657
"""Milliseconds since 1970 from which the ids of posts count."""
_MINE = (1 << 22) - 1
_LONGEST, _LONGEST_REPOST, _MOST_EDITS = 280, 140, 5
_LINK = re.compile(r"https?://[^\s<>]+")
_TAG = re.compile(r"(?<!\w)#(\w+)")
_MENTION = re.compile(r"(?<!\w)@(\w{1,15})")
_MISSING = f"{PROBLEMS}/resource-not-found"
Json = dict[str, Any]


class Version(NamedTuple):
    """A post as it stood from one edit to the next; each has an id of its own."""

    id: str
    post: Said


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is shown of a post and its author beside what always is, and what is included beside posts."""

    post: frozenset[str] = frozenset()
    user: frozenset[str] = frozenset()
    expansions: frozenset[str] = frozenset()


@dataclass
class _Life:
    versions: list[Version] = field(default_factory=list)
    gone: bool = False


def created(number: int) -> Instant:
    """When a post with this id was made."""
    return ((number >> 22) + EPOCH_MS) * 1_000


def id_at(at: Instant) -> int:
    """The least id of a post that was made then."""
    return max(0, at // 1_000 - EPOCH_MS) << 22


def username(account: Account) -> str:
    """An account's handle as far as X allows it."""
    return re.sub(r"\W", "_", account.handle, flags=re.ASCII)[:15]


def user_id(account: Account) -> str:
    return str(1_000_000_000 + crc32(account.handle.encode()))


def stamp(at: Instant) -> str:
    """An instant as X writes it: whole seconds."""
    return f"{moment(at // SECOND * SECOND):%Y-%m-%dT%H:%M:%S}.000Z"


def missing(number: str, parameter: str) -> Json:
    """What stands beside `data` for a post that is asked for and not there."""
    return {
        "value": number,
        "detail": f"Could not find tweet with {parameter}: [{number}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": number,
        "type": _MISSING,
    }


def kinds(post: Said) -> frozenset[str]:
    """Among retweet, reply and quote: a repost without words of its own is a retweet, with words a quote."""
    again = "" if post.repost_of is None else "quote" if post.text else "retweet"
    return frozenset(filter(None, [again, "reply" if post.reply_to is not None else ""]))


class Posts:
    """Every version of every post, as far as a world remembers."""

    def __init__(self, world: World) -> None:
        self._world, self._followed = world, 0
        self._lives: dict[int, _Life] = {}
        self._versions: deque[Version] = deque(maxlen=KEPT)
        self._about: Counter[tuple[int | None, str]] = Counter()
        self._made = 0

    def tip(self) -> int:
        """How many versions there have been."""
        self._follow()
        return self._made

    def since(self, tip: int) -> list[Version]:
        """The versions after the first `tip`, as they were made."""
        new = self.tip() - tip
        return list(islice(reversed(self._versions), new))[::-1] if new else []

    def standing(self) -> Iterator[Version]:
        """The latest version of every post that is still there."""
        self._follow()
        return (life.versions[-1] for life in self._lives.values() if not life.gone)

    def named(self, ids: Sequence[str]) -> list[Version]:
        """The versions with these ids, as far as they are still there."""
        self._follow()
        there = {each.id: each for life in self._lives.values() if not life.gone for each in life.versions}
        return [there[number] for number in ids if number in there]

    def facts(self, post: Said) -> Facts:
        """What rules look at."""
        origin = self._world.post(post.repost_of) if "retweet" in kinds(post) and post.repost_of else None
        shown = origin or post
        return Facts(text=shown.text, author=username(post.author), language=shown.language or "und", kinds=kinds(post))

    def shown(self, versions: Sequence[Version], wanted: Wanted) -> Json:
        """`data` with what was asked for, `includes` and `errors` where there are any."""
        data = [self._post(version, wanted) for version in versions]
        others = [
            reference
            for version in versions
            if "referenced_tweets.id" in wanted.expansions or "referenced_tweets.id.author_id" in wanted.expansions
            for reference in self._references(version.post)
        ]
        there = {key: self._lives[key].versions[-1] for _, key in others if not self._lives[key].gone}
        includes = {
            "users": [_user(account, wanted) for account in self._accounts(versions, there.values(), wanted)],
            "tweets": [self._post(version, wanted) for version in there.values()],
        }
        lost = [self._lives[key].versions[-1].id for _, key in others if key not in there]
        errors = [missing(number, "referenced_tweets.id") for number in lost]
        parts: Json = {"data": data, "includes": {name: each for name, each in includes.items() if each}}
        return {name: each for name, each in {**parts, "errors": errors}.items() if each}

    def _follow(self) -> None:
        for change in self._world.since(self._followed) if self._world.number > self._followed else ():
            self._followed = change.number
            if change.op == "delete":
                self._count(change.post, -1)
                self._lives.setdefault(change.post.key, _Life([self._version(change.number, change.post)])).gone = True
                continue
            version = self._version(change.number, change.post)
            self._lives.setdefault(change.post.key, _Life()).versions.append(version)
            self._versions.append(version)
            self._made += 1
            if change.op == "create":
                self._count(change.post, 1)
        while len(self._lives) > KEPT:
            oldest = next(iter(self._lives))
            del self._lives[oldest]
            for kind in ("reply", "quote", "retweet"):
                del self._about[oldest, kind]

    def _version(self, number: int, post: Said) -> Version:
        return Version(str(id_at(post.edited_at or post.at) + (number & _MINE)), post)

    def _count(self, post: Said, step: int) -> None:
        self._about[post.reply_to, "reply"] += step
        self._about[post.repost_of, "quote" if post.text else "retweet"] += step

    def _references(self, post: Said) -> list[tuple[str, int]]:
        again = "quoted" if post.text else "retweeted"
        pairs = (("replied_to", post.reply_to), (again, post.repost_of))
        return [(name, key) for name, key in pairs if key in self._lives]

    def _accounts(self, versions: Iterable[Version], others: Iterable[Version], wanted: Wanted) -> Iterable[Account]:
        """Whose accounts are asked for, each once."""
        own = [version.post.author for version in versions if "author_id" in wanted.expansions]
        theirs = [version.post.author for version in others if "referenced_tweets.id.author_id" in wanted.expansions]
        parents = [
            self._first(version.post.reply_to).author
            for version in versions
            if "in_reply_to_user_id" in wanted.expansions and version.post.reply_to in self._lives
        ]
        return {account.handle: account for account in [*own, *theirs, *parents]}.values()

    def _first(self, key: int | None) -> Said:
        return self._lives[key or 0].versions[0].post

    def _root(self, post: Said) -> int:
        while post.reply_to in self._lives:
            post = self._first(post.reply_to)
        return post.key

    def _post(self, version: Version, wanted: Wanted) -> Json:
        post, life = version.post, self._lives[version.post.key]
        history = [each.id for each in life.versions if int(each.id) <= int(version.id)]
        text, note = self._text(post)
        always = {"id": version.id, "text": text, "edit_history_tweet_ids": history}
        parent = self._first(post.reply_to).author if post.reply_to in self._lives else None
        more = {
            "author_id": user_id(post.author),
            "conversation_id": self._lives[self._root(post)].versions[0].id,
            "created_at": stamp(post.edited_at or post.at),
            "edit_controls": _controls(life.versions[0].post, len(history), post),
            "entities": _entities(text, post.text),
            "in_reply_to_user_id": user_id(parent) if parent else None,
            "lang": post.language or "und",
            "note_tweet": {"text": note} if note else None,
            "possibly_sensitive": False,
            "public_metrics": self._metrics(post),
            "referenced_tweets": [
                {"type": name, "id": self._lives[key].versions[-1].id} for name, key in self._references(post)
            ],
            "reply_settings": "everyone",
        }
        asked = wanted.post | {name.partition(".")[0] for name in wanted.expansions}
        return always | {name: each for name, each in more.items() if name in asked and each not in (None, [], {})}

    def _text(self, post: Said) -> tuple[str, str]:
        """The text as far as it is shown, and all of it where that is longer."""
        if "retweet" in kinds(post) and post.repost_of in self._lives:
            origin = self._lives[post.repost_of].versions[-1].post
            return _cut(f"RT @{username(origin.author)}: {_shortened(origin.text)}", _LONGEST_REPOST), ""
        text = _shortened(post.text)
        return _cut(text, _LONGEST), text if len(text) > _LONGEST else ""

    def _metrics(self, post: Said) -> Json:
        counts = {f"{name}_count": self._about[post.key, name] for name in ("retweet", "reply", "quote")}
        return {**counts, "like_count": 0, "bookmark_count": 0, "impression_count": 0}


def _controls(first: Said, versions: int, post: Said) -> Json:
    return {
        "edits_remaining": max(0, _MOST_EDITS + 1 - versions),
        "is_edit_eligible": not kinds(post),
        "editable_until": stamp(first.at + HOUR),
    }


def _user(account: Account, wanted: Wanted) -> Json:
    more = {
        "created_at": "2020-01-01T00:00:00.000Z",
        "description": "",
        "protected": False,
        "public_metrics": {
            "followers_count": account.followers,
            "following_count": 0,
            "tweet_count": 1,
            "listed_count": 0,
        },
        "url": "",
        "verified": False,
        "verified_type": "none",
    }
    always = {"id": user_id(account), "name": account.name or account.handle, "username": username(account)}
    return always | {name: each for name, each in more.items() if name in wanted.user}


def _short(url: str) -> str:
    return f"https://t.co/{sha256(url.encode()).hexdigest()[:10]}"


def _shortened(text: str) -> str:
    """With every link replaced, and three signs escaped, as X passes texts on."""
    return escape(_LINK.sub(lambda found: _short(found[0]), text), quote=False)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _entities(text: str, original: str) -> Mapping[str, Any]:
    """What stands where in the text as it is shown."""
    links = {_short(found[0]): found[0] for found in _LINK.finditer(original)}
    urls = [
        {"start": found.start(), "end": found.end(), "url": found[0], "expanded_url": links[found[0]]}
        | {"display_url": links[found[0]].partition("://")[2][:26]}
        for found in _LINK.finditer(text)
        if found[0] in links
    ]
    tags = [{"start": found.start(), "end": found.end(), "tag": found[1]} for found in _TAG.finditer(text)]
    people = [{"start": found.start(), "end": found.end(), "username": found[1]} for found in _MENTION.finditer(text)]
    parts = {"hashtags": tags, "mentions": people, "urls": urls}
    return {name: each for name, each in parts.items() if each}
