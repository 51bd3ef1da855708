"""The mock of Reddit answers as it was recorded to, keeps its limits, and goes wrong as told."""

import json
from base64 import b64encode
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import feedparser
import pytest

from listener.mock.faults import Faults
from listener.mock.reddit import FAULTS, Reddit
from listener.mock.reddit_things import DEEPEST
from listener.mock.server import serving
from listener.mock.world import Account, World
from rules.instant import HOUR, MINUTE, SECOND
from tests.shapes import differences

RECORDED = json.loads((Path(__file__).parents[2] / "data/reddit/recorded.json").read_text("utf-8"))
ANNA, BEN = Account(handle="anna"), Account(handle="Ben Le Grand")
BEGIN = 1_794_690_000 * SECOND
AGENT = {"User-Agent": "linux:badbuzz:test (by /u/anna)"}


class Club:
    """A world with its Reddit, and an app that asks it; `at` is the time there."""

    def __init__(self, **how):
        self.at = BEGIN
        self.world = World(lambda: self.at)
        self.reddit = Reddit(world=self.world, keys={"app": "secret"}, feeds={"anna": "private"}, **how)

    @asynccontextmanager
    async def running(self, *, signed_in=True):
        async with serving({"reddit": self.reddit}) as server, aiohttp.ClientSession(headers=AGENT) as self.session:
            self.url = server.of("reddit")
            self.token = (await self.sign_in())[1]["access_token"] if signed_in else "token"
            yield self

    async def sign_in(self, secret="secret", grant="client_credentials"):
        basic = {"Authorization": f"Basic {b64encode(f'app:{secret}'.encode()).decode()}"}
        url, form = f"{self.url}/api/v1/access_token", {"grant_type": grant}
        async with self.session.post(url, headers=basic, data=form) as answer:
            return answer.status, await answer.json()

    async def ask(self, path, headers=None, **query):
        given = {"Authorization": f"bearer {self.token}"} | (headers or {})
        async with self.session.get(f"{self.url}{path}", params=query, headers=given) as answer:
            return answer.status, await answer.json(), answer.headers

    async def things(self, path, **query):
        """What the things of a listing say, and the name that leads on."""
        status, body, _ = await self.ask(path, **{"raw_json": "1", "limit": "100", **query})
        assert status == 200
        return [each["data"] for each in body["data"]["children"]], body["data"]["after"]

    async def names(self, path, **query):
        self.at += 2 * SECOND  # beyond the cache
        return [each["name"] for each in (await self.things(path, **query))[0]]

    def thread(self, answers):
        first = self.world.say("My flight with acme was cancelled", BEN, title="Acme & me", language="en")
        for number in range(answers):
            self.at += SECOND
            self.world.say(f"answer {number}", ANNA, reply_to=first.key)
        return first


async def test_listings_have_the_fields_and_types_of_recorded_ones():
    club = Club()
    first = club.thread(2)
    club.world.say("", ANNA, repost_of=first.key)
    async with club.running():
        for name, path, more in (
            ("comments", "/r/all/comments/", {"limit": "1", "raw_json": "1"}),
            ("posts", "/r/travel/new", {}),
            ("nothing_newer", "/r/all/comments", {"before": (await club.names("/r/all/comments"))[0]}),
        ):
            status, body, headers = await club.ask(path, **more)
            theirs = RECORDED[name]["body"]
            assert (status, differences(body, theirs)) == (200, [])
            assert theirs["data"].keys() <= body["data"].keys()
            assert headers["Content-Type"].lower() == RECORDED[name]["headers"]["content-type"].lower()
            if name == "comments":
                assert theirs["data"]["children"][0]["data"].keys() <= body["data"]["children"][0]["data"].keys()
        status, body, headers = await club.ask("/r/nowhere/about")
        assert (status, body) == (RECORDED["not_found"]["status"], RECORDED["not_found"]["body"])
        assert {type(body["error"])} == {type(RECORDED["forbidden"]["body"]["error"])}
        status, token = await club.sign_in()
        assert differences(token, RECORDED["token"]["body"], exact=True) == []
        club.world.delete(3)
        (gone,), _ = await club.things("/api/info", id="t1_lz00003")
    theirs = RECORDED["deleted"]["body"]["data"]["children"][0]["data"]
    assert (gone["author"], gone["body"], gone["body_html"]) == (theirs["author"], theirs["body"], theirs["body_html"])


async def test_ratelimit_headers_are_a_float_whole_seconds_to_go_and_what_was_used():
    async with Club(allowance=2).running() as club:
        _, _, headers = await club.ask("/r/all/new")
        club.at += MINUTE
        recorded = RECORDED["forbidden"]["headers"]
        shown = {name: headers[name] for name in recorded if name.startswith("x-ratelimit")}
        assert shown == {"x-ratelimit-remaining": "1.0", "x-ratelimit-used": "1", "x-ratelimit-reset": "600"}
        assert shown.keys() == {name for name in recorded if "ratelimit" in name}
        assert [(await club.ask("/r/all/new"))[0] for _ in range(2)] == [200, 429]
        club.at += 9 * MINUTE
        assert (await club.ask("/r/all/new"))[0] == 200


async def test_a_token_is_given_for_a_key_and_ends():
    async with Club(lifetime=HOUR, private=frozenset({"vip"})).running() as club:
        assert (await club.sign_in(secret="wrong"))[0] == 401
        assert await club.sign_in(grant="password") == (400, {"error": "unsupported_grant_type"})
        assert (await club.ask("/r/all/new"))[0] == 200
        assert (await club.ask("/r/vip/new"))[1]["reason"] == "private"
        assert (await club.ask("/r/all/new", headers={"Authorization": "bearer wrong"}))[0] == 401
        club.at += HOUR
        status, _, headers = await club.ask("/r/all/new")
        assert (status, headers["WWW-Authenticate"][-15:]) == (401, '"invalid_token"')
        club.token = (await club.sign_in())[1]["access_token"]
        assert (await club.ask("/r/all/new"))[0] == 200


@pytest.mark.parametrize("agent", ["", "python-requests/2.31", "curl/8.1", "Mozilla/5.0"])
async def test_a_client_that_does_not_say_what_it_is_is_turned_away(agent):
    async with Club().running() as club:
        status, body, _ = await club.ask("/r/all/new", headers={"User-Agent": agent})
    assert (status, body) == (429, {"message": "Too Many Requests", "error": 429})


async def test_listings_go_back_by_after_and_forward_by_before_until_its_anchor_is_gone():
    club = Club()
    club.thread(250)
    async with club.running():
        pages, every, after = [], [], ""
        while after is not None:
            page, after = await club.things("/r/all/comments", after=after)
            pages.append(len(page))
            every += [each["name"] for each in page]
        assert pages == [100, 100, 50]
        assert (every[0], every[-1]) == ("t1_lz0006z", "t1_lz00002")
        assert await club.names("/r/all/comments", before=every[3]) == every[:3]
        assert await club.names("/r/travel/comments", before=every[200], limit="5") == every[195:200]
        assert await club.names("/r/france/comments") == []
        assert await club.names("/r/france+Travel/comments", limit="1") == every[:1]
        club.world.delete(int(every[3][3:], 36) - int("lz00000", 36))
        assert await club.names("/r/all/comments", before=every[3]) == every[4:104]
        assert len((await club.ask("/r/all/comments", limit="500"))[1]["data"]["children"]) == 100


async def test_a_listing_reaches_so_deep_and_no_deeper():
    club = Club()
    club.thread(DEEPEST + 50)
    async with club.running():
        names, after = [], ""
        while after is not None:
            page, after = await club.things("/r/all/comments", after=after)
            names += [each["name"] for each in page]
    assert len(names) == len(set(names)) == DEEPEST


async def test_the_same_listing_comes_from_a_cache_another_one_does_not():
    club = Club()
    club.thread(1)
    async with club.running():
        await club.things("/r/all/comments")
        club.world.say("news", ANNA, reply_to=1)
        assert len((await club.things("/r/all/comments"))[0]) == 1
        assert len((await club.things("/r/all/comments", limit="99"))[0]) == 2
        club.at += 2 * SECOND
        assert len((await club.things("/r/all/comments"))[0]) == 2


async def test_things_say_how_they_hang_together_and_what_became_of_them():
    club = Club()
    first = club.thread(2)
    answer = club.world.say("quoi ?", BEN, reply_to=2)
    async with club.running():
        (newest, *_), _ = await club.things("/r/travel/comments")
        club.at += MINUTE
        club.world.edit(first.key, "My flight was late")
        club.world.delete(2)
        club.reddit.things.remove(answer.key)
        names = ["t3_1p00001", "t1_lz00002", "t1_lz00004", "t1_nowhere"]
        (post, deleted, removed), _ = await club.things("/api/info", id=",".join(names))
        left = await club.names("/r/travel/comments")
        escaped = (await club.ask("/r/travel/new"))[1]["data"]["children"][0]["data"]["title"]
    assert (newest["parent_id"], newest["link_id"], newest["link_title"]) == (names[1], names[0], "Acme & me")
    assert (newest["author"], newest["is_submitter"], newest["edited"]) == ("Ben_Le_Grand", True, False)
    assert newest["permalink"] == "/r/travel/comments/1p00001/acme_me/lz00004/"
    assert (post["edited"], post["selftext"], post["num_comments"]) == (club.at // SECOND - 2, "My flight was late", 3)
    assert [(each["author"], each["body"]) for each in (deleted, removed)] == [
        ("[deleted]", "[deleted]"),
        ("[deleted]", "[removed]"),
    ]
    assert left == ["t1_lz00003"]
    assert escaped == "Acme &amp; me"


async def test_a_search_finds_posts_by_words_within_a_time():
    club = Club()
    club.thread(1)
    club.world.say("Acme encore", ANNA, title="Retard", language="fr")
    async with club.running():
        assert await club.names("/search", q="ACME", sort="new") == ["t3_1p00003", "t3_1p00001"]
        assert await club.names("/r/france/search", q="acme", restrict_sr="1") == ["t3_1p00003"]
        assert await club.names("/search", q='"flight with"') == ["t3_1p00001"]
        club.at += 2 * HOUR
        assert await club.names("/search", q="acme", t="hour") == []


async def test_a_feed_needs_its_private_token_and_tells_the_same_as_the_listing():
    club = Club()
    club.thread(1)
    async with club.running():
        told = {}
        for path in ("/r/travel/new/.rss", "/r/travel/comments.rss", "/search.rss"):
            query = {"feed": "private", "user": "anna", "q": "acme"}
            async with club.session.get(club.url + path, params=query) as answer:
                told[path] = feedparser.parse(await answer.read())
                assert answer.content_type == "application/atom+xml"
            for wrong in ({}, {"feed": "private"}, {"feed": "other", "user": "anna"}):
                async with club.session.get(club.url + path, params=wrong) as answer:
                    assert answer.status == 429
    posts, comments, found = (feed.entries for feed in told.values())
    assert [entry.id for entry in (*posts, *comments, *found)] == ["t3_1p00001", "t1_lz00002", "t3_1p00001"]
    assert (posts[0].author, posts[0].title, posts[0].tags[0].term) == ("/u/Ben_Le_Grand", "Acme & me", "travel")
    assert "<p>My flight with acme was cancelled</p>" in posts[0].content[0].value
    assert posts[0].link == "https://www.reddit.com/r/travel/comments/1p00001/acme_me/"
    assert comments[0].title == "/u/anna on Acme & me"
    assert posts[0].published == "2026-11-14T21:00:00+00:00"


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"slow", "huge", "reset", "cursor-loss"}))
async def test_each_fault_shows_in_a_listing(name):
    async def told(*faults):
        club = Club(faults=Faults(faults, seed=3, chance=1.0))
        club.thread(3)
        async with club.running(signed_in=False):
            club.reddit.tokens = {"token": club.at + HOUR}
            url, headers = f"{club.url}/r/all/comments", {"Authorization": "bearer token"}
            async with club.session.get(url, headers=headers, allow_redirects=False) as answer:
                return answer.status, await answer.read()

    assert await told(name) != await told()


async def test_an_anchor_that_is_lost_brings_old_things():
    club = Club(faults=Faults(["cursor-loss"], chance=1.0))
    club.thread(5)
    async with club.running():
        every = await club.names("/r/all/comments")
        assert await club.names("/r/all/comments", before=every[1]) == every[2:]


async def test_every_thing_can_be_read_beside_what_is_wrong():
    club = Club(faults=Faults(["wrong-shape"], chance=1.0))
    club.thread(5)
    async with club.running():
        told, _ = await club.things("/r/all/comments")
    assert [each["body"] for each in told if isinstance(each["name"], str)] == [f"answer {4 - at}" for at in range(5)]
    assert len(told) == 6
