"""Bluesky's stream, read as a careful reader would, whatever happens to it."""

import json
import tracemalloc
from collections import Counter
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web
from pydantic import ValidationError
from zstandard import ZstdCompressionDict, ZstdCompressor

from listener.bluesky.inflate import FIRST, shipped
from listener.bluesky.mentions import Reader, type_of
from listener.bluesky.place import Place
from listener.bluesky.wire import UnreadableError, read
from listener.clock import Clock
from listener.errors import FetchError
from listener.mock.bluesky import Jetstream
from listener.mock.faults import Faults
from listener.mock.server import serving
from listener.mock.world import Account, World
from listener.net.loopback import served
from rules.instant import HOUR, MINUTE, SECOND
from rules.mention import Author
from tests.collecting import built, hear, lending, tools

DATA = Path(__file__).parents[2] / "data" / "bluesky"
NOW = datetime(2026, 7, 4, 15, 0, tzinfo=UTC)
ANNA, BEN = Account(handle="anna.example"), Account(handle="ben.example")
POST = "app.bsky.feed.post"


def recorded(version):
    """(what it is counted as, mentions) of each recorded frame."""
    reader = Reader("sky")
    lines = (DATA / f"v{version}.jsonl").read_text().splitlines()
    events = [read(line, version) for line in lines if line]
    return [(type_of(event), reader.mentions(event, NOW)) for event in events]


def posted(record, *, did="did:plc:a", rkey="3k", **commit):
    """The mention of one post."""
    body = {"rev": "r1", "operation": "create", "collection": POST, "rkey": rkey, "record": record, "cid": "c"} | commit
    return said({"did": did, "time_us": 1_779_719_009_132_431, "kind": "commit", "commit": body})[0]


def said(frame, reader=None):
    return (reader or Reader("sky")).mentions(read(json.dumps(frame), 1), NOW)


def commit(operation, rkey, record=None, *, collection=POST, did="did:plc:a", rev="r1"):
    body = {"rev": rev, "operation": operation, "collection": collection, "rkey": rkey}
    if record is not None:
        body |= {"record": record, "cid": "c"}
    return {"did": did, "time_us": 1_779_719_009_132_431, "kind": "commit", "commit": body}


# what is recorded


def test_recorded_lines_of_version_1_give_what_a_reader_expects():
    heard = recorded(1)
    assert [kind for kind, _ in heard] == [
        *["like", "create", "repost", "follow", "profile", "other", "other", "identity", "account", "block"]
    ]
    [reply] = [mention for _, mentions in heard for mention in mentions]
    assert reply.id == "at://did:plc:q235v55g5unth4zjjdpacfdr/app.bsky.feed.post/3mmoojp4cd223"
    assert reply.url == "https://bsky.app/profile/did:plc:q235v55g5unth4zjjdpacfdr/post/3mmoojp4cd223"
    assert (reply.platform, reply.source, reply.kind, reply.op) == ("bluesky", "sky", "reply", "create")
    assert reply.parent_id == "at://did:plc:j76trmiofvaxxpvx2vnb2vwf/app.bsky.feed.post/3mmojbrjwbs26"
    assert (reply.text, reply.title, reply.language) == ("Try RSV for a good time !!", None, "en")
    assert reply.author == Author(id="did:plc:q235v55g5unth4zjjdpacfdr")
    assert reply.created_at == datetime(2026, 5, 25, 14, 23, 28, 757_000, tzinfo=UTC)
    assert (reply.observed_at, reply.revision) == (NOW, "3mmoojpaqkn2z")


def test_recorded_frames_of_version_2_give_what_a_reader_expects():
    heard = recorded(2)
    assert [kind for kind, _ in heard] == ["info", "like", "create", "like", "create", "like", "like", "like"]
    card, plain = [mention for _, mentions in heard for mention in mentions]
    assert (card.kind, card.text) == ("post", "www.youtube.com/watch?v=V5lDo-jw8mA")
    assert card.title == "What does America's 250th anniversary mean to Native Americans?"
    assert (plain.language, plain.title) == ("ja", None)
    assert plain.text.startswith("待って天幕の")
    assert plain.revision == "3mptbypoy522s"


# from record to mention


def test_a_link_that_the_app_cut_short_is_written_out_at_its_bytes_and_nothing_else_is():
    def facet(start, end, uri):
        feature = {"$type": "app.bsky.richtext.facet#link", "uri": uri}
        return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}

    text = "été 🔥 example.org/a-lo... and here"
    start = len("été 🔥 ".encode())
    cut = facet(start, start + len("example.org/a-lo..."), "https://www.example.org/a-long-story?x=1")
    here = facet(len(text.encode()) - 4, len(text.encode()), "https://example.org/hidden")
    wrong = [facet(-5, 2, "https://e.org"), facet(3, 9_999, "https://e.org"), facet(9, 3, "https://e.org"), 5, {}]
    mention = posted({"text": text, "facets": [here, cut, *wrong]})
    assert mention.text == "été 🔥 example.org/a-long-story?x=1 and here"
    lying = facet(start, start + len("example.org/a-lo..."), "https://evil.example/example.org/a-lo")
    assert posted({"text": text, "facets": [lying]}).text == text


@pytest.mark.parametrize(
    ("embed", "kind", "repost_of", "title", "text"),
    [
        ({"record": {"uri": f"at://did:plc:b/{POST}/1"}}, "quote", f"at://did:plc:b/{POST}/1", None, "words"),
        (
            {"record": {"record": {"uri": f"at://did:plc:b/{POST}/1"}}, "media": {"images": [{"alt": "a queue"}]}},
            *("quote", f"at://did:plc:b/{POST}/1", None, "words\na queue"),
        ),
        ({"record": {"uri": "at://did:plc:b/app.bsky.graph.list/1"}}, "post", None, None, "words"),
        ({"images": [{"alt": "one"}, {"alt": ""}, {"alt": "two"}]}, "post", None, None, "words\none\ntwo"),
        ({"video": {}, "alt": "a film"}, "post", None, None, "words\na film"),
        ({"external": {"title": " A page ", "description": "more"}}, "post", None, "A page", "words"),
        ({"images": 5}, "post", None, None, "words"),
    ],
)
def test_what_is_shown_with_a_post_is_part_of_what_is_said(embed, kind, repost_of, title, text):
    mention = posted({"text": "words", "embed": embed})
    assert (mention.kind, mention.repost_of, mention.title, mention.text) == (kind, repost_of, title, text)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"createdAt": "2026-05-25T16:23:28+02:00"}, (datetime(2026, 5, 25, 14, 23, 28, tzinfo=UTC), None)),
        ({"createdAt": "2026-05-25T14:23:28"}, (None, None)),
        ({"createdAt": "yesterday, or so I think"}, (None, None)),
        ({"createdAt": "0000-01-01T00:00:00Z"}, (None, None)),
        ({"createdAt": "0001-01-01T00:00:00+14:00"}, (None, None)),
        ({"createdAt": 5, "langs": "fr"}, (None, "fr")),
        ({"langs": ["fr-CA", "en"]}, (None, "fr")),
        ({"langs": [5, None, "en"], "reply": [], "facets": "x", "embed": "y"}, (None, "en")),
        ({"langs": None, "reply": None, "facets": None, "embed": None}, (None, None)),
    ],
)
def test_a_part_that_is_not_as_it_should_be_is_as_if_it_were_missing(more, expected):
    mention = posted({"text": "words"} | more)
    assert ((mention.created_at, mention.language), mention.text) == (expected, "words")


@pytest.mark.parametrize(
    "frame",
    [
        *("", "{", "[]", "5", "null", '{"did":5}', "[" * 100_000, "\ufeff{}", '{"did":"\\ud800"}'),
        json.dumps(commit("create", "1", {"text": None})),
        json.dumps(commit("create", "1", {})),
        json.dumps(commit("create", "1", [])),
        json.dumps(commit("create", "1")),
        json.dumps(commit("sneeze", "1", {"text": "x"})),
        json.dumps(commit("create", "1", {}, collection="app.bsky.feed.repost")),
        json.dumps(commit("create", "1", {"text": "x"}) | {"commit": None}),
        json.dumps(commit("create", "1", {"text": "x"}) | {"time_us": -1}),
        json.dumps(commit("create", "1", {"text": "x"}) | {"did": "anna"}),
    ],
)
def test_what_cannot_be_read_says_so_and_nothing_else(frame):
    with pytest.raises(UnreadableError):
        Reader("sky").mentions(read(frame, 1), NOW)


def test_names_are_known_once_they_were_told_and_change():
    reader = Reader("sky")
    named = {"did": "did:plc:a", "time_us": 1, "kind": "identity", "identity": {"handle": "anna.example"}}
    assert said(named, reader) == []
    assert said(commit("create", "1", {"text": "x"}), reader)[0].author.handle == "anna.example"
    said(named | {"identity": {"handle": "anne.example"}}, reader)
    assert said(commit("create", "2", {"text": "x"}), reader)[0].author.handle == "anne.example"


def test_a_repost_says_again_what_is_known_and_a_like_says_nothing():
    reader = Reader("sky")
    original = said(commit("create", "1", {"text": "words", "langs": ["fr"]}), reader)[0]
    again = {"subject": {"uri": original.id, "cid": "c"}, "createdAt": "2026-05-25T14:23:28.757Z"}
    [repost] = said(commit("create", "9", again, collection="app.bsky.feed.repost", did="did:plc:b"), reader)
    assert (repost.kind, repost.repost_of, repost.text, repost.language) == ("repost", original.id, "words", "fr")
    assert (repost.id, repost.url) == ("at://did:plc:b/app.bsky.feed.repost/9", original.url)
    assert said(commit("create", "8", again, collection="app.bsky.feed.like"), reader) == []
    taken_back = commit("delete", "9", collection="app.bsky.feed.repost", did="did:plc:b")
    assert [(each.op, each.id) for each in said(taken_back, reader)] == [("delete", repost.id)]
    assert said(taken_back, reader) == []
    assert [each.op for each in said(commit("delete", "1"), reader)] == ["delete"]
    assert said(commit("create", "7", again, collection="app.bsky.feed.repost"), reader) == []


@pytest.mark.parametrize(
    ("status", "gone"), [("deleted", 2), ("takendown", 2), (None, 2), ("desynchronized", 0), ("throttled", 0)]
)
def test_a_closed_account_takes_back_what_it_said_lately(status, gone):
    reader = Reader("sky")
    for rkey in ("1", "2"):
        said(commit("create", rkey, {"text": "x"}), reader)
    said(commit("create", "1", {"text": "x"}, did="did:plc:b"), reader)
    closed = {"did": "did:plc:a", "time_us": 9, "kind": "account", "account": {"active": False, "status": status}}
    mentions = said(closed, reader)
    assert [mention.op for mention in mentions] == ["delete"] * gone
    assert {mention.id.split("/")[2] for mention in mentions} <= {"did:plc:a"}


def test_posts_in_other_languages_are_left_out_when_some_are_asked_for():
    reader = Reader("sky", ["fr"])
    langs = [["fr"], ["en"], ["en", "fr-BE"], [], None]
    heard = [said(commit("create", str(n), {"text": "x", "langs": each}), reader) for n, each in enumerate(langs)]
    assert [len(mentions) for mentions in heard] == [1, 0, 1, 1, 1]


# as a stream


class Stage:
    """The mock Jetstream on a fast clock, and collectors on it that remember nothing but their cursor."""

    def __init__(self, client, clock, world, jetstream, server):
        self.client, self.clock, self.world, self.jetstream, self.server = client, clock, world, jetstream, server

    def collector(self, *, once=True, **options):
        options = {"server": self.server.of("bluesky"), "allow_private": True, "back": "1h"} | options
        return built("bluesky", tools(self.client, once=once, name="sky", clock=self.clock), **options)

    async def hear(self, cursor=None, most=1_000, **options):
        return await hear(self.collector(**options), cursor, most=most)

    @property
    def asked(self):
        return [each.query for each in self.server.asked if "ubscribe" in each.path]

    def say(self, *texts, by=ANNA):
        return [self.world.say(text, by) for text in texts]


@asynccontextmanager
async def staging(speed=60, later=0, **mock):
    now = Clock().now()
    clock = Clock(origin=now + later, started=now, speed=speed)
    world = World(clock.now)
    jetstream = Jetstream(world, clock=clock, **mock)
    async with lending(clock=clock) as client, serving({"bluesky": jetstream}) as server:
        yield Stage(client, clock, world, jetstream, server)


@pytest.fixture
async def stage():
    async with staging() as stage:
        yield stage


def texts(heard):
    return [mention.text for mention in heard.mentions]


@pytest.mark.parametrize("version", ["1", "2", "auto"])
@pytest.mark.parametrize("compress", [True, False])
async def test_what_is_said_is_heard_in_both_versions_compressed_or_not(stage, version, compress):
    first, second = stage.say("one 🔥", "two")
    stage.world.edit(first.key, "uno")
    stage.world.delete(second.key)
    heard = await stage.hear(version=version, compress=compress)
    assert [(each.op, each.text) for each in heard.mentions] == [
        *[("create", "one 🔥"), ("create", "two"), ("update", "uno"), ("delete", "")]
    ]
    assert {each.author.handle for each in heard.mentions} == {"anna.example"}
    assert len({each.revision for each in heard.mentions}) == 4
    counted = sum(map(Counter, (batch.events for batch in heard.batches)), Counter())
    del counted["info"]
    assert counted == {"identity": 1, "create": 2, "update": 1, "delete": 1}
    assert (heard.error, heard.skipped) == (None, 0)
    [asked] = stage.asked
    assert ("compress" in asked or "zstdDictionary" in asked) == compress


async def test_a_server_of_version_1_alone_is_found_out_and_a_numbered_one_goes_on_by_number():
    async with staging(second=False, numbered=True) as stage:
        stage.say("one")
        heard = await stage.hear()
        stage.say("two")
        again = await stage.hear(heard.cursor)
        assert (texts(heard), texts(again)) == (["one"], ["two"])
        assert [path.path for path in stage.server.asked if "ubscribe" in path.path][-1] == "/subscribe"
        assert int(stage.asked[-1]["cursor"]) < 10


@pytest.mark.parametrize("version", ["1", "2"])
async def test_it_goes_on_where_it_was_on_another_version_too(stage, version):
    stage.say("one", "two")
    heard = await stage.hear(version="1")
    stage.say("three")
    again = await stage.hear(heard.cursor, version=version)
    assert texts(again) == ["three"]
    assert {batch.missed for batch in again.batches} == {None}


async def test_a_stream_that_is_open_is_told_of_even_when_nothing_is_said(stage):
    heard = await stage.hear(once=False, most=4)
    assert [(list(batch.mentions), batch.heard) for batch in heard.batches] == [([], True)] * 4
    assert all(batch.events is not None for batch in heard.batches)


@pytest.mark.parametrize("version", ["1", "2"])
async def test_what_a_server_no_longer_holds_is_missed_from_the_last_event_on(version):
    async with staging(kept=3) as stage:
        stage.say("one")
        heard = await stage.hear(version=version)
        last = Place.load(heard.cursor, "", "").since
        stage.say("two", "three", "four", "five", "six")
        again = await stage.hear(heard.cursor, version=version)
        assert texts(again) == ["four", "five", "six"]
        assert [batch.missed for batch in again.batches if batch.missed] == [last]
        assert texts(await stage.hear(again.cursor, version=version)) == []


async def test_a_place_that_a_new_server_never_gave_out_is_missed(stage):
    stage.say(*map(str, range(20)))
    heard = await stage.hear(version="2")
    async with staging(later=HOUR) as other:
        other.say("anew")
        cursor = heard.cursor.replace(stage.server.url.replace("http", "ws"), other.server.url.replace("http", "ws"))
        again = await other.hear(cursor, version="2")
        assert [batch.missed for batch in again.batches if batch.missed] == [Place.load(cursor, "", "").since]
        assert texts(again) == ["anew"]
        assert texts(await other.hear(again.cursor, version="2")) == []


async def test_another_dictionary_is_fetched_and_without_one_frames_come_as_they_are():
    async with staging(dictionary=FIRST) as stage:  # one that we do not expect there
        stage.say("one")
        assert texts(await stage.hear(version="2")) == ["one"]
        assert [asked.get("zstdDictionary") for asked in stage.asked][-1] == str(FIRST)
    async with staging(dictionary=FIRST) as stage:
        stage.jetstream._dictionary = 77
        stage.say("two")
        assert texts(await stage.hear(version="2")) == ["two"]
        assert "zstdDictionary" not in stage.asked[-1]


async def test_accounts_can_be_chosen_few_in_the_address_and_many_in_a_message(stage):
    stage.say("anna's")
    stage.say("ben's", by=BEN)
    ben = (await stage.hear()).mentions[1].author.id
    for version in ("1", "2"):
        assert texts(await stage.hear(version=version, dids=ben)) == ["ben's"]
    others = [f"did:plc:other{number}" for number in range(300)]
    assert texts(await stage.hear(dids=[*others, ben])) == ["ben's"]
    assert stage.asked[-1]["requireHello"] == "true"


async def test_a_new_choice_of_accounts_is_no_gap(stage):
    stage.say("anna's")
    heard = await stage.hear(version="1")
    stage.say("ben's", by=BEN)
    ben = (await stage.hear(version="1")).mentions[1].author.id
    again = await stage.hear(heard.cursor, version="1", dids=[ben])
    assert (texts(again), {batch.missed for batch in again.batches}) == (["ben's"], {None})


@pytest.mark.parametrize(
    ("fault", "state", "code"),
    [
        ("unauthorised", "auth_failed", "401"),
        ("rate-limit", "reconnecting", "429"),
        ("server-error", "reconnecting", None),
        ("close", "reconnecting", None),
        ("reset", "reconnecting", "1006"),
        ("stall", "reconnecting", "silent"),
    ],
)
@pytest.mark.parametrize("version", ["1", "2"])
async def test_each_failure_says_what_follows(fault, state, code, version):
    async with staging(faults=Faults([fault], chance=1)) as stage:
        stage.say("one")
        error = (await stage.hear(once=False, version=version)).error
        assert error.state == state
        assert code in {None, error.code}
        assert len(str(error)) < 300
        assert state == "auth_failed" or error.retry_after >= timedelta(seconds=1.5)


async def test_a_stream_that_brings_nothing_while_it_pings_is_open_and_says_what_comes():
    async with staging(faults=Faults(["starve"], chance=1), speed=120) as stage:
        collector = stage.collector(once=False)
        events, began = [], stage.clock.now()
        async with aclosing(collector.batches(None)) as batches:
            async for batch in batches:
                stage.say("unheard")
                events.append(batch.events)
                if stage.clock.now() - began > 3 * MINUTE:
                    break
        assert sum(map(sum, (each.values() for each in events))) <= 2  # what was there when it began


async def test_what_the_server_will_not_have_is_parked_with_its_words(stage):
    collector = stage.collector(version="2")
    collector._connecting._dids = ("did:nothing here",)
    error = (await hear(collector)).error
    assert (error.state, error.code) == ("parked", "400")
    assert "InvalidRequest: invalid DID: did:nothing here" in str(error)


@pytest.mark.parametrize(
    "server", ["", "https://", "ftp://example.org", "wss://a/?x=1", "a b", "wss://u:p@example.org"]
)
def test_what_is_no_server_is_refused(server):
    with pytest.raises(ValidationError, match="that is no server"):
        built("bluesky", tools(None), server=server)


def test_servers_and_accounts_are_written_in_several_ways():
    def option(**given):
        return built("bluesky", tools(None), **given)._options

    assert option(server="jetstream.example").server == "wss://jetstream.example"
    assert option(server="http://h:8/x/subscribe").server == "ws://h:8/x"
    assert option(languages="fr_FR").languages == ("fr",)
    assert [option(version=given).version for given in (1, "2", "auto")] == [1, 2, "auto"]
    for wrong in ({"dids": "anna.example"}, {"languages": ["french!"]}):
        with pytest.raises(ValidationError, match="1 is none"):
            option(**wrong)


# against servers that mean harm, or have had a bad day


@asynccontextmanager
async def talking(*talks, speed=60):
    """A server of version 1 that says one list of messages a connection, then closes; and what it was asked."""
    asked = []

    async def handle(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        asked.append(request.query)
        for message in talks[min(len(asked), len(talks)) - 1]:
            if message is None:
                await socket.close(code=1011)
            await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_str(message))
        async for message in socket:
            assert message.type is not WSMsgType.ERROR
        return socket

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    now = Clock().now()
    clock = Clock(origin=now, started=now, speed=speed)
    async with served(app) as url, lending(clock=clock) as client:
        lent, server = tools(client, name="sky", clock=clock), url.replace("http:", "ws:")
        yield built("bluesky", lent, server=server, version="1", allow_private=True), asked


def line(number, at):
    return json.dumps(
        commit("create", f"n{number}", {"text": str(number)}, rev=f"r{number}") | {"time_us": at + number}
    )


async def test_bombs_and_monsters_are_skipped_and_counted():
    pack = ZstdCompressor(dict_data=ZstdCompressionDict(shipped(FIRST)))
    unsized = pack.compressobj().compress(b" " * 50_000_000)
    start, now = pack.compressobj(), Clock().now()
    streamed = start.compress(b" " * 50_000_000) + start.flush()
    good = pack.compress(line(1, now).encode())
    bad = [pack.compress(b" " * 50_000_000), unsized, streamed, good[:-9], b"\0" * 99, b"", b"x" * 3_000_000]
    other = ZstdCompressor(dict_data=ZstdCompressionDict(shipped(20260811))).compress(line(2, now).encode())
    async with talking([*bad, other, "x" * 3_000_000, "[" * 100_000, good]) as (collector, _):
        heard = await hear(collector)
    assert (texts(heard), heard.skipped, heard.error) == (["1"], 10, None)


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("record", [{"text": "x" * 1_900_000}, {"text": 7, "pad": "x" * 1_900_000}])
async def test_many_monsters_that_each_are_fit_never_fill_the_memory(record, compress):
    pack, now = ZstdCompressor(dict_data=ZstdCompressionDict(shipped(FIRST))), Clock().now()
    monsters = [{"time_us": now + n} | commit("create", f"n{n}", record, rev=f"r{n}") for n in range(200)]
    said = (json.dumps(each).encode() for each in monsters)
    async with talking([pack.compress(each) if compress else each for each in said], speed=10) as (collector, _):
        tracemalloc.start()
        told, skipped = 0, 0
        with suppress(FetchError):
            async for batch in collector.batches(None):
                told, skipped = told + len(batch.mentions), skipped + sum((batch.skipped or {}).values())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (told + skipped, bool(told)) == (200, isinstance(record["text"], str))
    assert most < 256 * 1024 * 1024


async def test_names_longer_than_there_are_any_are_not_remembered():
    now, long = Clock().now(), "x" * 3_000
    frames = [
        {"time_us": now, "kind": "identity", "did": "did:plc:a", "identity": {"handle": f"{long}.example"}},
        {"time_us": now + 1} | commit("create", "n1", {"text": "by somebody"}),
        {"time_us": now + 2} | commit("create", "n2", {"text": "by nobody"}, did=f"did:plc:{long}"),
        {"time_us": now + 3} | commit("create", long, {"text": "nowhere"}),
    ]
    async with talking([json.dumps(each) for each in frames]) as (collector, _):
        heard = await hear(collector)
    assert [(each.text, each.author.handle) for each in heard.mentions] == [("by somebody", None)]
    assert heard.skipped == 2


async def test_a_message_that_always_ends_the_connection_is_gone_round_and_told_as_missed():
    now = Clock().now()
    poison = "x" * 9_000_000
    async with talking([line(1, now), poison], [line(1, now), poison], [line(9, now)]) as (collector, asked):
        first = await hear(collector)
        second = await hear(collector, first.cursor)
        third = await hear(collector, second.cursor)
    assert [heard.error and heard.error.code for heard in (first, second, third)] == ["too_large", "too_large", None]
    assert texts(third) == ["9"]
    assert [batch.missed for batch in third.batches if batch.missed] == [now + 1 - SECOND]
    assert int(asked[2]["cursor"]) > now + 1_000_000


async def test_a_server_of_version_2_says_why_it_ends_the_stream():
    end = json.dumps({"$type": "error", "error": "ConsumerTooSlow", "message": "too far behind"})
    async with talking([end], speed=1) as (collector, _):
        collector._connecting._version, collector._connecting._auto = 2, False
        error = (await hear(collector)).error
    assert (error.state, error.code) == ("reconnecting", "ConsumerTooSlow")
    assert "too far behind" in str(error)


async def test_an_event_from_the_future_does_not_move_the_place():
    now = Clock().now()
    async with talking([line(1, now), line(2, now + 90_000 * HOUR), line(3, now)]) as (collector, _):
        heard = await hear(collector)
    assert (texts(heard), heard.skipped) == (["1", "3"], 1)
    assert Place.load(heard.cursor, "", "").at == now + 3


@pytest.mark.parametrize("cursor", ["", "5", "{}", "[]", '{"at":"x"}', "1779719009132431", "x" * 1_000_000])
async def test_a_cursor_that_is_not_ours_is_as_none(cursor):
    async with talking([line(1, Clock().now())]) as (collector, _):
        assert texts(await hear(collector, cursor)) == ["1"]


async def test_pauses_double_up_to_64_seconds_and_begin_anew_after_a_good_minute():
    async with talking([None], speed=1) as (collector, _):
        waits = [(await hear(collector)).error.retry_after.total_seconds() for _ in range(8)]
        late = collector._later(FetchError("x"), MINUTE).retry_after.total_seconds()
    assert [round(wait / 2) * 2 for wait in waits] == [2, 4, 8, 16, 32, 64, 64, 64]
    assert late == pytest.approx(2, abs=0.5)
