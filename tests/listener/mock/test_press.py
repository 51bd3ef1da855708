"""The mock press as readers of feeds and subscribers of its hub find it, before any collector is judged by it."""

import asyncio
import hmac
import json
import re
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import aiohttp
import feedparser
import pytest
from aiohttp import web

from listener.clock import Clock
from listener.mock.faults import Faults
from listener.mock.hub import LEASE, TRIES
from listener.mock.press import FAULTS, LISTED, Press
from listener.mock.server import serving
from listener.mock.world import Account, World
from rules.instant import DAY, HOUR, SECOND
from tests.collecting import serving as serving_site
from tests.mastodon import until

DATA = Path(__file__).parents[2] / "data/feeds"
ANNA, BOARD = Account(handle="anna"), Account(handle="The Board", name="The Departure Board")
BEGIN = 1_794_690_000 * SECOND
KINDS = ("rss", "atom", "json")


class Hands(Clock):
    """A clock that is turned by hand; whoever sleeps turns it."""

    at = BEGIN

    def now(self):
        return self.at

    async def sleep(self, span):
        self.at += max(0, span)


class Paper:
    """A world with its press; `server` is where it is."""

    def __init__(self, faults=None, **how):
        self.clock = Hands()
        self.world = World(self.clock.now)
        self.press = Press(self.world, faults, clock=self.clock, **how)

    @asynccontextmanager
    async def open(self):
        async with serving({"feed": self.press}) as server, aiohttp.ClientSession() as self.http:
            self.url = server.of("feed")
            yield self

    async def get(self, path, **headers):
        async with self.http.get(f"{self.url}/{path}", headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.read(), answer.headers

    async def ask_hub(self, **wish):
        said = {f"hub.{name}": str(value) for name, value in wish.items()}
        async with self.http.post(f"{self.url}/hub", data=said) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def paper():
    async with Paper().open() as made:
        yield made


def elements(body):
    """The names of all elements and attributes of a document, each with its parent's."""
    root, found = ET.fromstring(body), set()
    for parent in root.iter():
        found |= {(parent.tag, child.tag) for child in parent} | {(parent.tag, f"@{name}") for name in parent.attrib}
    return found


@pytest.mark.parametrize(("kind", "recorded"), [("rss", ["wordpress"]), ("atom", ["planet", "youtube"])])
async def test_feeds_are_built_like_recorded_ones(paper, kind, recorded):
    paper.world.say("words", BOARD, title="A title")
    _, body, _ = await paper.get(kind)
    ours, theirs = elements(body), set().union(*(elements((DATA / f"{name}.xml").read_bytes()) for name in recorded))
    # both formats allow these, the recorded ones do without
    extra = {"language", "updated", "hub", "@{http://www.w3.org/XML/1998/namespace}lang"}
    unknown = {pair for pair in ours - theirs if pair[1].rpartition("}")[2] not in extra and pair[1] not in extra}
    assert unknown == set()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_feed_says_what_the_world_says_and_what_was_deleted_is_not_listed(paper, kind):
    paper.world.say("Été & <b>hiver</b>", BOARD, title="« L’un » & l’autre", language="fr")
    paper.world.say("No title, no language", ANNA)
    paper.world.say("soon gone", ANNA)
    paper.world.say("", ANNA, repost_of=1)
    paper.clock.at += 60 * SECOND
    paper.world.delete(3)
    paper.world.edit(2, "Edited")
    entries = read(kind, (await paper.get(kind))[1])

    assert [(each["title"], each["text"], each["language"], each["author"]) for each in entries] == [
        ("", "Edited", None, "anna"),
        ("« L’un » & l’autre", "Été & <b>hiver</b>", "fr", "The Departure Board"),
    ]
    assert [each["edited"] for each in entries] == [True, False]
    status, page, _ = await paper.get(entries[1]["link"].removeprefix(f"{paper.url}/"))
    assert (status, unquote(entries[1]["link"])) == (200, f"{paper.url}/@The Board/1")
    assert "« L’un » &amp; l’autre" in page.decode()
    assert [(await paper.get(f"@anna/{key}"))[0] for key in (1, 3, 9)] == [404] * 3


def read(kind, body):
    if kind == "json":
        items = json.loads(body)["items"]
        return [
            {
                "title": item.get("title", ""),
                "text": item["content_text"],
                "language": item.get("language"),
                "author": item["authors"][0]["name"],
                "link": item["url"],
                "edited": "date_modified" in item,
            }
            for item in items
        ]
    feed = feedparser.parse(body, sanitize_html=False)
    assert feed.bozo == 0
    return [
        {
            "title": entry.get("title", ""),
            "text": entry.content[0].value if kind == "atom" else plain(entry.summary),
            "language": entry.get("language") or (entry.get("content") or [{}])[0].get("language"),
            "author": entry.author,
            "link": entry.link,
            "edited": (entry.updated_parsed if "updated" in entry else entry.published_parsed)
            != entry.published_parsed,
        }
        for entry in feed.entries
    ]


def plain(html):
    return re.fullmatch("<p>(.*)</p>", html)[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


async def test_only_the_newest_are_listed(paper):
    for number in range(LISTED + 5):
        paper.world.say(f"words {number}", ANNA)
    texts = [each["text"] for each in read("json", (await paper.get("json"))[1])]
    assert texts == [f"words {number}" for number in range(LISTED + 4, 4, -1)]


async def test_a_reader_with_the_right_validators_gets_304_until_something_changes(paper):
    assert "Last-Modified" not in (await paper.get("rss"))[2]
    paper.world.say("words", ANNA)
    _, _, headers = await paper.get("rss")
    tag, date = {"If-None-Match": headers["ETag"]}, {"If-Modified-Since": headers["Last-Modified"]}
    known = [
        (await paper.get("rss", **each))[0] for each in (tag, date, {"If-None-Match": f'"x", W/{headers["ETag"]}'})
    ]
    other = await paper.get("rss", **date, **{"If-None-Match": '"other"'})
    plain = await paper.get("rss", **{"Accept-Encoding": "identity"})
    paper.world.edit(1, "within the same second")
    by_date, by_tag = [(await paper.get("rss", **each))[0] for each in (date, tag)]

    assert known == [304, 304, 304]
    assert (other[0], other[2]["Content-Encoding"]) == (200, "gzip")
    assert "Content-Encoding" not in plain[2]
    assert plain[1] == other[1]
    assert plain[2]["ETag"] != headers["ETag"]
    assert (by_date, by_tag) == (304, 200)
    assert headers["Cache-Control"] == "max-age=10"
    assert headers["Link"] == f'<{paper.url}/hub>; rel="hub", <{paper.url}/rss>; rel="self"'


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"slow", "huge", "reset"}))
async def test_each_fault_shows(name):
    async def told(*faults):
        paper = Paper(Faults(faults, seed=3, chance=1.0))
        for number in range(8):
            paper.world.say(f"words {number}", ANNA)
        async with paper.open():
            status, body, _ = await paper.get("rss")
            return status, body.replace(paper.url.encode(), b"")

    assert await told() == await told()
    assert await told(name) != await told()


class Subscriber:
    """A web server that means what it asked for, and says `replies` to what is sent, the last one for good."""

    def __init__(self, site):
        self.site, self.sent, self.replies, self.meant = site, asyncio.Queue(), [200], True
        self.url = site.answers("/callback", self.answer) + "?token=x"
        self.verified = []

    async def answer(self, request):
        if request.method == "GET":
            self.verified.append(dict(request.query))
            return web.Response(text=request.query["hub.challenge"] if self.meant else "no")
        self.sent.put_nowait((request.headers, await request.read()))
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    async def next(self):
        async with asyncio.timeout(30):
            return await self.sent.get()


@pytest.fixture
async def subscriber():
    async with serving_site() as site:
        yield Subscriber(site)


async def subscribed(paper, subscriber, mode="subscribe", **more):
    status, said = await paper.ask_hub(mode=mode, topic=f"{paper.url}/atom", callback=subscriber.url, **more)
    assert (status, said) == (202, "")
    await until(lambda: subscriber.verified, 30)
    asked = subscriber.verified.pop()
    lease = int(asked.get("hub.lease_seconds", "0")) * SECOND
    leases = [lease] if lease and subscriber.meant else []
    await until(lambda: [wish.lease for wish in paper.press.hub.subscriptions] == leases, 30)
    return asked


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_subscriber_is_asked_back_and_then_sent_each_change_with_a_signature(subscriber, algorithm):
    async with Paper(algorithm=algorithm).open() as paper:
        asked = await subscribed(paper, subscriber, lease_seconds=3600, secret="a secret")
        paper.world.say("words", ANNA)
        headers, body = await subscriber.next()
        same = (await paper.get("atom"))[1]

    assert asked.pop("hub.challenge")
    assert asked == {
        "token": "x",
        "hub.mode": "subscribe",
        "hub.topic": f"{paper.url}/atom",
        "hub.lease_seconds": "3600",
    }
    assert body == same
    assert headers["X-Hub-Signature"] == f"{algorithm}={hmac.digest(b'a secret', body, algorithm).hex()}"
    assert headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert headers["Link"] == f'<{paper.url}/hub>; rel="hub", <{paper.url}/atom>; rel="self"'


async def test_nobody_is_subscribed_who_does_not_mean_it(paper, subscriber):
    subscriber.meant = False
    await subscribed(paper, subscriber)
    assert paper.press.hub.subscriptions == []


async def test_what_is_not_taken_is_sent_again_a_few_times_and_the_next_change_anew(paper, subscriber):
    await subscribed(paper, subscriber)
    subscriber.replies = [500]
    paper.world.say("first", ANNA)
    refused = [await subscriber.next() for _ in range(TRIES)]
    subscriber.replies = [503, 200]
    paper.world.say("second", ANNA)
    taken = [await subscriber.next() for _ in range(2)]

    assert [b"second" in body for _, body in refused + taken] == [False] * TRIES + [True] * 2
    assert "X-Hub-Signature" not in taken[0][0]


async def test_a_subscription_ends_with_its_lease_when_it_is_taken_back_and_when_the_subscriber_is_gone(
    paper, subscriber
):
    ends = []
    await subscribed(paper, subscriber, lease_seconds=3600)
    paper.clock.at += HOUR
    ends.append(paper.press.hub.subscriptions)
    await subscribed(paper, subscriber)
    await subscribed(paper, subscriber, lease_seconds=2 * DAY // SECOND)
    await subscribed(paper, subscriber, "unsubscribe")
    ends.append(paper.press.hub.subscriptions)
    asked = await subscribed(paper, subscriber)
    subscriber.replies = [410]
    paper.world.say("words", ANNA)
    await subscriber.next()
    await until(lambda: not paper.press.hub.subscriptions, 30)
    paper.world.say("more", ANNA)
    await paper.get("rss")

    assert (ends, subscriber.sent.qsize()) == ([[], []], 0)
    assert asked["hub.lease_seconds"] == str(LEASE // SECOND)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "publish"},
        {"topic": "http://elsewhere.example/rss"},
        *(
            {"callback": url}
            for url in ("ftp://127.0.0.1/", "http://elsewhere.example/", "http://10.0.0.1/", "http://[::]/")
        ),
        {"lease_seconds": "soon"},
        {"secret": "x" * 200},
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused_with_the_reason(paper, wrong):
    wish = {"mode": "subscribe", "topic": f"{paper.url}/rss", "callback": "http://127.0.0.1:9/", **wrong}
    status, said = await paper.ask_hub(**wish)
    assert (status, f"hub.{next(iter(wrong))}" in said) == (400, True)
