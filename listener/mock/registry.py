"""Every mock platform in one table: how it is made from a world, what can go wrong there, how to listen to it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from listener.mock import bluesky, chatter, hackernews, linkedin, mastodon, meta, press, reddit, x, x_webhooks, youtube
from listener.mock.faults import FAULTS, Faults
from listener.mock.pushes import Sender
from listener.mock.server import Platform
from listener.mock.story import OFFICIAL
from listener.mock.world import Account, World
from listener.mock.youtube_bodies import channel_of

_CHANNEL = Account(handle=OFFICIAL, name="Acme Air")
_CHANNEL_ID = channel_of(_CHANNEL)
_THREADS = f"allThreadsRelatedToChannelId={_CHANNEL_ID}"
_JSON = "-H 'Content-Type: application/json' -d"
_X = "curl -H 'Authorization: Bearer member' '{url}/2/tweets"
_REDDIT = "curl -A linux:badbuzz:mock '{url}"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`faults` are those it draws; `commands` are command lines, with `{url}` where its address stands."""

    build: Callable[[World, Faults], Platform]
    faults: Sequence[str]
    commands: Sequence[str]


def _subscribing(**more: str) -> Sequence[str]:
    """How a receiver of pushes is made known, and what has become of it."""
    wanted = json.dumps(
        {"callback": "http://127.0.0.1:8080/hook", "secret": "known to both", "verify_token": "ours", **more}
    )
    braced = wanted.replace("{", "{{").replace("}", "}}")
    return f"curl {{url}}/subscribe -d '{braced}'", "curl {url}/subscriptions"


PLATFORMS: Mapping[str, Entry] = {
    "hackernews": Entry(
        build=hackernews.HackerNews,
        faults=hackernews.FAULTS,
        commands=(
            "badbuzz listen hackernews items_url={url}/v0 every=10s allow_private=true",
            "badbuzz listen hackernews items_url={url}/v0 search_url={url}/api/v1 query=acme allow_private=true",
        ),
    ),
    "mastodon": Entry(
        build=lambda world, faults: mastodon.Mastodon(world=world, faults=faults, tokens={"member"}),
        faults=mastodon.FAULTS,
        commands=(
            "badbuzz listen mastodon server={url} public=true every=10s allow_private=true",
            "badbuzz listen mastodon server={url} public=local token=member allow_private=true",
        ),
    ),
    "bluesky": Entry(
        build=lambda world, faults: bluesky.Jetstream(world, faults=faults),
        faults=bluesky.FAULTS,
        commands=("badbuzz listen bluesky server={url} allow_private=true",),
    ),
    "feed": Entry(
        build=press.Press,
        faults=press.FAULTS,
        commands=(
            "badbuzz listen feed urls={url}/rss every=10s allow_private=true",
            "badbuzz listen feed urls={url}/json every=10s allow_private=true",
        ),
    ),
    "x": Entry(
        build=lambda world, faults: x.X(world=world, faults=faults, tokens={"member"}),
        faults=x.FAULTS,
        commands=(
            f"{_X}/search/recent?query=acme&max_results=100&tweet.fields=author_id,created_at,lang'",
            f"""{_X}/search/stream/rules' {_JSON} '{{{{"add": [{{{{"value": "acme"}}}}]}}}}'""",
            f"{_X}/search/stream' -N",
        ),
    ),
    "reddit": Entry(
        build=lambda world, faults: reddit.Reddit(
            world=world, faults=faults, keys={"app": "secret"}, feeds={"reader": "private"}
        ),
        faults=reddit.FAULTS,
        commands=(
            "badbuzz listen feed url='{url}/r/all/comments/.rss?feed=private&user=reader&limit=100' allow_private=true",
            f"{_REDDIT}/api/v1/access_token' -u app:secret -d grant_type=client_credentials",
            f"{_REDDIT}/r/all/comments?limit=100&raw_json=1' -H 'Authorization: bearer TOKEN'",
        ),
    ),
    "youtube": Entry(
        build=lambda world, faults: youtube.YouTube(world=world, faults=faults, keys={"reader"}, channel=_CHANNEL),
        faults=youtube.FAULTS,
        commands=(
            f"badbuzz listen feed 'urls={{url}}/feeds/videos.xml?channel_id={_CHANNEL_ID}' allow_private=true",
            "curl '{url}/youtube/v3/search?key=reader&part=snippet&type=video&order=date&q=acme'",
            f"curl '{{url}}/youtube/v3/commentThreads?key=reader&part=snippet&{_THREADS}'",
        ),
    ),
    "meta": Entry(
        build=lambda world, faults: Sender(world, {"page": meta.Page(), "instagram": meta.Instagram()}, faults),
        faults=meta.FAULTS,
        commands=_subscribing(object="page"),
    ),
    "linkedin": Entry(
        build=lambda world, faults: Sender(world, {"organization": linkedin.LinkedIn()}, faults),
        faults=linkedin.FAULTS,
        commands=_subscribing(),
    ),
    "x-webhooks": Entry(
        build=lambda world, faults: Sender(world, {"activity": x_webhooks.XActivity()}, faults),
        faults=x_webhooks.FAULTS,
        commands=_subscribing(),
    ),
}
"""By the name under which a platform is served, which is the kind that listens to it where there is one."""


def known_faults() -> list[str]:
    """The faults that some platform, or the talk on it, draws."""
    drawn = {name for entry in PLATFORMS.values() for name in entry.faults} | set(chatter.FAULTS)
    return [name for name in FAULTS if name in drawn]
