import asyncio
import gzip
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
from pydantic import ValidationError

from listener.clock import Clock
from listener.collector import COLLECTORS
from listener.feeds.entry import Feed
from listener.feeds.schedule import LONGEST, after_failure, next_reading
from rules.instant import SECOND, instant
from tests.collecting import atom, built, hear, ids, item, rss, serving, tools

NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)  # a Monday
EVERY = timedelta(minutes=5)


def feed(client, *urls, once=True, clock=None, **options):
    return built("feed", tools(client, once=once, clock=clock), urls=list(urls), allow_private=True, **options)


async def read(client, *urls, cursor=None):
    return await hear(feed(client, *urls), cursor)


async def test_an_address_that_no_request_can_be_made_for_is_a_typed_error(client):
    heard = await read(client, "http://example.org:99999/feed")
    assert (heard.error.code, str(heard.error)) == ("url", "that is no web address")


async def test_entries_become_mentions_of_the_source(site, client):
    text = rss(item("n-1", "Headline", "&lt;p&gt;Body&lt;/p&gt;", "<link>/1</link>"), head="<language>fr</language>")
    (mention,) = (await read(client, site.answers("/f", text))).mentions
    said = (mention.id, mention.source, mention.platform, mention.kind, mention.op, mention.url)
    assert said == ("n-1", "press", "feed", "article", "create", f"{site.url}/1")
    assert (mention.title, mention.text, mention.language) == ("Headline", "Body", "fr")
    assert mention.created_at is None


async def test_an_id_that_others_may_use_too_is_kept_apart_by_its_feed(site, client):
    text = rss(item("12", "A"), item("https://example.org/1", "B"))
    heard = await read(client, site.answers("/a", text), site.answers("/b", text))
    assert ids(heard.mentions) == ["12", "https://example.org/1"] * 2
    first, second, third, fourth = (mention.identity for mention in heard.mentions)
    assert first != third
    assert second == fourth == "feed:https://example.org/1"


async def test_an_entry_without_id_is_known_by_its_link_or_by_its_words(site, client):
    linked = "<item><title>T</title><link>http://e.org/1</link></item>"
    bare = "<item><title>T</title><pubDate>Mon, 02 Jan 2006 15:04:05 GMT</pubDate></item>"
    url = site.answers("/f", rss(linked, bare))
    first, second = (await read(client, url)).mentions
    assert first.id == "http://e.org/1"
    assert len(second.id) == 64
    assert ids((await read(client, url)).mentions) == [first.id, second.id]


async def test_nothing_is_told_twice(site, client):
    url = site.answers("/f", rss(item(1), item(2)), rss(item(3), item(1), item(2)), rss(item(3)), rss(item(1), item(3)))
    heard, told = await read(client, url), []
    for _ in range(3):
        heard = await read(client, url, cursor=heard.cursor)
        told.append(ids(heard.mentions))
    assert told == [["3"], [], []]


async def test_a_reading_that_brought_nothing_leaves_the_cursor_as_it_is(site, client):
    url = site.answers("/f", rss(item(1)), rss(item(1), head="<pubDate>now</pubDate>"), 304, rss(item(1), item(2)))
    fast = Clock(origin=Clock().now(), started=Clock().now(), speed=3_000)
    async with asyncio.timeout(10):
        heard = await hear(feed(client, url, once=False, clock=fast), most=4)
    assert [True, False, True, True] == [batch.cursor is not None for batch in heard.batches], "304 unasked is trouble"


async def test_a_pause_that_a_publisher_asks_for_is_remembered(site, client):
    asks = {"Cache-Control": "max-age=7200"}
    url = site.answers("/f", (200, asks, rss(item(1))), (200, asks, rss(item(1))))
    first = await read(client, url)
    assert first.cursor != (await read(client, url, cursor=first.cursor)).cursor


async def test_what_is_remembered_of_a_feed_follows_what_it_lists(site, client):
    cursor, sizes = None, []
    for day in range(10):
        url = site.answers("/f", rss(*(item(f"{day}-{n}") for n in range(20))))
        cursor = (await read(client, url, cursor=cursor)).cursor
        sizes.append(len(cursor))
    assert sizes[-1] == sizes[-2] < 6 * sizes[0]


def listed(first, *, at):
    names = range(first, first + 10)
    return rss(*(item(name, more=f"<pubDate>{format_datetime(at)}</pubDate>") for name in reversed(names)))


async def test_entries_that_came_and_went_between_two_readings_are_told_as_missed(site, client):
    now = datetime.now(UTC)
    later = now + timedelta(minutes=1)
    overtaken, renamed = listed(50, at=later), listed(70, at=now - timedelta(hours=1))
    url = site.answers("/f", listed(1, at=now), listed(6, at=later), overtaken, 500, overtaken, renamed)
    cursor, missed = None, []
    for _ in range(6):
        heard = await read(client, url, cursor=cursor)
        cursor, missed = heard.cursor, [*missed, [bool(batch.missed) for batch in heard.batches]]
    assert missed == [[False], [False], [True], [False], [False], [False]]


async def test_dates_in_whole_seconds_do_not_hide_what_came_and_went_within_one(site, client):
    clock = Clock(origin=instant(NOW) + SECOND // 2, speed=0)
    url = site.answers("/f", listed(1, at=NOW), listed(50, at=NOW))
    before = await hear(feed(client, url, clock=clock))
    after = await hear(feed(client, url, clock=clock), before.cursor)
    assert [batch.missed for batch in after.batches] == [clock.now()]


async def test_a_document_that_was_cut_off_makes_it_forget_nothing_that_is_listed(site, client):
    def listed(newest, oldest):
        return rss(*(item(name) for name in range(newest, oldest - 1, -1)))

    url = site.answers("/f", listed(200, 101), listed(205, 201), listed(205, 106))
    cursor, told = None, []
    for _ in range(3):
        heard = await read(client, url, cursor=cursor)
        cursor, told = heard.cursor, told + ids(heard.mentions)
    assert len(told) == len(set(told))


async def test_an_edit_is_an_update_with_a_revision_of_its_own_and_so_is_taking_it_back(site, client):
    url = site.answers("/f", *(rss(item(1, title)) for title in ("A", "B", "A", "A ")))
    cursor, seen = None, []
    for _ in range(4):
        heard = await read(client, url, cursor=cursor)
        cursor = heard.cursor
        seen += [(mention.op, mention.title, mention.revision) for mention in heard.mentions]
    assert [one[:2] for one in seen] == [("create", "A"), ("update", "B"), ("update", "A")]
    assert len({revision for _, _, revision in seen}) == 3


async def test_an_edit_repeated_after_a_crash_is_the_same_revision(site, client):
    url = site.answers("/f", rss(item(1, "A")), rss(item(1, "B")))
    cursor = (await read(client, url)).cursor
    (once,), (again,) = [(await read(client, url, cursor=cursor)).mentions for _ in range(2)]
    assert (once.identity, once.revision) == (again.identity, again.revision)


async def test_entries_that_share_an_id_are_told_apart_for_good(site, client):
    one, two = (item(0, f"T{n}", "x", f"<link>http://e.org/{n}</link>") for n in (1, 2))
    url = site.answers("/f", rss(one, two, one), rss(two), rss(two, one))
    heard = await read(client, url)
    assert ids(heard.mentions) == ["0", "0"]
    assert len({mention.identity for mention in heard.mentions}) == 2
    for _ in range(2):
        heard = await read(client, url, cursor=heard.cursor)
        assert heard.mentions == []


async def test_an_entry_known_before_another_took_its_id_is_not_told_again(site, client):
    one, two = (item(0, f"T{n}", "x", f"<link>http://e.org/{n}</link>") for n in (1, 2))
    url = site.answers("/f", rss(one), rss(two, one), rss(two, one + "<!-- changed -->"))
    heard, told = await read(client, url), []
    for _ in range(2):
        heard = await read(client, url, cursor=heard.cursor)
        told.append([mention.title for mention in heard.mentions])
    assert told == [["T2"], []]


# --- conditional requests ---------------------------------------------------------------------------------------------

VALIDATORS = {"ETag": 'W/"a-1"', "Last-Modified": "Mon, 02 Mar 2026 10:00:00 GMT", "Content-Type": "text/xml"}


async def test_validators_are_sent_back_verbatim_and_304_is_nothing_new(site, client):
    url = site.answers("/f", (200, VALIDATORS, rss(item(1))), 304)
    heard = await read(client, url, cursor=(await read(client, url)).cursor)
    sent = site.asked[1].headers
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('W/"a-1"', "Mon, 02 Mar 2026 10:00:00 GMT")
    assert (heard.mentions, heard.problems, heard.batches[0].heard) == ([], [], True)


async def test_the_same_etag_means_unchanged_whatever_else_is_said(site, client):
    later = VALIDATORS | {"Last-Modified": "Mon, 02 Mar 2026 11:00:00 GMT"}
    url = site.answers("/f", (200, VALIDATORS, rss(item(1))), (200, later, rss(item(2))))
    assert (await read(client, url, cursor=(await read(client, url)).cursor)).mentions == []


@pytest.mark.parametrize(
    "bad",
    ["<html>consent</html>", rss(), "", "<rss", '{"items": 3}'],
    ids=["page", "no item", "nothing", "cut", "json"],
)
async def test_validators_of_what_could_not_be_read_are_not_kept(site, client, bad):
    wrong = {"ETag": '"wrong"', "Content-Type": "text/xml"}
    url = site.answers("/f", (200, VALIDATORS, rss(item(1))), (200, wrong, bad), 304)
    first = await read(client, url)
    second = await read(client, url, cursor=first.cursor)
    await read(client, url, cursor=second.cursor)
    assert site.asked[2].headers["If-None-Match"] == 'W/"a-1"'


async def test_a_permanent_move_is_remembered_and_a_temporary_one_is_not(site, client):
    new = site.answers("/new", rss(item(1)))
    for status, later in ((301, "/new"), (308, "/new"), (302, "/old"), (307, "/old")):
        old = site.answers("/old", (status, {"Location": new}, b""))
        heard = await read(client, old)
        await read(client, old, cursor=heard.cursor)
        assert [request.path for request in site.asked[:3]] == ["/old", "/new", later]
        site.asked.clear()


async def test_a_move_to_something_unreadable_is_not_believed(site, client):
    old = site.answers("/old", (301, {"Location": site.answers("/login", "<html>log in</html>")}, b""))
    heard = await read(client, old)
    await read(client, old, cursor=heard.cursor)
    assert [request.path for request in site.asked] == ["/old", "/login", "/old", "/login"]


async def test_gone_is_for_good(site, client):
    url = site.answers("/f", 410)
    heard = await read(client, url)
    assert [problem.state for problem in heard.problems] == ["gone"]
    again = await read(client, url, cursor=heard.cursor)
    assert again.error is not None
    assert (again.error.state, len(site.asked)) == ("gone", 1)


@pytest.mark.parametrize(
    ("status", "state"), [(404, "reconnecting"), (500, "reconnecting"), (401, "auth_failed"), (204, "reconnecting")]
)
async def test_a_refusal_is_a_problem_with_the_servers_own_word(site, client, status, state):
    heard = await read(client, site.answers("/f", status))
    assert heard.error is not None
    assert (heard.error.code, heard.error.state, heard.batches[0].heard) == (str(status), state, False)


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_handed_on(site, client, status):
    heard = await read(client, site.answers("/f", (status, {"Retry-After": "7200"}, b"")))
    assert heard.error is not None
    assert heard.error.retry_after == timedelta(hours=2)


async def test_one_broken_feed_stops_no_other(site, hasty_client):
    async def stall(_request):
        await asyncio.Event().wait()

    urls = [
        site.answers("/slow", stall),
        site.answers("/page", "<html>"),
        "http://127.0.0.1:1/refused",
        site.answers("/bomb", (200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 30_000_000))),
        site.answers("/good", rss(item(1))),
    ]
    heard = await read(hasty_client, *urls)
    assert (ids(heard.mentions), heard.error) == (["1"], None)
    assert sorted(problem.code for problem in heard.problems) == ["not_a_feed", "timeout", "too_large", "unreachable"]


async def test_a_source_is_heard_as_long_as_one_of_its_addresses_is(site, client):
    dead, live = site.answers("/dead", 500), site.answers("/live", rss(item(1)), rss(item(2)), 503)
    fast = Clock(origin=Clock().now(), started=Clock().now(), speed=3_000)
    async with asyncio.timeout(10):
        heard = await hear(feed(client, dead, live, once=False, clock=fast), most=8)
    after = heard.batches[next(n for n, batch in enumerate(heard.batches) if ids(batch.mentions) == ["1"]) :]
    answered = next(n for n, batch in enumerate(after) if "503" in [problem.code for problem in batch.problems])
    assert {True} == {batch.heard for batch in after[:answered]}
    assert [0.5, 0.0] == [after[answered - 1].share, after[answered].share]
    assert {False} == {batch.heard for batch in after[answered:]}
    assert 1 == len({str(batch.problems[0]) for batch in after[1:]}), "the same words whichever address was read"


async def test_after_a_restart_what_was_wrong_with_an_address_is_still_known(site, client):
    urls = [site.answers("/dead", 500), site.answers("/live", rss(item(1)), rss(item(2)))]
    before = await read(client, *urls)
    async with asyncio.timeout(10):
        # the one that failed is asked again later
        fast = Clock(origin=Clock().now(), started=Clock().now(), speed=600)
        after = await hear(feed(client, *urls, once=False, clock=fast), before.cursor, most=1)
    assert [str(problem) for problem in after.problems] == [str(problem) for problem in before.problems]


async def test_an_address_that_is_gone_is_not_the_end_of_a_source(site, client):
    async with asyncio.timeout(10):
        heard = await hear(feed(client, site.answers("/a", 410), site.answers("/b", 500), once=False), most=2)
    assert ["reconnecting", "gone"] == [problem.state for problem in heard.batches[-1].problems]


async def test_a_slow_address_holds_up_no_other(site, client):
    told = asyncio.Event()

    async def slow(_request):
        await told.wait()
        return (200, {}, rss(item("slow")))

    async with serving() as other:
        urls = [site.answers("/slow", slow), other.answers("/f", rss(item("quick")))]
        heard = []
        async with aclosing(feed(client, *urls).batches(None)) as batches:
            async for batch in batches:
                assert not batch.problems
                heard += ids(batch.mentions)
                told.set()
    assert heard == ["quick", "slow"]


async def test_gzip_that_nobody_declared_is_read(site, client):
    assert ids((await read(client, site.answers("/f", gzip.compress(rss(item(1)).encode())))).mentions) == ["1"]


async def test_a_crash_between_the_batches_of_a_long_feed_loses_and_repeats_nothing(site, client):
    url = site.answers("/f", (200, VALIDATORS, rss(*(item(n) for n in range(1_200)))))
    first = await hear(feed(client, url), most=1)
    rest = await read(client, url, cursor=first.cursor)
    assert "If-None-Match" not in site.asked[1].headers
    assert ids(first.mentions) + ids(rest.mentions) == [str(n) for n in range(1_200)]


async def test_what_a_feed_still_lists_is_known_for_ever_and_memory_stays_small(site, client):
    cursor = None
    for day in range(8):
        listed = [item("evergreen"), *(item(f"{day}-{n}") for n in range(400))]
        heard = await read(client, site.answers("/f", rss(*listed)), cursor=cursor)
        assert len(heard.mentions) == (401 if day == 0 else 400)
        cursor = heard.cursor
    assert cursor is not None
    assert len(cursor) < 100_000


async def test_it_goes_on_by_itself_and_waits_between_readings(site, client):
    url = site.answers("/f", rss(item(1)), 500, rss(item(2), item(1)))
    fast = Clock(origin=Clock().now(), started=Clock().now(), speed=3_000)
    async with asyncio.timeout(10):
        heard = await hear(feed(client, url, once=False, clock=fast), most=3)
    assert [ids(batch.mentions) for batch in heard.batches] == [["1"], [], ["2"]]
    assert [batch.heard for batch in heard.batches] == [True, False, True]


async def test_a_shorter_interval_is_in_force_at_once(site, client):
    url = site.answers("/f", rss(item(1)), rss(item(2)))
    clock = Clock(origin=Clock().now(), started=Clock().now(), speed=50)
    first = await hear(feed(client, url, clock=clock, every="12h"))
    async with asyncio.timeout(10):
        second = await hear(feed(client, url, once=False, clock=clock, every="1s"), first.cursor, most=1)
    assert ids(second.mentions) == ["2"]


async def test_it_ends_when_every_feed_is_gone(site, client):
    async with asyncio.timeout(10):
        heard = await hear(feed(client, site.answers("/a", 410), site.answers("/b", 410), once=False))
    assert heard.error is not None
    assert (heard.error.state, len(heard.batches)) == ("gone", 2)


async def test_closing_it_while_it_reads_leaves_nothing_behind(site, client):
    asked = asyncio.Event()

    async def stall(_request):
        asked.set()
        await asyncio.sleep(30)

    collector = feed(client, site.answers("/slow", stall), once=False)

    async def listen():
        async with aclosing(collector.batches(None)) as batches:
            async for _ in batches:
                pass

    before = asyncio.all_tasks()
    listening = asyncio.ensure_future(listen())
    await asyncio.wait_for(asked.wait(), 5)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert {task for task in asyncio.all_tasks() - before if "read http" in task.get_name()} == set()


@pytest.mark.parametrize("urls", [[], ["example.org/rss"], ["file:///etc/passwd"], ["http://a.b/", "http://a.b/"], "x"])
def test_addresses_are_checked_when_the_configuration_is(urls):
    with pytest.raises(ValidationError):
        COLLECTORS.spec("feed").options.model_validate({"urls": urls})


@pytest.mark.parametrize("cursor", ["", "{}", "nonsense", '{"feeds": {"a": 3}}', "\ud800"])
async def test_a_cursor_that_cannot_be_read_is_a_new_beginning(site, client, cursor):
    assert ids((await read(client, site.answers("/f", atom("<entry><id>u:1</id></entry>")), cursor=cursor)).mentions)


# --- when to read next ------------------------------------------------------------------------------------------------


def wait(headers=None, **feed_said):
    said = Feed(entries=(), **feed_said)
    return next_reading(NOW, EVERY, headers=headers or {}, feed=said, random=Random(1)) - NOW


def test_readings_are_spread_by_a_tenth():
    waits = [next_reading(NOW, EVERY, headers={}, feed=None, random=Random(seed)) - NOW for seed in range(200)]
    assert EVERY * 0.9 <= min(waits) < EVERY * 0.92
    assert EVERY * 1.08 < max(waits) <= EVERY * 1.1


@pytest.mark.parametrize(
    ("headers", "feed_said", "least"),
    [
        ({"cache-control": "public, max-age=1800"}, {}, timedelta(minutes=30)),
        ({"cache-control": "max-age=1800", "age": "600"}, {}, timedelta(minutes=20)),
        ({"expires": "Mon, 02 Mar 2026 13:30:00 GMT"}, {}, timedelta(hours=1)),
        ({"expires": "Mon, 02 Mar 2026 13:30:00 GMT", "date": "Mon, 02 Mar 2026 13:00:00 GMT"}, {},
         timedelta(minutes=30)),
        ({}, {"ttl": 60}, timedelta(hours=1)),
        ({"cache-control": "max-age=99999999"}, {}, LONGEST),
        ({}, {"ttl": 999_999}, LONGEST),
    ],
)  # fmt: skip
def test_a_publisher_may_ask_for_longer_pauses_up_to_a_day(headers, feed_said, least):
    assert wait(headers, **feed_said) == least


@pytest.mark.parametrize(
    "headers",
    [{"cache-control": "no-cache, max-age=9999"}, {"cache-control": "s-maxage=9999"}, {"cache-control": "max-age=10"},
     {"expires": "0"}, {"expires": "-1"}],
)  # fmt: skip
def test_nothing_shortens_what_the_operator_wants(headers):
    assert EVERY * 0.9 <= wait(headers) <= EVERY * 1.1


def test_hours_and_days_without_readers_are_kept():
    assert wait(quiet_hours=frozenset({12, 13})) == timedelta(minutes=90)
    assert NOW + wait(quiet_days=frozenset({0})) == datetime(2026, 3, 3, tzinfo=UTC)
    assert wait(quiet_hours=frozenset(range(24))) <= LONGEST + EVERY * 1.1


def test_failures_are_tried_again_ever_more_slowly_and_not_before_the_server_allows():
    waits = [after_failure(NOW, EVERY, count, asked=None, random=Random(3)) - NOW for count in (1, 2, 3, 50)]
    assert waits == sorted(waits)
    assert waits[-1] <= timedelta(hours=1) * 1.1
    asked = after_failure(NOW, EVERY, 1, asked=timedelta(hours=5), random=Random(3))
    assert asked == NOW + timedelta(hours=5)


LINK = '<!doctype html><html><head><base href="/blog/"><link rel="icon" href="/x"><LINK REL="Alternate" {}></head>'


@pytest.mark.parametrize(
    ("attributes", "way_out"),
    [
        ("type='application/rss+xml' href='news.xml?a=1&amp;b=2'", "its feed is: {url}/blog/news.xml?a=1&b=2"),
        ("type=application/atom+xml;charset=utf-8 href=//e.org/f", "its feed is: http://e.org/f"),
        ("type=application/feed+json href=https://e.org/f", "its feed is: https://e.org/f"),
        ("type=text/html href=/fr", "look for its RSS link"),
        ("type=application/rss+xml href=javascript:alert(1)", "look for its RSS link"),
    ],
)
async def test_a_web_page_is_named_with_the_feed_it_has(site, client, attributes, way_out):
    page = site.answers("/page", LINK.format(attributes))
    heard = await read(client, f"{page}?key=secret")
    said = f"{page}: a web page instead of a feed; {way_out.format(url=site.url)}"
    assert [said] == list(map(str, heard.problems))
