"""Hacker News: every item or what its search finds, told once, whatever goes wrong on the way."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from listener.clock import Clock
from listener.collectors.hackernews import SPEC
from listener.mock.faults import Faults
from listener.mock.hackernews import HackerNews
from listener.mock.server import serving
from listener.mock.world import Account, World
from listener.net.client import Limits
from rules.instant import MINUTE, SECOND
from tests.collecting import PATIENT, built, hear, ids, lending, tools
from tests.collecting import serving as serving_site

DATA = Path(__file__).parents[2] / "data/hackernews"
ANNA, BEN = Account(handle="anna"), Account(handle="ben")
BEGIN = 1_794_690_000 * SECOND
HASTY = Limits(
    body=256 * 1024, connect=timedelta(seconds=1), headers=timedelta(seconds=0.1), whole=timedelta(seconds=0.15)
)


class Hands(Clock):
    """A clock that is turned by hand; whoever sleeps turns it."""

    def __init__(self, at):
        super().__init__()
        self.shown = [at]

    def now(self):
        return self.shown[0]

    def turn(self, span):
        self.shown[0] += span

    async def sleep(self, span):
        self.turn(max(0, span))
        await asyncio.sleep(0)


class Hall:
    """A Hacker News to listen to."""

    def __init__(self, *, limits=PATIENT, **how):
        self.clock = Hands(BEGIN)
        self.world = World(self.clock.now)
        self.faults = how.setdefault("faults", Faults())
        self.platform = HackerNews(self.world, **how)
        self.limits = limits
        self.server = None

    @asynccontextmanager
    async def open(self):
        async with serving({"hn": self.platform}) as self.server:
            yield self

    def options(self, **more):
        place = self.server.of("hn")
        addresses = {"items_url": f"{place}/v0", "search_url": f"{place}/api/v1", "allow_private": True}
        return {**addresses, "recent": 1000, **more}

    async def hear(self, cursor=None, most=1_000, once=True, **options):
        """What a fresh collector hands over, as after a restart."""
        async with lending(self.limits, self.clock) as client:
            lent = tools(client, once=once, name="hn", clock=self.clock)
            return await hear(built("hackernews", lent, **self.options(**options)), cursor, most=most)

    def talk(self, count, words="acme"):
        for _ in range(count):
            self.clock.turn(SECOND)
            self.world.say(f"{words} {self.world.number}", BEN, reply_to=1 if self.world.number else None)


def texts(heard):
    return [(mention.op, mention.id, mention.text) for mention in heard.mentions]


@pytest.fixture
async def hall():
    async with Hall().open() as made:
        yield made


@pytest.fixture
async def site():
    async with serving_site() as made:
        yield made


async def hear_site(site, cursor=None, *, collector=None, **options):
    async with lending(clock=Hands(BEGIN)) as client:
        where = {"items_url": site.url + "/v0/", "search_url": site.url + "/api/v1", "allow_private": True}
        made = built("hackernews", tools(client, name="hn", clock=Hands(BEGIN)), **{**where, **options})
        return await hear(made, cursor)


def items(site, *known, newest=None):
    """The site holds these items, and nothing changed."""
    for item in known:
        site.answers(f"/v0/item/{item['id']}.json", json.dumps(item))
    site.answers("/v0/maxitem.json", json.dumps(newest or max(item["id"] for item in known)))
    site.answers("/v0/updates.json", '{"items": [], "profiles": []}')


async def test_a_recorded_story_and_comment_say_what_a_careful_reader_takes_from_them(site):
    story, comment = (json.loads((DATA / f"{name}.json").read_text("utf-8")) for name in ("story", "comment"))
    items(site, story)
    first = (await hear_site(site, recent=1)).mentions[0]
    items(site, comment)
    second = (await hear_site(site, recent=1)).mentions[0]
    assert (first.id, first.kind, first.op, first.platform, first.source) == (
        "8863",
        "article",
        "create",
        "hackernews",
        "hn",
    )
    assert first.title == "My YC app: Dropbox - Throw away your USB drive"
    assert first.text == "http://www.getdropbox.com/u/2/screencast.html"
    assert first.url == "https://news.ycombinator.com/item?id=8863"
    assert (first.author.id, first.author.handle, first.author.name) == ("dhouston", "dhouston", None)
    assert first.created_at == datetime(2007, 4, 4, 19, 16, 40, tzinfo=UTC)
    assert first.counts == {"points": 111, "replies": 71}
    assert first.parent_id is None
    assert (second.id, second.kind, second.title, second.parent_id) == ("2921983", "comment", None, "2921506")
    assert second.text == (
        "Aw shucks, guys ... you make me blush with your compliments.\n"
        "Tell you what, Ill make a deal: I'll keep writing if you keep reading. K?"
    )
    assert (second.author.handle, second.counts) == ("norvig", {"replies": 7})
    assert second.created_at == datetime(2011, 8, 24, 18, 38, 47, tzinfo=UTC)


async def test_hits_of_the_search_say_the_same_as_the_items(site):
    site.answers("/api/v1/search_by_date", (DATA / "search.json").read_text("utf-8"))
    story, comment = (await hear_site(site, query="acme")).mentions
    assert (story.id, story.kind, story.title, story.text, story.counts) == (
        "45900001",
        "article",
        "Acme Air strands 180 passengers overnight",
        "https://example.org/news/acme-air",
        {"points": 42, "replies": 7},
    )
    assert (comment.id, comment.kind, comment.title, comment.parent_id) == ("45900007", "comment", None, "45900001")
    assert comment.text == "Acme Air says it's the weather.\nIt isn't: see https://example.org/metar"
    assert (comment.author.handle, comment.url) == ("gate_gazer", "https://news.ycombinator.com/item?id=45900007")
    assert comment.created_at == datetime(2026, 11, 14, 21, 20, 11, tzinfo=UTC)


async def test_both_ways_give_one_item_the_same_identity_and_revision(hall):
    hall.world.say("it's <late>\nagain", ANNA, title="Acme & co")
    hall.world.say("", ANNA, title="Acme leads somewhere")
    hall.world.say("acme/late https://example.org/a?b=1&c=2", BEN, reply_to=1)
    walked, found = await hall.hear(), await hall.hear(query="acme")
    assert [(each.identity, each.revision, each.text) for each in walked.mentions] == [
        (each.identity, each.revision, each.text) for each in found.mentions
    ]


@pytest.mark.parametrize("query", [[], ["acme"]], ids=["items", "search"])
async def test_a_cursor_goes_on_without_loss_or_repeat_from_whatever_batch_was_committed(hall, query):
    hall.talk(350)
    everything = [str(number) for number in range(1, 351)]
    for committed in range(4):
        first = await hall.hear(most=committed or 1, query=query)
        kept = first.mentions if committed else []
        cursor = first.cursor if committed else None
        second = await hall.hear(cursor, query=query)
        assert ids(kept) + ids(second.mentions) == everything
    third = await hall.hear(second.cursor, query=query)
    assert third.mentions == []
    assert len(third.batches) == 1
    assert len(third.cursor) < 20_000


async def test_the_first_reading_takes_the_latest(hall):
    hall.talk(30)
    assert ids((await hall.hear(recent=5)).mentions) == ["26", "27", "28", "29", "30"]
    assert ids((await hall.hear(recent=5, query="acme")).mentions) == ["26", "27", "28", "29", "30"]
    nothing = await hall.hear(recent=0)
    hall.talk(1)
    assert ids((await hall.hear(nothing.cursor, recent=0)).mentions) == ["31"]


@pytest.mark.parametrize("query", [[], ["acme"]], ids=["items", "search"])
async def test_edits_come_again_and_deletions_of_what_was_told(hall, query):
    hall.talk(3)
    cursor = (await hall.hear(query=query)).cursor
    hall.world.edit(2, "acme was on time")
    hall.world.delete(3)
    hall.platform.kill(1)
    second = await hall.hear(cursor, query=query)
    assert sorted(texts(second)) == [("delete", "1", ""), ("delete", "3", ""), ("update", "2", "acme was on time")]
    assert all(mention.author.handle is None for mention in second.mentions if mention.op == "delete")
    assert (await hall.hear(second.cursor, query=query)).mentions == []


async def test_what_was_taken_away_before_it_was_read_is_a_deletion_without_words(hall):
    hall.world.say("acme for a moment", BEN)
    hall.world.delete(1)
    hall.world.say("acme on a bad day", BEN)
    hall.platform.kill(2)
    assert texts(await hall.hear()) == [("delete", "1", ""), ("delete", "2", "")]
    assert (await hall.hear(query='"acme for" moment')).mentions == []


async def test_points_and_answers_alone_are_no_news_and_events_are_counted_by_type(hall):
    hall.talk(2)
    first = await hall.hear()
    hall.world.say("an answer", ANNA, reply_to=2)
    second = await hall.hear(first.cursor)
    assert ids(second.mentions) == ["3"]
    assert [batch.events for batch in (*first.batches, *second.batches)] == [
        {"create": 2, "unchanged": 1},
        {"create": 1, "unchanged": 2},
    ]


async def test_it_tells_of_its_posts_how_they_are_received_by_now(hall):
    hall.talk(3)
    mentions = (await hall.hear()).mentions
    hall.world.like(1, 40)
    hall.world.delete(2)
    async with lending(hall.limits, hall.clock) as client:
        collector = built("hackernews", tools(client, name="hn", clock=hall.clock), **hall.options())
        counted = await collector.recount(mentions)
    assert {"1": 43} == {name: counts["points"] for name, counts in counted.items() if "points" in counts}
    assert "2" not in counted


async def test_what_has_not_propagated_is_asked_for_again_and_holds_up_nothing(site):
    one, three = ({"id": number, "type": "comment", "text": f"t{number}", "by": "x", "time": 1} for number in (1, 3))
    items(site, one, three)
    two = {"id": 2, "type": "comment", "text": "t2", "by": "x", "time": 1}
    site.answers("/v0/item/2.json", "null", "null", json.dumps(two))
    first = await hear_site(site)
    second = await hear_site(site, first.cursor)
    third = await hear_site(site, second.cursor)
    assert [ids(heard.mentions) for heard in (first, second, third)] == [["1", "3"], [], ["2"]]
    assert first.skipped + second.skipped + third.skipped == 0


LOST = {
    "absent": ("null", "not_there_yet"),
    "cut": ('{"id": 1, "te', "malformed"),
    "another": ('{"id": 7, "type": "comment", "text": "x"}', "wrong_shape"),
    "no text": ('{"id": 1, "type": "comment", "text": 17}', "wrong_shape"),
    "list": ("[1]", "wrong_shape"),
    "deep": ("[" * 100_000, "malformed"),
    "huge": (b"x" * 3_000_000, "too_large"),
}


@pytest.mark.parametrize(("body", "reason"), LOST.values(), ids=LOST.keys())
async def test_an_item_that_stays_unreadable_is_given_up_and_counted(site, body, reason):
    items(site, {"id": 2, "type": "comment", "text": "fine"})
    site.answers("/v0/item/1.json", body)
    cursor, skipped, told = None, [], []
    for _ in range(8):
        heard = await hear_site(site, cursor)
        assert heard.error is None
        cursor, told = heard.cursor, told + ids(heard.mentions)
        skipped += [batch.skipped for batch in heard.batches if batch.skipped]
    assert (told, skipped) == (["2"], [{reason: 1}])


ODD = {
    "null author": {"by": None},
    "author is a number": {"by": 7},
    "time in words": {"time": "yesterday"},
    "time of another age": {"time": 10**15},
    "time is true": {"time": True},
    "kids is no list": {"kids": 3},
    "parent is an object": {"parent": {}},
    "unknown type": {"type": "essay"},
    "unknown field": {"mood": "grim"},
    "negative points": {"score": -3},
    "half a character": {"text": "hello\ud83d"},
    "nul": {"by": "a\0b"},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
async def test_odd_fields_cost_no_item(site, odd):
    items(site, {"id": 1, "type": "comment", "by": "anna", "time": 1_794_690_000, "text": "hello", "parent": 3, **odd})
    heard = await hear_site(site)
    assert (texts(heard), heard.mentions[0].kind) == ([("create", "1", "hello")], "comment")


@pytest.mark.parametrize(
    ("reply", "state", "code"),
    [
        (500, "reconnecting", "500"),
        (403, "parked", "403"),
        (404, "parked", "404"),
        ((200, {}, b"<!doctype html><p>consent"), "reconnecting", "wrong_type"),
        ((200, {}, b""), "reconnecting", "malformed"),
        ((200, {}, b'"soon"'), "reconnecting", "malformed"),
        ((200, {}, b"x" * 3_000_000), "reconnecting", "too_large"),
        ((302, {"Location": "/v0/maxitem.json"}, b""), "reconnecting", "redirect"),
    ],
)
async def test_when_the_platform_cannot_be_read_that_is_a_typed_error(site, reply, state, code):
    items(site, {"id": 1, "type": "comment", "text": "x"})
    site.answers("/v0/maxitem.json", reply)
    error = (await hear_site(site)).error
    assert (error.state, error.code) == (state, code)
    site.answers("/api/v1/search_by_date", reply)
    error = (await hear_site(site, query="x")).error
    assert (error.state, error.code) == (state, code)


async def test_what_was_read_before_a_failure_is_handed_over(site):
    items(site, *({"id": number, "type": "comment", "text": "x"} for number in (1, 2, 4)))
    site.answers("/v0/item/3.json", 502)
    heard = await hear_site(site)
    assert (ids(heard.mentions), heard.error.code) == (["1", "2"], "502")
    items(site, {"id": 3, "type": "comment", "text": "x"}, newest=4)
    assert ids((await hear_site(site, heard.cursor)).mentions) == ["3", "4"]


async def test_pauses_grow_to_a_minute_and_are_never_shorter_than_was_asked(site):
    site.answers("/v0/maxitem.json", 500)
    async with lending() as client:
        lent = tools(client, name="hn")
        collector = built("hackernews", lent, items_url=site.url + "/v0", allow_private=True)
        pauses = [(await hear(collector)).error.retry_after.total_seconds() for _ in range(10)]
        items(site, {"id": 1, "type": "comment", "text": "x"})
        assert (await hear(collector)).error is None
        site.answers("/v0/maxitem.json", (429, {"Retry-After": "120"}, b""))
        asked = (await hear(collector)).error.retry_after.total_seconds()
    assert 1 <= pauses[0] <= 2
    assert 30 <= pauses[-1] <= 60
    assert max(pauses) <= 60
    assert asked == 120


async def test_too_far_behind_it_jumps_and_says_from_when_on_something_was_missed(hall):
    hall.talk(10)
    first = await hall.hear(catch_up=100)
    missed = hall.clock.now()
    hall.talk(150)
    second = await hall.hear(first.cursor, catch_up=100)
    assert ids(second.mentions) == [str(number) for number in range(61, 161)]
    assert [batch.missed for batch in second.batches if batch.missed] == [missed]
    assert [batch.missed for batch in first.batches] == [None]


async def test_a_newest_item_that_cannot_be_true_is_not_believed(hall, site):
    items(site, {"id": 1, "type": "comment", "text": "x"})
    cursor = (await hear_site(site)).cursor
    site.answers("/v0/maxitem.json", "99999999")
    site.answers("/v0/item/99979999.json", "null")
    lying = await hear_site(site, cursor)
    assert (lying.error.code, lying.batches) == ("malformed", [])


async def test_another_server_with_fewer_items_is_read_anew(hall):
    hall.talk(3)
    cursor = json.dumps({"last": 5_000, "at": BEGIN - MINUTE})
    heard = await hall.hear(cursor)
    assert (ids(heard.mentions), heard.batches[0].missed) == (["1", "2", "3"], BEGIN - MINUTE)
    assert ids((await hall.hear("nonsense")).mentions) == ["1", "2", "3"]


async def test_a_search_gets_past_the_most_hits_it_can_have_at_once(hall):
    hall.talk(3)
    cursor = (await hall.hear(query="acme")).cursor
    hall.talk(2_300)
    heard = await hall.hear(cursor, query="acme")
    assert ids(heard.mentions) == [str(number) for number in range(4, 2_304)]
    assert {asked.query["hitsPerPage"] for asked in hall.server.asked if "search" in asked.path} == {"100"}
    assert all(batch.missed is None for batch in heard.batches)


async def test_more_hits_in_one_second_than_can_be_had_are_recorded_as_missed(hall):
    hall.world.say("acme", ANNA)
    cursor = (await hall.hear(query="acme")).cursor
    hall.clock.turn(60 * SECOND)
    for _ in range(1_050):
        hall.world.say("acme", BEN)
    hall.clock.turn(60 * SECOND)
    heard = await hall.hear(cursor, query="acme", overlap="0s")
    assert len(heard.mentions) == 1_000
    assert [batch.missed for batch in heard.batches if batch.missed] == [BEGIN + 59 * SECOND]


async def test_what_the_index_learns_late_is_found_in_the_overlap():
    async with Hall(lag=3 * MINUTE).open() as hall:
        hall.talk(2)
        early = hall.world.say("acme, indexed late", BEN)
        cursor = (await hall.hear(query="acme")).cursor
        hall.clock.turn(2 * MINUTE)
        hall.world.say("acme, later", BEN)
        hall.clock.turn(3 * MINUTE)
        heard = await hall.hear(cursor, query="acme")
    assert str(early.key) in ids(heard.mentions)
    assert heard.mentions[-1].text == "acme, later"


async def test_several_searches_tell_an_item_once_and_each_goes_on_by_itself(hall):
    hall.world.say("acme and zephyr", ANNA)
    hall.world.say("zephyr alone", ANNA)
    first = await hall.hear(query=["acme", "zephyr"])
    assert ids(first.mentions) == ["1", "2"]
    hall.world.say("nimbus, zephyr", ANNA)
    assert ids((await hall.hear(first.cursor, query=["nimbus", "zephyr"])).mentions) == ["3"]


async def test_a_search_goes_on_without_the_items_and_says_so(site):
    site.answers("/api/v1/search_by_date", (DATA / "search.json").read_text("utf-8"))
    site.answers("/v0/updates.json", 503)
    heard = await hear_site(site, query="acme")
    assert (len(heard.mentions), [problem.code for problem in heard.problems], heard.error) == (2, ["503"], None)


async def test_an_edit_that_only_the_search_shows_is_looked_up_where_it_was_made(site):
    def shown(text):
        hit = {"objectID": "5", "comment_text": text, "_tags": ["comment"], "created_at_i": BEGIN // SECOND}
        site.answers("/api/v1/search_by_date", json.dumps({"hits": [hit], "nbHits": 1}))

    told, cursor = [], None
    for indexed, standing in (("acme", "acme"), ("acme late", "acme, late"), ("acme", "acme, late"), ("acme", None)):
        shown(indexed)
        items(site, {"id": 5, "type": "comment", **({"text": standing} if standing else {"deleted": True})})
        heard = await hear_site(site, cursor, query="acme")
        told, cursor = told + texts(heard), heard.cursor
    assert told == [("create", "5", "acme"), ("update", "5", "acme, late"), ("delete", "5", "")]


async def test_items_are_heard_while_what_changed_cannot_be_read(site):
    items(site, {"id": 1, "type": "comment", "text": "x"})
    site.answers("/v0/updates.json", "[]")
    heard = await hear_site(site)
    assert (ids(heard.mentions), [problem.code for problem in heard.problems]) == (["1"], ["malformed"])


async def test_what_is_listed_as_changed_only_during_a_long_reading_is_read_again(site):
    items(site, *({"id": number, "type": "comment", "text": f"said {number}"} for number in range(1, 301)))
    edited = {"id": 5, "type": "comment", "text": "edited"}
    site.answers("/v0/item/5.json", json.dumps({**edited, "text": "said"}), json.dumps(edited))
    site.answers("/v0/updates.json", '{"items": []}', '{"items": [5]}', '{"items": []}')
    heard = await hear_site(site, recent=1000)
    assert [mention.text for mention in heard.mentions if mention.id == "5"] == ["said", "edited"]


async def test_hits_that_cannot_be_read_are_looked_up_or_counted(site):
    hits = [{"objectID": "5", "comment_text": 3, "_tags": ["comment"]}, {"objectID": None}, 7, {"objectID": "6"}]
    site.answers("/api/v1/search_by_date", json.dumps({"hits": hits, "nbHits": "many"}))
    items(site, {"id": 5, "type": "comment", "text": "acme"})
    heard = await hear_site(site, query="acme")
    assert (texts(heard), heard.skipped) == ([("update", "5", "acme")], 2)


async def test_it_reads_again_at_its_pace_until_it_is_closed(hall):
    hall.talk(1)
    heard = await hall.hear(once=False, most=4, every="2m")
    assert ids(heard.mentions) == ["1"]
    assert 3 * 108 <= (hall.clock.now() - BEGIN) / SECOND - 1 <= 3 * 132


async def test_one_request_at_a_time_reaches_the_platform(site):
    at_once, most = 0, 0

    async def slowly(request):
        nonlocal at_once, most
        at_once, most = at_once + 1, max(most, at_once + 1)
        await asyncio.sleep(0)
        at_once -= 1
        return web.json_response({"id": int(request.path.split("/")[-1][:-5]), "type": "comment", "text": "x"})

    items(site, {"id": 20, "type": "comment", "text": "x"})
    for number in range(1, 21):
        site.answers(f"/v0/item/{number}.json", slowly)
    assert len((await hear_site(site)).mentions) == 20
    assert most == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"query": ["  "]}, "leave query out"),
        ({"items_url": "news.example.org"}, "no address"),
        ({"every": "1s"}, "greater than or equal"),
    ],
)
def test_wrong_options_are_refused_with_the_way_out(options, words):
    with pytest.raises(ValueError, match=words):
        SPEC.options.model_validate(options)
