"""From events to mentions: one reader for as long as a source lives."""

from collections.abc import Collection, Mapping
from datetime import datetime

from listener.bluesky.people import People, Post
from listener.bluesky.post import POSTS, REPOSTS, Said, read_post, read_repost
from listener.bluesky.wire import LONGEST_HANDLE, Commit, Event
from rules.mention import Author, Kind, Mention, Operation

PLATFORM = "bluesky"
_NAMED = frozenset({"like", "repost", "follow", "block", "profile", "threadgate", "postgate", "generator"})
_KINDS = frozenset({"identity", "account", "sync", "info"})
_CLOSED = frozenset({None, "deleted", "takendown", "suspended", "deactivated"})
"""States of an account in which what it said must not be shown; others are troubles of servers."""


class Reader:
    """Makes mentions of what one source hears. Posts in none of `languages`, where some are given, are not wanted,
    unless they do not say their language.
    """

    def __init__(self, source: str, languages: Collection[str] = ()) -> None:
        self._source, self._languages = source, frozenset(languages)
        self._people = People()

    def mentions(self, event: Event, now: datetime) -> list[Mention]:
        """What an event says: a post, one passed on, an edit, a deletion, or nothing. Raises UnreadableError.

        A like and a repost of a post that did not come by are no mentions. When an account is closed, what it said
        lately is deleted.
        """
        if event.identity is not None:
            handle = event.identity.handle
            self._people.name(event.did, handle if handle and len(handle) <= LONGEST_HANDLE else None)
        if _is_closed(event):
            gone, revision = self._people.leave(event.did), f"account:{event.position}"
            return [self._mention(uri, event.did, now, op="delete", revision=revision) for uri in gone]
        commit = event.commit
        if commit is None or commit.collection not in {POSTS, REPOSTS}:
            return []
        uri = _uri(event.did, commit)
        if commit.operation == "delete":
            return self._deleted(uri, event.did, commit, now)
        if commit.collection == REPOSTS:
            return self._passed_on(uri, event.did, commit, now)
        return self._posted(uri, event.did, commit, now)

    def gone_again(self, event: Event, now: datetime) -> list[Mention]:
        """What an event that was heard before takes back of what came again since: what concerned nobody when it came
        first is not known when it is read again, and may concern somebody then.
        """
        commit = event.commit
        deletes = commit is not None and commit.operation == "delete" and self.is_known(_uri(event.did, commit))
        return self.mentions(event, now) if deletes or _is_closed(event) else []

    def bare(self, now: datetime) -> Mention:
        """What every mention has, whatever is said and by whom."""
        uri = f"at://did/{POSTS}/x"
        return self._mention(uri, "", now, url=_page(uri))

    @property
    def handles(self) -> Mapping[str, str]:
        """What people are called, as far as it was told."""
        return self._people.handles

    def is_known(self, uri: str) -> bool:
        """Whether a post came by that is passed on now."""
        return self._people.post(uri) is not None

    def recall(self, uri: str, event: Event, now: datetime) -> None:
        """Take in once more what an event says of one post, and nothing else. Raises UnreadableError."""
        if event.commit is not None and _uri(event.did, event.commit) == uri:
            self.mentions(event, now)
        elif _is_closed(event) and uri.startswith(f"at://{event.did}/"):
            self._people.forget(uri)

    def _posted(self, uri: str, did: str, commit: Commit, now: datetime) -> list[Mention]:
        said = read_post(commit.record)
        if self._languages and said.languages and self._languages.isdisjoint(said.languages):
            return []
        self._people.remember(uri, did, Post(said.text, said.title, said.language))
        return [self._mention(uri, did, now, commit=commit, said=said, kind=said.kind, url=_page(uri))]

    def _passed_on(self, uri: str, did: str, commit: Commit, now: datetime) -> list[Mention]:
        original, created_at = read_repost(commit.record)
        post = self._people.post(original)
        if post is None:
            return []
        self._people.remember(uri, did, post)
        said = Said("repost", post.text, post.title, post.language, (), created_at, None, original)
        return [self._mention(uri, did, now, commit=commit, said=said, kind="repost", url=_page(original))]

    def _deleted(self, uri: str, did: str, commit: Commit, now: datetime) -> list[Mention]:
        known = self._people.forget(uri)
        if not known and commit.collection == REPOSTS:
            return []
        return [self._mention(uri, did, now, commit=commit, op="delete")]

    def _mention(
        self,
        uri: str,
        did: str,
        now: datetime,
        *,
        commit: Commit | None = None,
        said: Said | None = None,
        kind: Kind = "post",
        op: Operation = "create",
        url: str | None = None,
        revision: str = "",
    ) -> Mention:
        """A deletion tells which mention is gone, and no more."""
        if commit is not None:
            revision, op = commit.rev or commit.cid or "", "update" if commit.operation == "update" else op
        return Mention(
            id=uri,
            source=self._source,
            platform=PLATFORM,
            kind=kind,
            op=op,
            url=url,
            author=Author(id=did, handle=self._people.handle(did)),
            title=said.title if said else None,
            text=said.text if said else "",
            language=said.language if said else None,
            created_at=said.created_at if said else None,
            observed_at=now,
            parent_id=said.parent if said else None,
            repost_of=said.quoted if said else None,
            revision=revision,
        )


def _uri(did: str, commit: Commit) -> str:
    return f"at://{did}/{commit.collection}/{commit.rkey}"


def _is_closed(event: Event) -> bool:
    """Whether it closes the account."""
    return event.account is not None and not event.account.active and event.account.status in _CLOSED


def type_of(event: Event) -> str:
    """How an event is counted: posts by what happened to them, anything else by its type, of which there are few."""
    commit = event.commit
    if commit is None:
        return event.kind if event.kind in _KINDS else "other"
    if commit.collection == POSTS:
        return commit.operation
    name = commit.collection.rpartition(".")[2]
    return name if commit.collection.startswith("app.bsky.") and name in _NAMED else "other"


def _page(uri: str) -> str | None:
    """Where people read a post."""
    did, _, rest = uri.removeprefix("at://").partition("/")
    collection, _, name = rest.partition("/")
    return f"https://bsky.app/profile/{did}/post/{name}" if collection == POSTS else None
