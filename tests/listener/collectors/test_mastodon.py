"""Mastodon as a careful reader expects it, from recorded bodies and against the mock server."""

import asyncio
import functools
import json
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import ValidationError

from listener.collector import COLLECTORS
from listener.mastodon.rest import Server, decoded, renewal
from listener.mastodon.status import Home, UnreadableError, is_told, mention_of
from listener.mock.faults import Faults
from listener.mock.mastodon import Mastodon
from listener.mock.statuses import id_of
from listener.mock.world import World
from listener.net.response import Response
from listener.net.sse import Decoder
from rules.instant import instant, moment
from tests.collecting import hear, ids, serving
from tests.listener.collectors.test_bluesky_sieve import classifier
from tests.mastodon import ANNA, BERT, START, Reader, fast, identity, listening, mocking, reading, standing, until

DATA = Path(__file__).parents[2] / "data/mastodon"
HOME = Home(source="fedi", host="localhost:3000", domain="localhost:3000")
NOW = datetime(2026, 8, 2, 6, tzinfo=UTC)
TIMELINE = "/api/v1/timelines/tag/acmeair"


def recorded(name):
    if name == "stream":
        return json.loads(Decoder().feed((DATA / "stream.txt").read_bytes())[0].data)
    body = json.loads((DATA / f"{name}.json").read_text())
    return body["body"][0] if name == "tag" else body


def read(name, **changes):
    return mention_of({**recorded(name), **changes}, HOME, NOW)


def test_a_recorded_event_is_read_as_it_was_meant():
    mention = read("stream")
    assert (mention.id, mention.identity) == ("117024248092393661", "mastodon:localhost:3000/117024248092393661")
    assert (mention.kind, mention.op, mention.revision) == ("post", "create", "")
    assert (mention.text, mention.language) == ("it's cool guy", "ja")
    assert mention.url == "http://localhost:3000/@mastodonpy_test/117024248092393661"
    assert mention.created_at == datetime(2026, 8, 2, 5, 25, 16, 840_000, tzinfo=UTC)
    assert mention.author.id == "http://localhost:3000/ap/users/117020617404561855"
    assert mention.author.handle == "mastodonpy_test@localhost:3000"
    assert (mention.author.name, mention.author.followers) == ("mastodonpy_test", 0)
    assert mention.counts == {"replies": 0, "reposts": 0, "likes": 0, "quotes": 0}
    assert is_told(recorded("stream"), by_tag=True)
    assert not is_told(recorded("stream"), by_tag=False)  # not indexable


def test_a_recorded_reblog_is_a_repost_with_the_words_of_the_original():
    mention = read("reblog")
    assert (mention.kind, mention.repost_of, mention.text) == ("repost", "117020586019094258", "Toot!")
    assert (mention.language, mention.id) == ("en", "117020586027094262")
    assert mention.identity == "mastodon:localhost:3000/117020586027094262"


def test_a_recorded_quote_from_another_network_keeps_its_own_name():
    mention = read("quote")
    assert (mention.kind, mention.parent_id) == ("quote", "115044053131672379")
    assert mention.key == recorded("quote")["uri"]
    assert mention.author.handle == "h4lcy.bsky.social@bsky.brid.gy"
    assert mention.text.startswith("actual reply that quotes a post that quotes a post bsky.app/profile/h4lc...")


def test_hashtags_links_mentions_lines_and_emoji_are_read_as_shown_with_the_warning_first():
    assert read("tag").text == "Toot number 19! #fgiztsshwiaqqiztpmmjbtvmescsculuvmgjgopwoeidbcrixp"
    link = '<a href="https://a.example/b"><span class="invisible">https://</span><span>a.example</span>'
    content = (
        '<p><span class="h-card"><a href="x">@<span>acmeair</span></a></span> late again :blob:<br />really</p>'
        f'<p>{link}<span class="invisible">/b</span></a> &amp; more</p>'
    )
    mention = read("tag", content=content, spoiler_text="Rant <3")
    assert mention.text.split("\n") == [
        "Rant <3",
        "@acmeair late again :blob:",
        "really",
        "https://a.example/b & more",
    ]


def test_what_is_private_or_asks_to_be_left_out_is_not_told():
    private = recorded("private")
    assert not is_told(private, by_tag=True)
    public = {**private, "visibility": "public"}
    assert not is_told(public, by_tag=True)
    account = {**private["account"], "noindex": False}
    assert is_told({**public, "account": account}, by_tag=True)
    assert not is_told({**public, "account": account}, by_tag=False)
    assert not is_told({**recorded("reblog"), "reblog": private}, by_tag=True)


def test_an_edit_is_another_revision_and_revisions_sort():
    first, second = read("tag", edited_at="2026-08-02T05:00:00.000Z"), read("tag", edited_at="2026-08-02T05:00:01.5Z")
    assert "" < first.revision < second.revision
    assert first.identity == second.identity == read("tag").identity


def test_one_post_over_two_servers_is_one_mention():
    here = read("tag")
    there = mention_of({**recorded("tag"), "id": "9"}, Home(source="f", host="b.example", domain="b.example"), NOW)
    assert (here.identity, here.author.id) == (there.identity, there.author.id)
    assert here.id != there.id


@pytest.mark.parametrize("name", ["account", "language", "url", "uri", "created_at", "tags", "replies_count"])
@pytest.mark.parametrize("value", [None, 7, [], {"a": None}, "", -1, True], ids=str)
def test_a_field_of_a_wrong_type_costs_nothing_but_itself(name, value):
    mention = read("tag", **{name: value})
    assert mention.text == read("tag").text
    assert mention.id == read("tag").id


@pytest.mark.parametrize("changes", [{"id": None}, {"id": True}, {"id": "a b"}, {"id": []}, {"content": None}], ids=str)
def test_what_has_no_id_or_no_content_is_no_post(changes):
    with pytest.raises(UnreadableError):
        read("tag", **changes)


@pytest.mark.parametrize(
    "options",
    [{}, {"tags": []}, {"tags": ["two words"]}, {"tags": ["1"]}, {"tags": ["x"], "server": "mastodon.example"}],
    ids=str,
)
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(ValidationError):
        COLLECTORS.spec("mastodon").options.model_validate({"server": "https://mastodon.example", **options})


def test_tags_are_taken_with_or_without_their_sign():
    options = COLLECTORS.spec("mastodon").options.model_validate(
        {"server": "https://m.example/", "tags": ["#AcmeAir", "acmeair", "sécurité"], "public": "local"}
    )
    assert options.channels == ("#acmeair", "#sécurité", "public:local")


def test_no_reblog_is_too_deep_and_no_address_is_a_script():
    deep = recorded("tag")
    for _ in range(5_000):
        deep = {**recorded_tag(), "reblog": deep}
    assert is_told(deep, by_tag=True)
    assert mention_of(deep, HOME, NOW).kind == "repost"
    assert read("tag", url="javascript:alert(1)").url == recorded("tag")["uri"]
    assert len(read("tag", uri="urn:" + "x" * 100_000).key) < 100


@functools.cache
def recorded_tag():
    return recorded("tag")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        (b'{"a": "\0"}', {"a": "\0"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (b'{"a": ', None),
        (b"[" * 100_000, None),
        (b"", None),
    ],
    ids=range(7),
)
def test_json_is_read_as_far_as_it_is_json(body, said):
    assert decoded(body) == said


# against a server that tells a story


def heard_from(site, client, cursor=None, **options):
    class Place:
        url = site.url

    return hear(listening(Place(), client, fast(), once=True, **options), cursor)


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (401, "The access token was revoked", "401"),
        (422, "This method requires an authenticated user", "422"),
        (403, "This action is outside the authorized scopes", "403"),
    ],
)
async def test_a_refusal_needs_the_operator_and_says_why(site, client, status, words, code):
    site.answers(TIMELINE, (status, {}, json.dumps({"error": words})))
    error = (await heard_from(site, client)).error
    assert (error.state, error.code) == ("auth_failed", code)
    assert words in str(error)
    assert "give a `token`" in str(error)
    error = (await heard_from(site, client, token="secret-token")).error
    assert "refuses the token" in str(error)
    assert "secret-token" not in str(error)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 7),
        ({"Retry-After": "31536000"}, 86_400, 86_400),
        ({"Retry-After": "0"}, 0.5, 1),
        ({"Retry-After": "-5"}, 0.5, 1),
        ({}, 0.5, 1),
        ({"Retry-After": "soon"}, 0.5, 1),
        ({"X-RateLimit-Reset": "2026-08-02T07:15:00.264012Z", "Date": "Sun, 02 Aug 2026 07:14:50 GMT"}, 10, 11),
        ({"X-RateLimit-Reset": "2099-08-02T07:15:00.264012Z"}, 3600, 3600),
        ({"X-RateLimit-Reset": "30"}, 30, 30),
    ],
    ids=str,
)
async def test_a_limit_is_waited_for_as_the_server_says_it(site, client, headers, least, most):
    site.answers(TIMELINE, (429, headers, b'{"error":"Too many requests"}'))
    error = (await heard_from(site, client)).error
    assert (error.state, error.code) == ("reconnecting", "429")
    assert least <= error.retry_after.total_seconds() <= most


@pytest.mark.parametrize("reset", ["nan", "inf", "-1", "never", "1e400"])
def test_a_renewal_that_cannot_be_is_no_long_wait(reset):
    response = Response(status=200, url="", moved=None, headers={"x-ratelimit-reset": reset}, body=b"")
    assert (renewal(response, START) or timedelta()) == timedelta()


async def test_when_nothing_is_left_no_more_is_asked(site, client):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "40"}
    site.answers(TIMELINE, (200, headers, json.dumps([recorded("tag")])))
    clock = fast(1.0)
    server = Server(client, clock, site.url, None, allow_private=True)
    assert (await server.page("#acmeair")).ids == [recorded("tag")["id"]]
    asked = len(site.asked)
    with pytest.raises(Exception, match="no more requests") as caught:
        await server.page("#acmeair")
    assert timedelta(seconds=30) < caught.value.retry_after <= timedelta(seconds=40)
    assert len(site.asked) == asked


async def test_it_tells_of_its_posts_how_they_are_received_by_now(client):
    world = World(fast().now)
    async with mocking(world) as mock:
        first, second = (world.say(f"#acmeair {number}", ANNA) for number in range(2))
        mentions = (await hear(listening(mock, client, fast(), once=True))).mentions
        world.like(first.key, 40)
        world.delete(second.key)
        counted = await listening(mock, client, fast()).recount(mentions)
    assert {id_of(first): {"replies": 0, "reposts": 0, "likes": 40, "quotes": 0}} == counted


async def test_pauses_grow_to_a_minute_and_are_never_the_same(site, client):
    class Place:
        url = site.url

    site.answers(TIMELINE, 502)
    collector = listening(Place(), client, fast(1.0), once=True)
    pauses = [(await hear(collector)).error.retry_after.total_seconds() for _ in range(10)]
    assert all(min(60, 2**n) / 2 <= pause <= min(60, 2**n) for n, pause in enumerate(pauses))
    assert len(set(pauses)) == 10


async def test_a_bad_entry_is_skipped_and_counted(site, client):
    site.answers(TIMELINE, (200, {}, json.dumps([recorded("tag"), None, 7, {"id": "8"}, {**recorded("tag"), "id": 9}])))
    heard = await heard_from(site, client)
    assert ids(heard.mentions) == ["9", recorded("tag")["id"]]
    assert heard.skipped == 3


async def test_a_timeline_that_goes_back_further_than_is_read_is_told_as_missed(site, client):
    post = {**recorded("tag"), "content": "<p>#acmeair</p>"}

    async def page(request):
        least, most = int(request.query.get("min_id", 0)), int(request.query.get("max_id", 100_000))
        numbers = range(least + 1, least + 41) if least else range(most - 1, max(0, most - 41), -1)
        posts = [{**post, "id": str(number), "uri": f"urn:{number}"} for number in numbers]
        return web.json_response(posts)

    site.answers(TIMELINE, page)
    reader = Reader(listening(type("Place", (), {"url": site.url}), client, fast(), once=True))
    await reader.run(again=False)
    assert (len(reader.mentions), reader.missed) == (1_000, [])  # the first reading has no past to miss
    assert ids(reader.mentions)[0] == "99000"
    reader.cursor = json.dumps({"places": {"#acmeair": [START, ["5"]]}, "known": {"5": ""}})
    reader.mentions.clear()
    await reader.run(again=False)
    assert len(reader.mentions) == 250 * 40 - 1 + 1_000
    assert reader.missed == [instant(datetime(2026, 8, 1, 13, 52, 59, 294_000, tzinfo=UTC))]
    assert reader.errors == []
    assert len(reader.cursor) < 100_000


# against the mock server


@asynccontextmanager
async def stage(client, *, speed=200.0, **how):
    clock = fast(speed)
    world = World(clock.now)
    async with mocking(world, **{"keep_alive": 15 / speed, **how}) as mock:
        yield world, mock, clock


async def test_without_a_token_it_is_asked_again_and_again(client):
    async with stage(client) as (world, mock, clock):
        posts = [world.say(f"{number} #AcmeAir", ANNA) for number in range(3)]
        async with reading(Reader(listening(mock, client, clock))) as reader:
            await until(lambda: len(reader.mentions) == 3)
            posts.append(world.say("late #acmeair", BERT, language="fr"))
            world.say("elsewhere", ANNA)
            world.edit(posts[0].key, "edited #acmeair")
            world.delete(posts[1].key)
            await until(lambda: reader.held == standing(mock, "acmeair"))
    assert [mention.op for mention in reader.mentions] == ["create"] * 3 + ["update", "create", "delete"]
    late = next(mention for mention in reader.mentions if mention.text == "late #acmeair")
    assert (late.author.handle, late.language, late.created_at) == (
        "bert@other.example",
        "fr",
        moment(posts[3].at // 1_000 * 1_000),
    )
    assert reader.errors == []


@pytest.mark.parametrize("wire", ["sse", "websocket", "auto"])
async def test_with_a_token_what_is_said_comes_at_once_once_and_as_it_stands(client, wire):
    async with stage(client, speed=1.0) as (world, mock, clock):
        before = world.say("before #one", ANNA)
        options = {"token": "good", "stream": wire, "tags": ["one", "two"]}
        async with reading(Reader(listening(mock, client, clock, **options)), again=False) as reader:
            await until(lambda: len(reader.batches) >= 2)  # both timelines were read
            both, gone = world.say("both #one #two", BERT), world.say("gone #two", ANNA)
            await until(lambda: len(reader.mentions) == 3)
            world.edit(both.key, "edited #one #two")
            world.edit(before.key, "edited too #one")
            world.delete(gone.key)
            # what is under both tags comes twice
            await until(lambda: counted(reader) == {"create": 4, "update": 3, "delete": 1})
    assert reader.held == standing(mock, "one", "two")
    assert len(reader.mentions) == 6
    assert [mention.identity for mention in reader.mentions if mention.op == "delete"] == [identity(mock, gone)]


@pytest.mark.parametrize("wire", ["sse", "websocket"])
async def test_what_a_stream_brings_that_concerns_nobody_is_counted_and_not_read_again(client, wire):
    async with stage(client, speed=1.0) as (world, mock, clock):
        options = {"token": "good", "stream": wire, "public": True, "tags": [], "brands": classifier({"acme": "acme"})}
        async with reading(Reader(listening(mock, client, clock, **options)), again=False) as reader:
            await until(lambda: len(reader.batches) >= 2)
            first, second, _ = [world.say(text, BERT) for text in ("nothing", "nothing either", "acme is late")]
            await until(lambda: counted(reader) == {"create": 3})
            world.edit(first.key, "acme after all")
            world.delete(second.key)
            await until(lambda: counted(reader) == {"create": 3, "update": 1, "delete": 1})
        known = Reader(listening(mock, client, clock, **options), cursor=reader.cursor)
        async with reading(known, again=False):
            await until(lambda: len(known.batches) >= 2)
    assert [(each.op, each.text) for each in reader.mentions] == [
        ("create", "acme is late"),
        ("create", "acme after all"),
        ("delete", ""),
    ]
    assert known.mentions == []


def counted(reader):
    return sum((Counter(batch.events) for batch in reader.batches), Counter())


async def test_an_open_stream_that_brings_nothing_is_told_of_every_few_seconds(client):
    async with (
        stage(client, speed=50.0) as (_, mock, clock),
        reading(Reader(listening(mock, client, clock, token="good", every="1h")), again=False) as reader,
    ):
        await until(lambda: len(reader.batches) >= 6)
    assert reader.errors == []
    assert all(batch.heard and not batch.mentions for batch in reader.batches)


@pytest.mark.parametrize("wire", ["sse", "websocket"])
async def test_what_is_said_during_a_break_is_read_afterwards(client, wire):
    async with stage(client) as (world, mock, clock):
        posts = [world.say(f"{number} #acmeair", (ANNA, BERT)[number % 2]) for number in range(30)]
        collector = listening(mock, client, clock, token="good", stream=wire, every="1h")
        async with reading(Reader(collector), again=False) as reader:
            await until(lambda: len(reader.mentions) == 30)
            world.say("heard #acmeair", ANNA)
            await until(lambda: len(reader.mentions) == 31)
        world.edit(posts[5].key, "edited #acmeair")
        world.delete(posts[6].key)
        world.delete(posts[7].key)
        for number in range(100):
            world.say(f"missed {number} #acmeair", ANNA)
        again = Reader(listening(mock, client, clock, token="good", stream=wire), cursor=reader.cursor)
        again.mentions += reader.mentions
        async with reading(again, again=False):
            await until(lambda: again.held == standing(mock, "acmeair"))
    names = [(mention.identity, mention.revision) for mention in again.mentions]
    assert len(set(names)) == len(names)
    assert again.missed == []


async def test_a_revoked_token_ends_the_stream_and_then_needs_the_operator(client):
    async with stage(client) as (world, mock, clock):
        world.say("one #acmeair", ANNA)
        reader = Reader(listening(mock, client, clock, token="good"))
        async with reading(reader, again=False):
            await until(lambda: reader.mentions)
            mock.tokens.clear()
            await until(lambda: reader.errors)
        await reader.run(again=False)
    assert [(error.state, error.code) for error in reader.errors] == [
        ("reconnecting", "closed"),
        ("auth_failed", "401"),
    ]


@pytest.mark.parametrize("wire", ["sse", "websocket"])
async def test_a_token_that_is_not_valid_needs_the_operator(client, wire):
    async with stage(client) as (_, mock, clock):
        reader = Reader(listening(mock, client, clock, token="bad", stream=wire))
        await reader.run(again=False)
    assert [(error.state, error.code) for error in reader.errors] == [("auth_failed", "401")]


async def test_a_stream_that_falls_silent_is_left(client):
    async with stage(client, keep_alive=100.0) as (_, mock, clock):
        reader = Reader(listening(mock, client, clock, token="good", stream="sse"))
        await reader.run(again=False)
    assert [error.code for error in reader.errors] == ["silent"]


async def test_a_stream_that_is_alive_and_starved_is_made_up_for(client):
    async with (
        stage(client, faults=Faults(["starve"], chance=1.0)) as (world, mock, clock),
        reading(Reader(listening(mock, client, clock, token="good")), again=False) as reader,
    ):
        await until(lambda: mock.listening and reader.batches)
        world.say("one #acmeair", ANNA)
        await until(lambda: reader.held == standing(mock, "acmeair"))
    assert reader.errors == []


async def test_when_a_server_no_longer_shows_its_timelines_the_gap_is_told_and_the_stream_goes_on(client):
    async with stage(client) as (world, mock, clock):
        world.say("one #acmeair", ANNA)
        first = Reader(listening(mock, client, clock, token="good"))
        async with reading(first, again=False):
            await until(lambda: first.cursor and first.mentions)
        before = clock.now()
        world.say("lost #acmeair", ANNA)
        mock.tag = refusing
        mock.public = refusing
        async with serving_timelines_never(mock) as closed:
            second = Reader(listening(closed, client, clock, token="good"), cursor=first.cursor)
            async with reading(second, again=False):
                await until(lambda: second.missed)
                world.say("two #acmeair", ANNA)
                await until(lambda: second.mentions)
    assert [mention.text for mention in second.mentions] == ["two #acmeair"]
    assert START <= second.missed[0] <= before
    assert len(second.missed) == 1
    assert {problem.state for batch in second.batches for problem in batch.problems} == {"auth_failed"}


async def refusing(_request):
    return web.json_response({"error": "This method requires an authenticated user"}, status=422)


@asynccontextmanager
async def serving_timelines_never(mock):
    async with mocking(mock.world, keep_alive=mock.keep_alive, faults=mock.faults) as closed:
        closed._timeline = lambda *_: refusing(None)
        yield closed


async def test_malformed_and_unknown_events_are_counted_and_the_next_one_is_heard(client):
    frames = b"".join(
        [
            b"\xef\xbb\xbf:)\n\nevent: update\ndata: {cut\n\n",
            b"event: filters_changed\ndata: undefined\n\nevent: what.is.this\ndata: 1\n\n",
            b"event: delete\ndata: not an id\n\nevent: update\ndata: [1]\n\nevent: update\ndata: null\n\n",
            b"event: update\rdata: " + b"x" * 300_000 + b"\r\r",
            b"event: update\ndata: " + json.dumps(recorded("tag")).encode() + b"\n\nevent: delete\ndata: 7\n\n",
        ]
    )

    async def stream(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(frames)
        return response

    async with serving() as site:
        site.answers("/api/v1/streaming/hashtag", stream)
        site.answers(TIMELINE, (200, {}, b"[]"))
        reader = Reader(listening(type("Place", (), {"url": site.url}), client, fast(1.0), token="good"))
        await reader.run(again=False)
    assert [(mention.id, mention.op) for mention in reader.mentions] == [
        (recorded("tag")["id"], "create"),
        ("7", "delete"),
    ]
    skipped = [reason for batch in reader.batches for reason in (batch.skipped or {})]
    assert set(skipped) == {"malformed", "unreadable", "too_large"}
    events = {name for batch in reader.batches for name in batch.events}
    assert events == {"create", "delete", "filters_changed", "what.is.this", "too_large"}
    assert [error.code for error in reader.errors] == ["closed"]


@pytest.mark.parametrize(
    ("told", "streaming"),
    [
        ({"configuration": {"urls": {"streaming": "wss://s.example"}}}, "https://s.example"),
        ({"configuration": {"urls": {"streaming": "ws://s.example/"}}}, "http://s.example"),
        ({"configuration": {"urls": {"streaming": 7}}}, ""),
        ({"configuration": []}, ""),
        ({"urls": {"streaming_api": "wss://old.example"}}, "https://old.example"),
    ],
    ids=str,
)
async def test_a_server_says_where_it_streams(site, client, told, streaming):
    site.answers("/api/v2/instance", (200, {}, json.dumps({"domain": "Example.org", **told})))
    instance = await Server(client, fast(), site.url, None, allow_private=True).instance()
    assert (instance.domain, instance.streaming) == ("example.org", streaming or site.url)


async def test_an_older_server_says_it_in_the_older_way(site, client):
    site.answers("/api/v1/instance", (200, {}, (DATA / "instance.json").read_bytes()))
    instance = await Server(client, fast(), site.url, None, allow_private=True).instance()
    said = json.loads((DATA / "instance.json").read_text())
    assert instance.domain in {said["uri"], said["uri"].rpartition("/")[2]}
    assert instance.streaming == said["urls"]["streaming_api"].replace("ws", "http", 1)


def test_a_token_is_never_sent_less_well_protected_than_to_the_server():
    server = Server(None, fast(), "https://m.example", "secret", allow_private=False)
    assert server._streaming("ws://s.example") == "https://m.example"
    assert server._streaming("wss://s.example") == "https://s.example"
    assert server._streaming("javascript://x") == "https://m.example"


async def test_where_no_websocket_is_to_be_had_events_are_read(site, client):
    site.answers("/api/v1/streaming", 404)
    reader = Reader(listening(type("Place", (), {"url": site.url}), client, fast(1.0), token="t", tags=["one", "two"]))
    await reader.run(again=False)
    site.asked.clear()
    await reader.run(again=False)
    assert "/api/v1/streaming/hashtag" in {request.path for request in site.asked}


async def test_a_deletion_that_could_not_be_looked_up_is_looked_up_later_whatever_came_since(site, client):
    world = World(fast().now)
    site.answers(TIMELINE, Mastodon(world=world, url=site.url).tag)
    gone = world.say("gone #acmeair", ANNA)
    cursor = (await heard_from(site, client)).cursor
    world.delete(gone.key)
    for number in range(150):
        world.say(f"{number} #acmeair", ANNA)
    site.answers(f"/api/v1/statuses/{id_of(gone)}", 503, 404)
    told = []
    for _ in range(2):
        heard = await heard_from(site, client, cursor)
        cursor, told = heard.cursor, told + [mention.id for mention in heard.mentions if mention.op == "delete"]
    assert told == [id_of(gone)]


async def test_one_timeline_that_cannot_be_read_keeps_no_other_from_being_read(site, client):
    site.answers("/api/v1/timelines/tag/broken", 404)
    site.answers(TIMELINE, (200, {}, json.dumps([recorded("tag")])))
    heard = await heard_from(site, client, tags=["broken", "acmeair"])
    assert ids(heard.mentions) == [recorded("tag")["id"]]
    assert [problem.code for problem in heard.problems] == ["404"]
    assert heard.batches[-1].share == 0.5
    assert heard.error is None


@pytest.mark.parametrize("wire", ["sse", "websocket"])
async def test_ending_it_ends_its_connections(client, wire):
    async with stage(client) as (world, mock, clock):
        before = asyncio.all_tasks()
        world.say("one #acmeair", ANNA)
        async with reading(Reader(listening(mock, client, clock, token="good", stream=wire))) as reader:
            await until(lambda: reader.mentions)
            assert mock.listening == 1
        assert [task.get_name() for task in asyncio.all_tasks() - before if task.get_name().startswith("stream")] == []
        await until(lambda: mock.listening == 0)


async def test_reblogs_of_kin_servers_are_reposts(client):
    async with stage(client, reblogs=True) as (world, mock, clock):
        first = world.say("one #acmeair", ANNA)
        again = world.say("", BERT, repost_of=first.key)
        reader = Reader(listening(mock, client, clock, once=True))
        await reader.run(again=False)
    assert [(mention.kind, mention.repost_of, mention.text) for mention in reader.mentions] == [
        ("post", None, "one #acmeair"),
        ("repost", id_of(first), "one #acmeair"),
    ]
    assert reader.mentions[1].identity == f"mastodon:other.example/{id_of(again)}"
