"""Every way of listening to a mock platform: what can go wrong there, and what a reader should hold in the end."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from listener.clock import Clock
from listener.mock import answering, bluesky, chatter, hackernews, mastodon, press
from listener.mock.faults import Faults
from listener.mock.server import Platform
from listener.mock.statuses import id_of
from listener.mock.world import Said, World
from rules.instant import MINUTE

STREAMED = "what it reads is asked for; no stream is open"
PROMISES = {
    "resumes": "goes on after its cursor, also after a kill: nothing comes twice, and what is lost is told as missed",
    "typed": "what is empty, broken, wrong or huge is a typed error or a counted skip",
    "closes": "ended at any moment, it closes its connections and ends its tasks",
    "ids": "a post has one identity, whenever it is read",
    "edits": "what it hands over ends as the post stands",
    "deletes": "a deletion on the platform is a deletion",
}
PUSHED = ("bad-signature", "unsigned", "replay", "redelivery", "crowd", "unknown-field", "challenge-flood")
NOWHERE = {
    **dict.fromkeys(PUSHED, "nothing is pushed to it"),
    "quota": "what may be asked of it is not counted by the day",
}
ALONE = "a server that streams alone: what is no stream is a refused handshake"


class Way:
    """One kind of source, listened to in one way. `without` says why a fault cannot happen to it; `losing` are faults
    that may cost something for good, which must then be told as missed; `unpromised` says which promises it does not
    make.
    """

    kind = ""
    faults: Sequence[str] = ()
    without: Mapping[str, str] = {}
    losing: Collection[str] = ()
    overflows = False
    """Whether what is not read soon is gone, also without a fault: on a machine that stands still for a moment."""
    hiding: Collection[str] = ()
    """Faults under which a loss may go untold."""
    waits_for_days = False
    """Whether it remembers, over restarts too, that it was told to stay away for long."""
    unpromised: Mapping[str, str] = {}
    bounds: Mapping[str, str] = {}
    """How far a promise reaches."""
    reach: int | None = None
    """Posts, when so many newer ones make an older one's edit or deletion go unseen."""
    spoils_entries = False
    """Whether its faults spoil the entries themselves; else what is spoilt comes beside them."""
    speed = 60.0
    """Of the clock: minutes of the platform are seconds of the test."""
    platform: Platform

    def __init__(self, name: str, **options: Any) -> None:
        self.name, self.given = name, options

    def open(self, world: World, clock: Clock, faults: Faults) -> "Way":
        """This way of listening to a platform of its own."""
        opened = type(self)(self.name, **self.given)
        opened.world, opened.clock, opened.drawn = world, clock, faults
        opened.build()
        return opened

    world: World
    clock: Clock
    drawn: Faults

    def build(self) -> None:
        raise NotImplementedError

    def options(self, url: str) -> dict[str, Any]:
        raise NotImplementedError

    def name_of(self, post: Said) -> str:
        """The `id` of its mention."""
        raise NotImplementedError

    def words_of(self, post: Said) -> str:
        return post.text

    def shows(self, post: Said) -> bool:  # noqa: ARG002  # some ways ask
        """Whether this way hears it at all."""
        return True

    def still_shows(self, post: Said) -> bool:  # noqa: ARG002  # some ways ask
        """Whether it can still be read as it stands."""
        return True

    def connections(self) -> int:
        return 0


class Bluesky(Way):
    kind = "bluesky"
    faults = (*bluesky.FAULTS, *chatter.FAULTS)
    without: Mapping[str, str] = {
        **NOWHERE,
        "wrong-type": ALONE,
        "token-expiry": "it has no token",
        "redirect-loop": "a WebSocket follows no redirect: it is a refused handshake",
        "redirect-private": "a WebSocket follows no redirect: it is a refused handshake",
        "slow": "a stream that comes slowly is a stream; a handshake that does is `stall`",
    }
    losing = ("cursor-loss",)

    def build(self) -> None:
        self.platform = bluesky.Jetstream(self.world, faults=self.drawn, clock=self.clock, starved_for=MINUTE)

    def options(self, url: str) -> dict[str, Any]:
        return {"server": url, "back": "36h", **self.given}

    def name_of(self, post: Said) -> str:
        self.platform.log.catch_up()
        return self.platform.log.uri(post)

    def connections(self) -> int:
        return self.platform.open


class Mastodon(Way):
    kind = "mastodon"
    bounds: Mapping[str, str] = dict.fromkeys(("edits", "deletes"), "sixty posts back")
    reach = 60
    spoils_entries = True
    losing = ("unauthorised", "token-expiry")
    speed = 30.0
    streamed = ("close", "stall", "starve", "token-expiry")

    @property
    def faults(self) -> Sequence[str]:
        known = (*mastodon.FAULTS, *chatter.FAULTS)
        return [name for name in known if self.given.get("token") or name not in self.streamed]

    @property
    def without(self) -> Mapping[str, str]:
        never = {**NOWHERE, "cursor-loss": "ids are places for ever: a page begins after any of them"}
        return never if self.given.get("token") else {**never, **dict.fromkeys(self.streamed, STREAMED)}

    def build(self) -> None:
        self.platform = mastodon.Mastodon(
            world=self.world,
            faults=self.drawn,
            tokens={"member"},
            allowance=1_000_000,
            keep_alive=15 / self.speed,
        )

    def options(self, url: str) -> dict[str, Any]:
        return {"server": url, "public": True, "every": "10s", **self.given}

    def name_of(self, post: Said) -> str:
        return id_of(post)

    def words_of(self, post: Said) -> str:
        return f"{post.title} {post.text}"

    def shows(self, post: Said) -> bool:
        return self.platform.is_in("public", post)

    def connections(self) -> int:
        return self.platform.listening


class HackerNews(Way):
    kind = "hackernews"
    faults = (*hackernews.FAULTS, *chatter.FAULTS)
    without: Mapping[str, str] = {
        **NOWHERE,
        **dict.fromkeys(("close", "stall", "starve"), STREAMED),
        **dict.fromkeys(("unauthorised", "token-expiry"), "it asks nobody who they are"),
        "cursor-loss": "items are numbers for ever",
    }
    bounds: Mapping[str, str] = dict.fromkeys(("edits", "deletes"), "while they are listed")
    spoils_entries = True
    speed = 30.0

    def build(self) -> None:
        # it lists what changed within some minutes; a list of usual length would hold seconds of a surge
        self.platform = hackernews.HackerNews(self.world, self.drawn, listed=1_000)

    def options(self, url: str) -> dict[str, Any]:
        places = {"items_url": f"{url}/v0", "search_url": f"{url}/api/v1"}
        return {**places, "recent": 1_000, "every": "10s", **self.given}

    def name_of(self, post: Said) -> str:
        return str(post.key)

    def shows(self, post: Said) -> bool:
        return "query" not in self.given or self.given["query"] in f"{post.title} {post.text}".casefold()


class Feed(Way):
    """The newest forty articles of a press site."""

    kind = "feed"
    faults = (*press.FAULTS, *chatter.FAULTS)
    without: Mapping[str, str] = {
        **NOWHERE,
        **dict.fromkeys(("close", "stall", "starve"), STREAMED),
        **dict.fromkeys(("unauthorised", "token-expiry"), "a password in a feed's address does not expire"),
        "cursor-loss": "a document has no places: what has left it is `surge`",
        "wrong-shape": "a document that is not a feed's is `wrong-type` or `malformed`",
    }
    losing = (*answering.FAULTS, *chatter.FAULTS)
    """What leaves a feed while it cannot be read."""
    hiding = ("bad-clock",)
    overflows = waits_for_days = True
    speed = 30.0
    unpromised: Mapping[str, str] = {"deletes": "what leaves a feed may only be old"}
    bounds: Mapping[str, str] = {"edits": "while they are listed"}

    def build(self) -> None:
        self.platform = press.Press(self.world, self.drawn, clock=self.clock)

    def options(self, url: str) -> dict[str, Any]:
        return {"urls": [f"{url}/{self.given['format']}"], "every": "10s"}

    def name_of(self, post: Said) -> str:
        return f"tag:press.example,2026:{post.key}"

    def still_shows(self, post: Said) -> bool:
        return post in self.world.posts()[-press.LISTED :]


WAYS: Mapping[str, Way] = {
    way.name: way
    for way in (
        Bluesky("bluesky 1", version="1"),
        Bluesky("bluesky 2", version="2", compress=False),
        Mastodon("mastodon asked"),
        Mastodon("mastodon events", token="member", stream="sse"),
        Mastodon("mastodon socket", token="member", stream="websocket"),
        HackerNews("hackernews items"),
        HackerNews("hackernews search", query="acme"),
        Feed("feed rss", format="rss"),
        Feed("feed atom", format="atom"),
    )
}
