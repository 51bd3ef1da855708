"""The mock of X answers as it was recorded to, keeps its limits, and goes wrong as told."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from listener.mock.faults import Faults
from listener.mock.server import serving
from listener.mock.world import Account, World
from listener.mock.x import FAULTS, X
from listener.mock.x_posts import id_at
from rules.instant import DAY, HOUR, MINUTE, SECOND
from tests.mastodon import until
from tests.shapes import differences

RECORDED = json.loads((Path(__file__).parents[2] / "data/x/recorded.json").read_text("utf-8"))
ANNA, BEN = Account(handle="anna", name="Anna", followers=7), Account(handle="ben")
BEGIN = 1_794_690_000 * SECOND
RECENT, STREAM, RULES = "tweets/search/recent", "tweets/search/stream", "tweets/search/stream/rules"
FULL = {
    "tweet.fields": "author_id,conversation_id,created_at,edit_controls,entities,lang,note_tweet,public_metrics",
    "expansions": "author_id,referenced_tweets.id,in_reply_to_user_id",
    "user.fields": "public_metrics",
}


class App:
    """A world with its X, and an app that asks it; `at` is the time there."""

    def __init__(self, **how):
        self.at = BEGIN
        self.world = World(lambda: self.at)
        self.x = X(world=self.world, tokens={"good"}, **{"linger": 0, **how})

    @asynccontextmanager
    async def running(self):
        headers = {"Authorization": "Bearer good"}
        async with serving({"x": self.x}) as server, aiohttp.ClientSession(headers=headers) as self.session:
            self.url = server.of("x")
            yield self

    async def ask(self, path, method="GET", body=None, headers=None, **query):
        url, query = f"{self.url}/2/{path}", {name.replace("__", "."): value for name, value in query.items()}
        async with self.session.request(method, url, params=query, json=body, headers=headers) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if "json" in answer.content_type else text, answer.headers

    async def search(self, query, **more):
        status, body, _ = await self.ask(RECENT, query=query, **more)
        return body if status == 200 else (status, body["errors"][0]["message"])

    async def add(self, *values, **more):
        return await self.ask(RULES, "POST", {"add": [{"value": value, "tag": "brand"} for value in values]}, **more)

    @asynccontextmanager
    async def listening(self, **query):
        """Lines as they come; a blank one is None, the end b""."""
        async with asyncio.timeout(20), self.session.get(f"{self.url}/2/{STREAM}", params=query) as answer:
            assert answer.status == 200

            async def line():
                raw = await answer.content.readuntil(b"\r\n")
                return None if raw == b"\r\n" else raw and json.loads(raw)

            yield line


@pytest.mark.parametrize("name", ["search", "mentions"])
async def test_a_page_has_exactly_the_fields_of_recorded_ones(name):
    app = App()
    for number in range(11):
        app.world.say(f"acme {number}", ANNA)
    async with app.running():
        status, body, headers = await app.ask(RECENT, query="acme")
    theirs = RECORDED[name]
    assert differences(body, theirs["body"], exact=True) == []
    assert differences(body["data"], RECORDED["posts"]["body"]["data"], exact=True) == []
    kept = {name for name in theirs["headers"] if name.startswith(("x-rate", "api"))}
    assert (status, kept) == (theirs["status"], kept & {name.lower() for name in headers})
    assert {len(headers[name]) for name in kept if name.endswith("reset")} == {10}
    assert len(body["data"][0]["id"]) == len(theirs["body"]["data"][0]["id"])


async def test_rules_and_their_errors_have_the_fields_of_recorded_ones():
    app = App()
    async with app.running():
        added = await app.add("acme", "air")
        listed = await app.ask(RULES)
        numbers = [rule["id"] for rule in listed[1]["data"]]
        nothing = await app.ask(RULES, "POST", {"delete": {"ids": []}})
        deleted = await app.ask(RULES, "POST", {"delete": {"ids": numbers[:1]}})
    told = {"rules_added": added, "rules_listed": listed, "delete_nothing": nothing, "rules_deleted": deleted}
    for name, (status, body, _) in told.items():
        assert (name, status, differences(body, RECORDED[name]["body"])) == (name, RECORDED[name]["status"], [])
        assert RECORDED[name]["body"].keys() == body.keys()
    assert nothing[1]["errors"] == RECORDED["delete_nothing"]["body"]["errors"]


async def test_what_is_asked_for_is_shown_with_links_shortened_and_what_belongs_to_it_beside():
    app = App()
    first = app.world.say("first", BEN, language="en")
    app.world.say("@ben acme & co #late https://acme.example/a?b=1", ANNA, reply_to=first.key)
    app.world.say(f"acme {'x' * 400}", BEN, repost_of=first.key)
    async with app.running():
        full = await app.search("acme", **FULL)
        app.world.delete(first.key)
        without = await app.search("acme", **FULL)
    quote, reply = full["data"]
    theirs = RECORDED["expanded"]["body"]
    for name in ("data", "includes"):
        assert differences(full[name], theirs[name]) == []
    assert reply["text"].startswith("@ben acme &amp; co #late https://t.co/")
    for entity in [*reply["entities"]["urls"], *reply["entities"]["hashtags"], *reply["entities"]["mentions"]]:
        said = reply["text"][entity["start"] : entity["end"]]
        assert said in {entity.get("url"), f"#{entity.get('tag')}", f"@{entity.get('username')}"}
    assert reply["entities"]["urls"][0]["expanded_url"] == "https://acme.example/a?b=1"
    assert [each["type"] for post in full["data"] for each in post["referenced_tweets"]] == ["quoted", "replied_to"]
    assert [user["username"] for user in full["includes"]["users"]] == ["ben", "anna"]
    assert (len(quote["text"]), len(quote["note_tweet"]["text"])) == (280, 405)
    assert full["includes"]["tweets"][0]["public_metrics"]["reply_count"] == 1
    assert reply["conversation_id"] == full["includes"]["tweets"][0]["id"]
    assert ("tweets" in without["includes"], {each["title"] for each in without["errors"]}) == (
        False,
        {"Not Found Error"},
    )


async def test_posts_by_id_have_the_fields_of_recorded_ones_and_those_that_are_gone_are_named():
    app = App()
    kept, gone = app.world.say("acme stays", ANNA), app.world.say("acme goes", ANNA)
    async with app.running():
        ids = [post["id"] for post in (await app.search("acme"))["data"]][::-1]
        status, body, _ = await app.ask("tweets", ids=",".join(ids))
        assert (status, differences(body, RECORDED["posts"]["body"], exact=True)) == (200, [])
        app.world.delete(gone.key)
        app.world.edit(kept.key, "acme changes")
        _, body, _ = await app.ask("tweets", ids=",".join(ids))
        assert [post["text"] for post in body["data"]] == ["acme stays"]
        assert [(error["parameter"], error["value"]) for error in body["errors"]] == [("ids", ids[1])]
        assert (await app.ask("tweets", ids="1,two"))[0] == 400


async def test_pages_go_back_and_a_search_begins_where_the_last_one_ended():
    app = App(lag=10 * SECOND)
    app.world.say("acme long ago", ANNA, at=BEGIN - 8 * DAY)
    for number in range(25):
        app.world.say(f"acme {number}", ANNA)
        app.at += SECOND
    app.world.say("", BEN, repost_of=25)
    app.at += MINUTE
    async with app.running():
        first = await app.search("acme")
        second = await app.search("acme", next_token=first["meta"]["next_token"])
        third = await app.search("acme", next_token=second["meta"]["next_token"])
        assert [len(page["data"]) for page in (first, second, third)] == [10, 10, 5]
        assert "next_token" not in third["meta"]
        newer = await app.search("acme", since_id=first["data"][3]["id"], max_results="100")
        assert newer["data"] == first["data"][:3]
        app.world.say("acme fresh", ANNA)
        assert await app.search("fresh") == {"meta": {"result_count": 0}}
        app.at += 20 * SECOND
        assert (await app.search("fresh"))["meta"]["result_count"] == 1
        app.at += 8 * DAY
        status, why = await app.search("acme", since_id=first["data"][0]["id"])
    assert (status, why[:50]) == (400, "'since_id' must be a tweet id created after 2026-1")


@pytest.mark.parametrize(
    "asked",
    [
        {"query": "x" * 513},
        {"query": "lang:fr"},
        {"query": "acme", "max_results": "9"},
        {"query": "acme", "max_results": "101"},
        {"query": "acme", "next_token": "nonsense"},
        {"query": "acme", "since_id": "new"},
        {"query": "acme", "start_time": "yesterday"},
        {"query": "acme", "start_time": "2099-01-01T00:00:00"},
        {"query": "acme", "start_time": "1970-01-01T00:00:00Z"},
        {"query": "acme", "tweet.fields": "created_at,mood"},
        {"query": "acme", "page": "2"},
    ],
)
async def test_a_search_that_cannot_be_is_refused(asked):
    async with App().running() as app:
        status, body, headers = await app.ask(RECENT, **asked)
    assert (status, body["title"], headers["Content-Type"][:24]) == (400, "Invalid Request", "application/problem+json")
    assert body["errors"][0]["parameters"].keys() == {next(reversed(asked))}


@pytest.mark.parametrize(("token", "status"), [("bad", 401), ("stranger", 403)])
async def test_it_asks_who_is_there(token, status):
    async with App(strangers=frozenset({"stranger"})).running() as app:
        for path in (RECENT, STREAM, RULES):
            told, body, _ = await app.ask(path, headers={"Authorization": f"Bearer {token}"})
            assert (told, body["status"]) == (status, status)
            assert {"title", "detail", "type"} <= body.keys()


async def test_so_many_requests_are_allowed_until_the_window_is_over():
    async with App(searches=2).running() as app:
        told = [await app.ask(RECENT, query="acme") for _ in range(3)]
        assert [status for status, _, _ in told] == [200, 200, 429]
        assert told[2][2]["x-rate-limit-reset"] == str((BEGIN + 15 * MINUTE) // SECOND)
        app.at += 15 * MINUTE
        assert (await app.ask(RECENT, query="acme"))[0] == 200


async def test_rules_are_kept_once_within_limits_and_tried_without_being_kept():
    async with App(changes=10_000).running() as app:
        status, tried, _ = await app.add("acme", dry_run="true")
        assert (status, tried["meta"]["summary"]["created"], len(app.x.book)) == (201, 1, 0)
        _, kept, _ = await app.add("acme")
        status, again, _ = await app.add("acme", "acme AND air", "x" * 1_025, "air")
        assert status == 201
        assert [error["title"] for error in again["errors"]] == [
            "DuplicateRule",
            "UnprocessableEntity",
            "UnprocessableEntity",
        ]
        assert again["errors"][0]["id"] == kept["data"][0]["id"]
        assert again["meta"]["summary"] == {"created": 1, "not_created": 3, "valid": 1, "invalid": 3}
        assert (await app.add("acme"))[0] == 200
        await app.add(*(f"word{number}" for number in range(998)))
        assert (await app.add("more"))[1]["errors"][0]["message"] == "Rule limit exceeded: at most 1000 rules"
        assert (await app.ask(RULES, "POST", {"delete": {"values": ["acme"]}}))[1]["meta"]["summary"]["deleted"] == 1
        assert (await app.ask(RULES))[1]["meta"]["result_count"] == 999
        assert (await app.ask(RULES, "POST", {"nothing": 1}))[0] == 400


async def test_the_stream_brings_what_fits_the_rules_and_edits_as_posts_of_their_own():
    app = App()
    app.world.say("acme before", ANNA)
    async with app.running():
        await app.add("acme", "air -is:retweet")
        async with app.listening(**FULL) as line:
            post = app.world.say("acme air", ANNA, language="en")
            app.world.say("nothing", ANNA)
            app.world.say("", BEN, repost_of=post.key)
            first, again = await line(), await line()
            app.at += HOUR // 2
            app.world.edit(post.key, "acme air, edited")
            edited = await line()
            while edited is None:
                edited = await line()
    assert {rule["tag"] for rule in first["matching_rules"]} == {"brand"}
    assert (len(first["matching_rules"]), len(again["matching_rules"])) == (2, 1)
    assert again["data"]["text"] == "RT @anna: acme air"
    assert again["data"]["referenced_tweets"] == [{"type": "retweeted", "id": first["data"]["id"]}]
    assert first["includes"]["users"][0]["public_metrics"]["followers_count"] == 7
    assert edited["data"]["edit_history_tweet_ids"] == [first["data"]["id"], edited["data"]["id"]]
    assert int(edited["data"]["id"]) > int(first["data"]["id"])
    assert edited["data"]["edit_controls"]["edits_remaining"] == 4


async def test_the_stream_says_that_it_is_alive_and_has_one_place_that_stays_taken_for_a_while():
    app = App(linger=5 * SECOND)
    async with app.running():
        assert (await app.ask(STREAM))[1]["connection_issue"] == "RuleConfigurationIssue"
        await app.add("acme")
        assert (await app.ask(STREAM, backfill_minutes="5"))[0] == 400
        async with app.listening() as line:
            app.at += 20 * SECOND
            assert await line() is None
            status, problem, _ = await app.ask(STREAM)
            assert (status, problem["connection_issue"]) == (429, "TooManyConnections")
        await until(lambda: not app.x.stream.open)
        assert (await app.ask(STREAM))[0] == 429
        app.at += 5 * SECOND
        async with app.listening() as line:
            app.x.tokens.clear()
            assert await line() == b""


async def test_a_reader_that_does_not_read_is_dropped():
    app = App(patience=0.2)
    async with app.running():
        await app.add("acme")
        async with app.listening(**FULL):
            for _ in range(300):
                app.world.say("acme " * 8_000, ANNA)
            await until(lambda: not app.x.stream.open, 20)


async def test_a_post_is_paid_for_once_a_day_and_nothing_is_read_beyond_the_cap():
    app = App(cap=5)
    for number in range(3):
        app.world.say(f"acme {number}", ANNA)
    async with app.running():
        await app.add("acme")
        for _ in range(2):
            await app.search("acme")
        assert (app.x.bill.reads, app.x.bill.spent) == (3, pytest.approx(0.015))
        app.at += DAY
        async with app.listening() as line:
            for number in range(3):
                app.world.say(f"acme again {number}", ANNA)
            told = [await line() for _ in range(3)]
            while None in told:
                told = [*filter(None, told), await line()]
        assert [*map(list, told)] == [["data", "matching_rules"], ["data", "matching_rules"], ["errors"]]
        assert (await app.ask(RECENT, query="acme"))[1]["title"] == "UsageCapExceeded"
        app.at += 31 * DAY
        assert (await app.ask(RECENT, query="acme"))[0] == 200


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"slow", "stall", "starve", "close", "huge", "reset"}))
async def test_each_fault_shows_in_a_search(name):
    async def told(*faults):
        app = App(faults=Faults(faults, seed=3, chance=1.0))
        for number in range(3):
            app.world.say(f"acme {number}", ANNA)
        async with app.running():
            query = f"query=acme&tweet.fields=created_at&since_id={id_at(BEGIN) - 9}"
            async with app.session.get(f"{app.url}/2/{RECENT}?{query}", allow_redirects=False) as answer:
                return answer.status, await answer.read()

    assert await told(name) != await told()


async def test_every_post_can_be_read_beside_what_is_wrong():
    app = App(faults=Faults(["wrong-shape"], chance=1.0))
    for number in range(5):
        app.world.say(f"acme {number}", ANNA)
    async with app.running():
        told = (await app.search("acme", tweet__fields="author_id,lang"))["data"]
    assert [post["text"] for post in told if isinstance(post["id"], str)] == [f"acme {4 - place}" for place in range(5)]
    assert len(told) == 6


@asynccontextmanager
async def told_by(name, seed=1):
    """The next lines of a stream on which one fault strikes always, while two posts are made."""
    app = App(faults=Faults([name], seed=seed, chance=1.0))
    async with app.running():
        await app.add("acme")
        url = f"{app.url}/2/{STREAM}?tweet.fields=created_at"
        async with asyncio.timeout(20), app.session.get(url, read_bufsize=2**23) as answer:
            app.world.say("acme 1", ANNA)
            app.world.say("acme 2", ANNA)
            await until(lambda: app.x.faults.struck)
            app.at += 20 * SECOND

            async def lines(count):
                return [await answer.content.readuntil(b"\r\n") for _ in range(count)]

            yield lines


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_stream_is_closed_with_and_without_a_word(seed):
    async with told_by("close", seed) as lines:
        told = [line and json.loads(line)["errors"][0]["disconnect_type"] for line in await lines(seed)]
    assert told == [b""] if seed == 1 else ["UpstreamOperationalDisconnect", b""]


@pytest.mark.parametrize("name", ["malformed", "wrong-shape", "huge"])
async def test_what_cannot_be_read_stands_beside_what_can(name):
    async with told_by(name) as lines:
        told = await lines(4)
    assert [json.loads(line)["data"]["text"] for line in told[1::2]] == ["acme 1", "acme 2"]
    assert len(set(told)) == 4


async def test_a_stream_is_cut_off_in_the_middle_of_a_post():
    async with told_by("reset") as lines:
        with pytest.raises(aiohttp.ClientError):
            await lines(1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("duplicate", ["acme 1", "acme 1", "acme 2", "acme 2"]), ("out-of-order", ["acme 2", "acme 1"])],
)
async def test_posts_come_twice_and_in_another_order(name, expected):
    async with told_by(name) as lines:
        assert [json.loads(line)["data"]["text"] for line in await lines(len(expected))] == expected


async def test_a_starved_stream_says_that_it_is_alive_and_a_bad_clock_shows():
    async with told_by("starve") as lines:
        assert await lines(1) == [b"\r\n"]
    async with told_by("bad-clock") as lines:
        years = {json.loads(line)["data"]["created_at"][:4] for line in await lines(2)}
    assert years <= {"1970", "2099"}


async def test_a_stalled_stream_says_nothing_until_its_reader_leaves():
    app = App(faults=Faults(["stall"], chance=1.0))
    async with app.running():
        await app.add("acme")
        async with app.listening():
            app.world.say("acme", ANNA)
            await until(lambda: app.x.faults.struck)
            app.x.tokens.clear()
            assert app.x.stream.open
        await until(lambda: not app.x.stream.open)
