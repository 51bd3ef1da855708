"""Posts and comments as Reddit writes them, from what is said in a world."""

import re
from collections.abc import Callable, Collection, Sequence
from html import escape
from typing import Any, Literal
from zlib import crc32

from listener.mock.world import Account, Said, World
from rules.instant import SECOND

DEEPEST = 1_000
"""Things that a listing reaches."""
_KEPT = 100_000
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FIRST = {"t1": int("lz00000", 36), "t3": int("1p00000", 36)}
_TITLE = 80
_LOCAL = 8 * 3600
Json = dict[str, Any]
Kind = Literal["t1", "t3"]


def by_language(root: Said) -> str:
    """The subreddit of a thread: one for each language."""
    return "france" if root.language == "fr" else "travel"


def base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def kind_of(post: Said) -> Kind:
    """An answer is a comment, everything else a post."""
    return "t3" if post.reply_to is None else "t1"


def fullname(post: Said) -> str:
    """A thing's name: its kind and its number."""
    return f"{kind_of(post)}_{base36(_FIRST[kind_of(post)] + post.key)}"


def user_of(account: Account) -> str:
    """An account's handle as far as Reddit allows it."""
    return re.sub(r"[^\w-]", "_", account.handle, flags=re.ASCII)[:20]


def markup(text: str) -> str:
    """A text as Reddit renders it."""
    paragraphs = "\n\n".join(f"<p>{escape(each)}</p>" for each in text.split("\n") if each)
    return f'<div class="md">{paragraphs}\n</div>'


class Things:
    """All that is known of a world; `place` names the subreddit of a thread by its first post."""

    def __init__(self, world: World, place: Callable[[Said], str]) -> None:
        self._world, self._place, self._followed = world, place, 0
        self._known: dict[int, Said] = {}
        self._gone: dict[int, str] = {}
        self._answers: dict[int, int] = {}

    def remove(self, key: int) -> None:
        """Take a thing away as moderators do."""
        self._follow()
        self._gone[key] = "[removed]"

    def listed(self, kind: Kind, subreddits: Collection[str]) -> list[Said]:
        """What is there, newest first, as deep as listings go; `all` is every subreddit."""
        self._follow()
        posts = [
            post
            for post in self._known.values()
            if kind_of(post) == kind
            and post.key not in self._gone
            and ("all" in subreddits or self.subreddit(post) in subreddits)
        ]
        return sorted(posts, key=lambda post: (post.at, post.key), reverse=True)[:DEEPEST]

    def named(self, names: Sequence[str]) -> list[Said]:
        """The things with these names, also those that are gone."""
        self._follow()
        there = {fullname(post): post for post in self._known.values()}
        return [there[name] for name in names if name in there]

    def subreddit(self, post: Said) -> str:
        return self._place(self.root(post))

    def permalink(self, post: Said) -> str:
        root = self.root(post)
        slug = re.sub(r"\W+", "_", self.title(root).lower(), flags=re.ASCII).strip("_")[:50] or "_"
        below = f"{fullname(post)[3:]}/" if post is not root else ""
        return f"/r/{self.subreddit(root)}/comments/{fullname(root)[3:]}/{slug}/{below}"

    def title(self, post: Said) -> str:
        """A post's own title, that of what it passes on, or how its text begins."""
        origin = self._known.get(post.repost_of or 0)
        return post.title or post.text.partition("\n")[0][:_TITLE] or (self.title(origin) if origin else "")

    def thing(self, post: Said) -> Json:
        """A thing as listings and `/api/info` show it."""
        shown = self._comment(post) if kind_of(post) == "t1" else self._post(post)
        return {"kind": kind_of(post), "data": {**self._common(post), **shown}}

    def _follow(self) -> None:
        for change in self._world.since(self._followed) if self._world.number > self._followed else ():
            self._followed, post = change.number, change.post
            self._known[post.key] = post
            if change.op == "delete":
                self._gone.setdefault(post.key, "[deleted]")
            elif change.op == "create" and post.reply_to in self._known:
                root = self.root(post).key
                self._answers[root] = self._answers.get(root, 0) + 1
        while len(self._known) > _KEPT:
            oldest = next(iter(self._known))
            for memory in (self._known, self._gone, self._answers):
                memory.pop(oldest, None)

    def root(self, post: Said) -> Said:
        """The first post of a thread."""
        while post.reply_to in self._known:
            post = self._known[post.reply_to]
        return post

    def _common(self, post: Said) -> Json:
        name, created, gone = fullname(post), float(post.at // SECOND), post.key in self._gone
        owner = {} if gone else {"author_fullname": f"t2_{base36(crc32(post.author.handle.encode()))}"}
        return owner | {
            "id": name[3:],
            "name": name,
            "author": "[deleted]" if gone else user_of(post.author),
            "created": created + _LOCAL,
            "created_utc": created,
            "edited": float(post.edited_at // SECOND) if post.edited_at else False,
            "subreddit": self.subreddit(post),
            "subreddit_id": f"t5_{base36(crc32(self.subreddit(post).encode()))}",
            "subreddit_name_prefixed": f"r/{self.subreddit(post)}",
            "subreddit_type": "public",
            "permalink": self.permalink(post),
            "score": 1,
            "ups": 1,
            "downs": 0,
            "over_18": False,
            "archived": False,
            "locked": False,
            "stickied": False,
            "distinguished": None,
            "author_flair_text": None,
            "num_comments": self._answers.get(self.root(post).key, 0),
        }

    def _comment(self, post: Said) -> Json:
        root, parent = self.root(post), self._known.get(post.reply_to or 0, post)
        text = self._gone.get(post.key, post.text)
        return {
            "body": text,
            "body_html": markup(text),
            "link_id": fullname(root),
            "link_title": self.title(root),
            "link_author": user_of(root.author),
            "link_url": f"https://www.reddit.com{self.permalink(root)}",
            "link_permalink": f"https://www.reddit.com{self.permalink(root)}",
            "parent_id": fullname(parent),
            "is_submitter": post.author == root.author,
            "controversiality": 0,
            "score_hidden": False,
            "replies": "",
        }

    def _post(self, post: Said) -> Json:
        origin, subreddit = self._known.get(post.repost_of or 0), self.subreddit(post)
        text = self._gone.get(post.key, post.text)
        crossed = {"crosspost_parent": fullname(origin)} if origin else {}
        return crossed | {
            "title": self.title(post),
            "selftext": text,
            "selftext_html": f"<!-- SC_OFF -->{markup(text)}<!-- SC_ON -->" if text else None,
            "is_self": origin is None,
            "domain": "reddit.com" if origin else f"self.{subreddit}",
            "url": f"https://www.reddit.com{self.permalink(origin or post)}",
            "thumbnail": "self",
            "upvote_ratio": 1.0,
            "hidden": False,
            "spoiler": False,
            "is_video": False,
            "media": None,
            "link_flair_text": None,
            "removed_by_category": {"[deleted]": "deleted", "[removed]": "moderator"}.get(text),
        }
