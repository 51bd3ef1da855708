"""The mock Jetstream speaks as the platform was recorded, before any collector is judged by it."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType
from zstandard import ZstdCompressionDict, ZstdDecompressor

from listener.bluesky.inflate import FIRST, SECOND, shipped
from listener.clock import Clock
from listener.mock.bluesky import Jetstream
from listener.mock.faults import Faults
from listener.mock.server import serving
from listener.mock.world import Account, World

DATA = Path(__file__).parents[2] / "data" / "bluesky"
ANNA, BEN = Account(handle="anna.example"), Account(handle="ben.example")
V1, V2 = "/subscribe", "/xrpc/network.bsky.jetstream.subscribeEvents"
MAY_BE_ADDED = {"handle", "langs", "reply", "embed", "facets", "status", "cursor"}


def recorded(version):
    return [json.loads(line) for line in (DATA / f"v{version}.jsonl").read_text().splitlines() if line]


def kind_of(frame):
    """What two frames must share to be compared."""
    inner = frame.get("payload", frame)
    commit = inner.get("commit", inner)
    kind = inner.get("$type", "").rpartition("#")[2] or inner["kind"]
    return kind, commit.get("operation"), commit.get("collection") if commit.get("operation") != "delete" else None


def shape(value):
    """Keys in order, and the types of what is in them."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return type(value).__name__


def agree(ours, theirs):
    """The same keys of the same types, but for what a post may hold or not."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return ours == theirs
    common = ours.keys() & theirs.keys()
    odd = (ours.keys() ^ theirs.keys()) - MAY_BE_ADDED
    order = [key for key in ours if key in common] == [key for key in theirs if key in common]
    return not odd and order and all(agree(ours[key], theirs[key]) for key in common)


@asynccontextmanager
async def standing(speed=60, **how):
    now = Clock().now()
    clock = Clock(origin=now, started=now, speed=speed)
    world = World(clock.now)
    jetstream = Jetstream(world, clock=clock, **how)
    async with serving({"bluesky": jetstream}) as server, aiohttp.ClientSession() as session:
        yield world, jetstream, session, server.of("bluesky")


async def frames(session, url, most, **options):
    async with session.ws_connect(url, **options) as socket, asyncio.timeout(5):
        return [(await socket.receive()).data for _ in range(most)]


@pytest.fixture
async def stage():
    async with standing() as stage:
        yield stage


@pytest.mark.parametrize(("version", "path"), [(1, V1), (2, V2)])
async def test_its_frames_have_the_keys_and_types_that_were_recorded(stage, version, path):
    world, jetstream, session, url = stage
    first = world.say("one", ANNA, language="en")
    world.say("two", BEN, reply_to=first.key, language="en")
    world.say("", BEN, repost_of=first.key)
    world.delete(first.key)
    jetstream.log.account(ANNA, active=True)
    ours = [
        json.loads(each) for each in await frames(session, f"{url}{path}?cursor=1000000000000000", 7 + (version > 1))
    ]
    by_kind = {kind_of(frame): shape(frame) for frame in ours}
    compared = [kind_of(theirs) for theirs in recorded(version) if kind_of(theirs) in by_kind]
    for theirs in recorded(version):
        if kind_of(theirs) in by_kind:
            assert agree(by_kind[kind_of(theirs)], shape(theirs)), theirs
    assert len(set(compared)) == (5 if version == 1 else 2)


async def test_version_2_says_the_same_in_its_own_frame(stage):
    world, jetstream, session, url = stage
    world.say("one", ANNA)
    jetstream.close_account(ANNA, "suspended")
    first = [json.loads(each) for each in await frames(session, f"{url}{V1}?cursor=1", 3)]
    second = [json.loads(each)["payload"] for each in await frames(session, f"{url}{V2}?cursor=1", 3)]
    for old, new in zip(first, second, strict=True):
        body = old[old["kind"]]
        assert new["$type"].endswith(f"#{old['kind']}")
        assert new["did"] == old["did"]
        assert body.items() <= (new if old["kind"] == "commit" else new[old["kind"]]).items()
    assert [new["seq"] for new in second] == [1, 2, 3]
    assert second[2]["account"]["status"] == "suspended"


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        (V1, "cursor=1", ["anna 1", "ben 1", "anna 2"]),
        (V1, "wantedCollections=app.bsky.feed.*&cursor=1", ["anna 1", "ben 1", "anna 2"]),
        (V1, "wantedDids={ben}&cursor=1", ["ben 1"]),
        (V2, "dids={ben}&cursor=1", ["ben 1"]),
        (V2, "kinds=commit&collections=app.bsky.feed.post&cursor=3", ["ben 1", "anna 2"]),
        (V2, "cursor=6", []),
    ],
)
async def test_filters_and_cursors_choose_what_is_sent_and_cursors_are_inclusive(stage, path, query, expected):
    world, jetstream, session, url = stage
    world.say("anna 1", ANNA)
    ben = world.say("ben 1", BEN)
    world.say("anna 2", ANNA)
    jetstream.log.catch_up()
    query = query.replace("{ben}", jetstream.log.uri(ben).split("/")[2])
    heard = []
    async with session.ws_connect(f"{url}{path}?{query}") as socket:
        while len(heard) < len(expected):
            said = json.loads((await socket.receive(timeout=5)).data)
            commit = said.get("payload", said).get("commit", said.get("payload", said))
            heard += [commit["record"]["text"]] if "record" in commit else []
        world.say("news", BEN)
        while True:
            text = (await socket.receive(timeout=5)).data
            if '"record"' in text:
                break
    assert (heard, "news" in text) == (expected, True)


@pytest.mark.parametrize(
    ("path", "query", "words"),
    [
        (V1, "wantedCollections=nonsense", "invalid collection"),
        (V1, "wantedDids=anna", "invalid DID"),
        (V1, "cursor=yesterday", "invalid cursor"),
        (V1, "&".join(["wantedCollections=a.b.c"] * 101), "too many"),
        (V2, "wantedCollections=app.bsky.feed.post", "InvalidRequest"),
        (V2, "kinds=sneeze", "InvalidRequest"),
        (V2, "kinds=identity&collections=app.bsky.feed.post", "InvalidRequest"),
        (V2, "zstdDictionary=5", "UnknownZstdDictionary"),
        (V2, "cursor=1", "CursorTooOld"),
    ],
)
async def test_what_it_cannot_serve_is_refused_before_it_becomes_a_stream(path, query, words):
    async with standing(kept=2) as (world, _, session, url):
        for number in range(5):
            world.say(str(number), ANNA)
        async with session.get(f"{url}{path}?{query}") as answer:
            assert (answer.status, words in await answer.text()) == (400, True)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="400"):
            await session.ws_connect(f"{url}{path}?{query}")


async def test_version_1_clamps_without_a_word_and_version_2_says_so():
    async with standing(kept=2) as (world, _, session, url):
        for number in range(5):
            world.say(str(number), ANNA)
        [text] = await frames(session, f"{url}{V1}?cursor=1000000000000000", 1)
        notice, _ = await frames(session, f"{url}{V2}?cursor=1000000000000000", 2)
        future, *_ = await frames(session, f"{url}{V2}?cursor=999", 1)
    assert json.loads(text)["commit"]["record"]["text"] == "3"
    assert agree(shape(json.loads(notice)), shape(recorded(2)[0]))
    assert json.loads(notice)["payload"]["name"] == "OutdatedCursor"
    assert json.loads(future)["payload"]["name"] == "FutureCursor"


@pytest.mark.parametrize(
    ("path", "query", "number"), [(V1, "compress=true", FIRST), (V2, f"zstdDictionary={SECOND}", SECOND)]
)
async def test_compressed_frames_need_the_platforms_dictionary(stage, path, query, number):
    world, _, session, url = stage
    world.say("one", ANNA)
    packed = (await frames(session, f"{url}{path}?{query}&cursor=1", 2))[1]
    [_, plain] = await frames(session, f"{url}{path}?cursor=1", 2)
    async with session.get(f"{url}/xrpc/network.bsky.jetstream.getZstdDictionary") as answer:
        assert await answer.read() == shipped(SECOND)
    unpacked = ZstdDecompressor(dict_data=ZstdCompressionDict(shipped(number))).decompress(packed)
    assert (unpacked.decode(), len(packed) < len(plain) / 2) == (plain, True)


async def test_permessage_deflate_beside_zstd_is_refused(stage):
    *_, session, url = stage
    with pytest.raises(aiohttp.WSServerHandshakeError, match="400"):
        await session.ws_connect(f"{url}{V1}?compress=true", compress=15)


async def test_it_pings_answers_pings_and_takes_new_wishes_in_version_1_alone():
    async with standing(speed=1000) as (world, _, session, url):
        async with session.ws_connect(f"{url}{V1}?requireHello=true&cursor=1", autoping=False) as socket:
            world.say("one", ANNA)
            wanted = {"wantedCollections": ["app.bsky.feed.post"], "wantedDids": []}
            await socket.send_json({"type": "options_update", "payload": wanted})
            seen = set()
            while len(seen) < 2:
                seen.add((await socket.receive(timeout=5)).type)
            assert seen == {WSMsgType.PING, WSMsgType.TEXT}
        for path in (V1, V2):
            async with session.ws_connect(f"{url}{path}") as socket:
                await socket.send_str("hello")
                assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE


async def test_a_client_that_takes_nothing_is_dropped():
    async with (
        standing(speed=1000) as (world, jetstream, session, url),
        session.ws_connect(f"{url}{V1}?cursor=1") as socket,
    ):
        world.say("one", ANNA)
        await socket.receive(timeout=5)
        transport = socket._response.connection.transport
        transport.pause_reading()
        async with asyncio.timeout(10):
            while jetstream.open:
                world.say("x" * 500_000, ANNA)
                await asyncio.sleep(0.02)
        transport.abort()
    assert jetstream.open == 0


@pytest.mark.parametrize(("fault", "answers"), [("stall", False), ("starve", True)])
async def test_one_that_stalls_does_not_even_answer_pings_and_one_that_starves_does(fault, answers):
    async with (
        standing(faults=Faults([fault], chance=1)) as (world, _, session, url),
        session.ws_connect(f"{url}{V1}?cursor=1", autoping=False) as socket,
    ):
        world.say("one", ANNA)
        answered = 0
        with suppress(TimeoutError):
            while answered < 50:
                await asyncio.sleep(0.01)
                await socket.ping()
                answered += (await socket.receive(timeout=0.3)).type is WSMsgType.PONG
        assert (answered == 50) == answers
