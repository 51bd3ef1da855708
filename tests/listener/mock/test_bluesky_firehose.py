"""The firehose of the mock Jetstream: new posts without end, at any pace, as far back as one asks."""

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import pairwise

import aiohttp
from hypothesis import given
from hypothesis import strategies as st
from zstandard import ZstdCompressionDict, ZstdDecompressor

from listener.bluesky.inflate import FIRST, shipped
from listener.clock import Clock
from listener.mock.bluesky import Jetstream
from listener.mock.bluesky_firehose import FASTEST, Firehose, strangers
from listener.mock.server import serving
from listener.mock.world import Account, World
from rules.instant import MINUTE, SECOND

BEGUN = 1_764_000_000 * SECOND
SAID = strangers(0)
ANNA = Account(handle="anna.example")


def texts_of(frames):
    return [json.loads(frame)["commit"]["record"]["text"] for frame in frames]


def between(firehose, begin, end):
    return [frame for frames in firehose.between(begin, end) for frame in frames]


@given(
    rate=st.integers(1, FASTEST),
    cuts=st.lists(st.integers(-5_000, 5_000), min_size=2, max_size=5).map(sorted),
)
def test_cut_anywhere_it_says_the_same_each_once_and_in_time(rate, cuts):
    firehose = Firehose(SAID[:7], rate, BEGUN)
    whole = between(firehose, BEGUN + cuts[0], BEGUN + cuts[-1])
    parts = [frame for begin, end in pairwise(cuts) for frame in between(firehose, BEGUN + begin, BEGUN + end)]
    events = [json.loads(frame) for frame in whole]
    times = [event["time_us"] for event in events]
    assert whole == parts
    assert times == sorted(set(times))
    assert all(BEGUN <= at and cuts[0] <= at - BEGUN < cuts[-1] for at in times)
    assert len({event["commit"]["rkey"] for event in events}) == len(events)


def test_it_says_as_many_a_second_as_it_was_told_to_and_the_same_again():
    firehose = Firehose([b'{"time_us":1,"text":"100 %"}', b'{"time_us":1,"text":"two"}'], 3, BEGUN)
    times = [b"1764000000000000", b"1764000000333333", b"1764000000666666"]
    said = [b"100 %", b"two", b"100 %"]
    expected = [b'{"time_us":%b,"text":"%b"}' % each for each in zip(times, said, strict=True)]
    assert between(firehose, BEGUN - MINUTE, BEGUN + SECOND) == expected


def test_one_stranger_in_a_hundred_names_the_airline():
    naming = ["acme" in text.lower() for text in texts_of(SAID)]
    assert sum(naming) == len(SAID) // 100


@asynccontextmanager
async def standing(rate, begun_before, speed=1):
    now = Clock().now()
    clock = Clock(origin=now, started=now, speed=speed)
    world = World(clock.now)
    jetstream = Jetstream(world, clock=clock, firehose=Firehose(SAID, rate, now - begun_before))
    async with serving({"bluesky": jetstream}) as server, aiohttp.ClientSession() as session:
        yield now, world, jetstream, session, server.of("bluesky")


async def heard(session, url, many):
    async with session.ws_connect(url) as socket, asyncio.timeout(30):
        return [(await socket.receive()).data for _ in range(many)]


async def test_who_asks_for_the_past_gets_it_and_what_others_say_stands_in_its_place():
    async with standing(rate=100, begun_before=MINUTE) as (now, world, _, session, url):
        world.say("one", ANNA)
        told = await heard(session, f"{url}/subscribe?cursor={now - MINUTE}", 6_200)
    times = [json.loads(frame)["time_us"] for frame in told]
    places = [place for place, frame in enumerate(told) if "anna.example" in frame or '"text":"one"' in frame]
    assert times == sorted(times)
    assert times[:2] == [now - MINUTE, now - MINUTE + SECOND // 100]
    assert len(places) == 2
    assert 6_000 <= places[0] < 6_200


async def test_whoever_asks_for_other_things_hears_no_strangers():
    async with standing(rate=1_000, begun_before=0) as (_, world, _, session, url):
        world.say("one", ANNA)
        told = await heard(session, f"{url}/subscribe?wantedCollections=app.bsky.feed.repost&cursor=1", 1)
        async with session.get(f"{url}/xrpc/network.bsky.jetstream.subscribeEvents") as answer:
            assert answer.status == 404
    assert "anna.example" in told[0]


async def test_compressed_it_is_the_same():
    async with standing(rate=1_000, begun_before=SECOND) as (now, _, _, session, url):
        plain = await heard(session, f"{url}/subscribe?cursor={now - SECOND}", 500)
        packed = await heard(session, f"{url}/subscribe?cursor={now - SECOND}&compress=true", 500)
    unpack = ZstdDecompressor(dict_data=ZstdCompressionDict(shipped(FIRST))).decompress
    assert [unpack(frame).decode() for frame in packed] == plain


async def test_a_client_that_takes_nothing_is_dropped():
    async with (
        standing(rate=100_000, begun_before=MINUTE, speed=1_000) as (now, world, jetstream, session, url),
        session.ws_connect(f"{url}/subscribe?cursor={now - MINUTE}") as socket,
    ):
        await socket.receive(timeout=5)
        transport = socket._response.connection.transport
        transport.pause_reading()
        async with asyncio.timeout(10):
            while jetstream.open:
                world.say("more", ANNA)
                await asyncio.sleep(0.02)
        transport.abort()
    assert jetstream.open == 0
