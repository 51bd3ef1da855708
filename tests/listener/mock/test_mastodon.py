"""The mock Mastodon server answers as the recorded ones did, and goes wrong as told."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from listener.mock.faults import Faults
from listener.mock.mastodon import Mastodon
from listener.mock.server import serving
from listener.mock.statuses import written
from listener.mock.world import Account, World
from listener.net.sse import Decoder
from rules.instant import MINUTE, SECOND
from tests.shapes import differences

DATA = Path(__file__).parents[2] / "data/mastodon"
ANNA, BERT = Account(handle="anna", name="Anna", followers=7), Account(handle="bert@other.example")
START = 1_790_000_000 * SECOND
BEARER = {"Authorization": "Bearer good"}


def ticking():
    moments = iter(range(START, START + 10_000_000 * SECOND, SECOND))
    return lambda: next(moments)


@asynccontextmanager
async def mocking(world, **how):
    mock = Mastodon(world=world, tokens={"good"}, **how)
    async with serving({"mastodon": mock}) as server, aiohttp.ClientSession() as session:
        mock.url = server.of("mastodon")
        yield mock, session


async def page(mock, session, query="", path="timelines/tag/acmeair"):
    async with session.get(f"{mock.url}/api/v1/{path}?{query}") as answer:
        return [post["id"] for post in await answer.json()], answer.headers


def recorded(name):
    return json.loads((DATA / name).read_text())


@pytest.mark.parametrize("name", ["tag", "reblog", "quote", "stream"])
def test_its_posts_have_the_fields_and_types_of_recorded_ones(name):
    if name == "stream":
        theirs = json.loads(Decoder().feed((DATA / "stream.txt").read_bytes())[0].data)
    else:
        theirs = recorded(f"{name}.json")
        theirs = theirs["body"][0] if name == "tag" else theirs
    world = World(ticking())
    said = world.say("Hello #acmeair", ANNA, language="en")
    again = world.say("", BERT if name == "quote" else ANNA, repost_of=said.key if name == "reblog" else None)
    ours = Mastodon(world=world).render(again if name in {"reblog", "quote"} else said)
    assert differences(ours, theirs) == []
    for inner in ("account", "reblog"):
        if theirs[inner]:
            assert ours[inner].keys() <= theirs[inner].keys() | {"filtered"}
    assert ours.keys() <= theirs.keys()
    optional = {"application", "favourited", "reblogged", "muted", "bookmarked", "pinned"}
    assert theirs.keys() - ours.keys() <= optional


def test_its_ids_and_times_are_written_as_recorded_ones():
    theirs, world = recorded("tag.json")["body"][0], World(lambda: 1_785_592_379_294_000)
    assert theirs["created_at"] == written(1_785_592_379_294_000)
    ours = Mastodon(world=world).render(world.say("x", ANNA))
    assert abs((int(ours["id"]) >> 16) - (int(theirs["id"]) >> 16)) < 1_000


async def test_its_markup_and_headers_are_those_of_a_recorded_page():
    theirs, world = recorded("tag.json"), World(ticking())
    world.say("Toot number 19! #acmeair", ANNA)
    async with mocking(world) as (mock, session), session.get(f"{mock.url}/api/v1/timelines/tag/AcmeAir") as answer:
        post = (await answer.json())[0]
    tag = theirs["body"][0]["tags"][0]["name"]
    assert (
        post["content"].replace(mock.url, "http://localhost:3000").replace("acmeair", tag)
        == (theirs["body"][0]["content"])
    )
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= {*map(str.lower, answer.headers)}
    assert len(answer.headers["X-RateLimit-Reset"]) == len(theirs["headers"]["x-ratelimit-reset"])
    assert [part.rpartition("; ")[2] for part in answer.headers["Link"].split(", ")] == ['rel="next"', 'rel="prev"']


async def test_pages_go_back_by_max_id_forward_by_min_id_and_since_id_jumps():
    world = World(ticking())
    for number in range(60):
        world.say(f"{number} #acmeair", ANNA)
    async with mocking(world) as (mock, session):
        newest, _ = await page(mock, session)
        every = [post["id"] for post in map(mock.render, world.posts())][::-1]
        assert newest == every[:20]
        assert (await page(mock, session, f"limit=99&max_id={newest[-1]}"))[0] == every[20:60]
        assert (await page(mock, session, f"limit=10&min_id={every[50]}"))[0] == every[40:50]
        assert (await page(mock, session, f"limit=10&since_id={every[50]}"))[0] == every[:10]
        assert (await page(mock, session, f"min_id={every[0]}"))[0] == []


async def test_public_timelines_hold_no_replies_and_reblogs_only_where_they_are_listed():
    world = World(ticking())
    first = world.say("one #acmeair", ANNA)
    far = world.say("two", BERT)
    world.say("answer", ANNA, reply_to=first.key)
    again = world.say("", BERT, repost_of=first.key)
    async with mocking(world) as (mock, session):
        names = {post.key: mock.render(post)["id"] for post in world.posts()}
        assert (await page(mock, session, path="timelines/public"))[0] == [names[far.key], names[first.key]]
        assert (await page(mock, session, "local=true", "timelines/public"))[0] == [names[first.key]]
        assert (await page(mock, session))[0] == [names[first.key]]
        mock.reblogs = True
        assert (await page(mock, session))[0] == [names[again.key], names[first.key]]


async def test_it_asks_who_is_there():
    world = World(ticking())
    async with mocking(world, open=False) as (mock, session):

        async def status(path, **headers):
            async with session.get(f"{mock.url}/api/v1/{path}", headers=headers) as answer:
                return answer.status

        assert await status("timelines/tag/acmeair") == 422
        assert await status("timelines/tag/acmeair", Authorization="Bearer bad") == 422
        assert await status("timelines/tag/acmeair", **BEARER) == 200
        assert await status("streaming/hashtag?tag=x") == 401
        assert await status("streaming") == 401
        assert await status("streaming/hashtag") == 400
        assert await status("streaming/health") == 200
        assert await status("statuses/7", **BEARER) == 404


async def test_an_allowance_is_renewed_when_its_window_is_over():
    now = [START]
    async with mocking(World(lambda: now[0]), allowance=2) as (mock, session):

        async def ask():
            async with session.get(f"{mock.url}/api/v1/timelines/tag/x") as answer:
                return answer.status, answer.headers

        assert [(await ask())[0] for _ in range(3)] == [200, 200, 429]
        _, headers = await ask()
        assert (headers["X-RateLimit-Remaining"], headers["X-RateLimit-Reset"]) == ("0", "2026-09-21T14:18:20.000000Z")
        now[0] += 5 * MINUTE
        assert (await ask())[0] == 200


async def test_events_say_what_happens_with_a_bare_id_for_a_deletion():
    world = World(ticking())
    async with mocking(world, keep_alive=0.05) as (mock, session):
        url = f"{mock.url}/api/v1/streaming/hashtag?tag=acmeair"
        async with asyncio.timeout(5), session.get(url, headers=BEARER) as answer:
            assert await answer.content.readline() == b":)\n"
            post = world.say("one #acmeair", ANNA)
            world.say("elsewhere", ANNA)
            world.edit(post.key, "uno #acmeair")
            world.delete(post.key)
            lines = [await answer.content.readline() for _ in range(10)]
            mock.tokens.clear()
            rest = await answer.content.read()
    told = [line.decode().rstrip("\n") for line in lines]
    assert told[0::3][:3] == ["event: update", "event: status.update", "event: delete"]
    assert json.loads(told[4].removeprefix("data: "))["edited_at"]
    assert told[7] == f"data: {mock.render(post)['id']}"
    assert told[9] == ":thump"
    assert rest.replace(b":thump\n", b"") == b""


async def test_a_websocket_brings_several_timelines_each_event_encoded_twice():
    world = World(ticking())
    async with mocking(world) as (mock, session):
        url = f"{mock.url}/api/v1/streaming"
        async with asyncio.timeout(5), session.ws_connect(url, headers=BEARER) as socket:
            await socket.send_json({"type": "subscribe", "stream": "hashtag", "tag": "one"})
            await socket.send_json({"type": "subscribe", "stream": "hashtag", "tag": "two"})
            await socket.send_json({"type": "subscribe", "stream": "nonsense"})
            assert (await socket.receive_json())["status"] == 400
            post = world.say("#one #two", ANNA)
            told = [await socket.receive_json() for _ in range(2)]
            await socket.send_json({"type": "unsubscribe", "stream": "hashtag", "tag": "one"})
            await socket.send_json({"type": "subscribe", "stream": "nonsense"})
            await socket.receive_json()
            world.delete(post.key)
            last = await socket.receive_json()
    assert sorted(each["stream"] for each in told) == [["hashtag", "one"], ["hashtag", "two"]]
    assert json.loads(told[0]["payload"])["id"] == last["payload"]
    assert (last["event"], last["stream"]) == ("delete", ["hashtag", "two"])


@pytest.mark.parametrize(
    ("fault", "status"),
    [("rate-limit", {429}), ("server-error", {502, 503}), ("unauthorised", {401}), ("wrong-type", {200})],
)
async def test_faults_strike_where_they_are_named(fault, status):
    world = World(ticking())
    async with (
        mocking(world, faults=Faults([fault], chance=1.0)) as (mock, session),
        session.get(f"{mock.url}/api/v1/timelines/tag/x") as answer,
    ):
        body = await answer.text()
    assert answer.status in status
    assert (fault == "wrong-type") == ("<html>" in body and answer.status == 200)
    assert mock.faults.struck == {fault: 1}
