"""The mock YouTube answers as the recorded one did, spends its quotas as Google counts them, and goes wrong as told."""

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import feedparser
import pytest
from lxml import etree

from listener.mock.answering import FAULTS as ANY_FAULTS
from listener.mock.faults import Faults
from listener.mock.server import serving
from listener.mock.world import Account, World
from listener.mock.youtube import FAULTS, IN_FEED, YouTube
from listener.mock.youtube_bodies import channel_of
from rules.instant import HOUR, SECOND, instant
from tests.shapes import differences

DATA = Path(__file__).parents[2] / "data"
BRAND, ANNA, BEN = Account(handle="acmeair", name="Acme Air"), Account(handle="anna"), Account(handle="ben")
MIDNIGHT = instant(datetime(2026, 3, 8, 8, tzinfo=UTC))
"""In California, on the day on which summer time begins there: it has 23 hours."""


class Studio:
    """A world with its YouTube; `at` is the time there."""

    def __init__(self, *faults, **how):
        self.at = MIDNIGHT
        self.world = World(lambda: self.at)
        self.youtube = YouTube(world=self.world, keys={"key"}, faults=Faults(faults, seed=2, chance=1.0), **how)

    def say(self, *said, **how):
        self.at += SECOND
        return self.world.say(*said, **how)

    def film(self, title="Landing", author=BRAND):
        return self.say("Acme at its best", author, title=title)

    @asynccontextmanager
    async def asking(self):
        async with serving({"youtube": self.youtube}) as server, aiohttp.ClientSession() as session:

            async def ask(what, **query):
                path = f"youtube/v3/{what}" if "/" not in what else what
                url = f"{server.of('youtube')}/{path}?{urlencode({'part': 'snippet', 'key': 'key', **query})}"
                async with session.get(url, allow_redirects=False) as answer:
                    return answer.status, (await answer.read()).replace(server.url.encode(), b"http://here")

            yield ask


async def listed(ask, what, **query):
    status, body = await ask(what, **query)
    assert status == 200, body
    return json.loads(body)


def texts(page):
    return [item.get("snippet", {}).get("topLevelComment", item)["snippet"]["textOriginal"] for item in page["items"]]


def recorded(name):
    return json.loads((DATA / "youtube" / f"{name}.json").read_text("utf-8"))


async def test_its_answers_have_the_fields_and_types_of_recorded_ones():
    studio = Studio()
    for title in ("one", "two"):
        studio.say("great, see #acme", ANNA, reply_to=studio.film(title).key)
    async with studio.asking() as ask:
        channel = channel_of(BRAND)
        threads = await listed(ask, "commentThreads", allThreadsRelatedToChannelId=channel, maxResults=1)
        found = await listed(ask, "search", type="video", order="date", maxResults=1)
        (video,) = (await listed(ask, "videos", part="statistics", id=found["items"][0]["id"]["videoId"]))["items"]
    assert differences(threads["items"][0], recorded("thread"), exact=True) == []
    newer = {(".items[].snippet.channelId", "there", "missing")}
    newer |= {(".items[].snippet.topLevelComment.snippet.channelId", "there", "missing")}
    assert set(differences(threads, recorded("threads"), exact=True)) == newer
    assert differences(found, recorded("search"), exact=True) == []
    assert set(video["statistics"]) == {"viewCount", "likeCount", "favoriteCount", "commentCount"}
    assert {type(count) for count in video["statistics"].values()} == {str}


async def test_a_channels_feed_has_the_elements_of_a_recorded_one_and_its_latest_videos():
    studio = Studio()
    videos = [studio.film(f"Video {number} & more") for number in range(IN_FEED + 3)]
    studio.film("elsewhere", ANNA)
    async with studio.asking() as ask:
        status, body = await ask("feeds/videos.xml", channel_id=channel_of(BRAND))
        assert (await ask("feeds/videos.xml", channel_id="UCnobody"))[0] == 404
    feed = feedparser.parse(body)
    assert status == 200
    assert [entry.title for entry in feed.entries] == [video.title for video in videos[: -IN_FEED - 1 : -1]]
    assert all(entry.link.endswith(entry.yt_videoid) and int(entry.media_statistics["views"]) for entry in feed.entries)
    ours, theirs = etree.fromstring(body), etree.parse(DATA / "feeds/youtube.xml").getroot()
    assert {(each.tag, *sorted(each.keys())) for each in ours.iter()} == {
        (each.tag, *sorted(each.keys())) for each in theirs.iter()
    }


async def test_answers_stand_below_their_video_edits_show_and_what_was_deleted_is_gone():
    studio = Studio()
    film = studio.film()
    top = studio.say("it's <late>\n#acme http://a.example/?b=1&c=2", ANNA, reply_to=film.key)
    reply = studio.say("no", BEN, reply_to=top.key)
    studio.say("yes", ANNA, reply_to=reply.key)
    studio.say("bye", BEN, reply_to=film.key)
    async with studio.asking() as ask:
        video = (await listed(ask, "search"))["items"][0]["id"]["videoId"]
        page = await listed(ask, "commentThreads", videoId=video, part="snippet,replies")
        thread = page["items"][1]
        answers = await listed(ask, "comments", parentId=thread["id"])
        assert (texts(page)[0], texts({"items": thread["replies"]["comments"]})) == ("bye", ["yes", "no"])
        assert texts(answers) == ["yes", "no"]
        assert {answer["snippet"]["parentId"] for answer in answers["items"]} == {thread["id"]}
        assert thread["snippet"]["totalReplyCount"] == 2
        assert thread["snippet"]["topLevelComment"]["snippet"]["textDisplay"] == (
            "it&#39;s &lt;late&gt;<br>"
            '<a href="http://www.youtube.com/results?search_query=%23acme">#acme</a> '
            '<a href="http://a.example/?b=1&amp;c=2">http://a.example/?b=1&amp;c=2</a>'
        )
        studio.at += HOUR
        studio.world.edit(reply.key, "perhaps")
        (edited,) = (await listed(ask, "comments", id=answers["items"][1]["id"], textFormat="plainText"))["items"]
        assert edited["snippet"]["textDisplay"] == "perhaps"
        assert edited["snippet"]["publishedAt"] < edited["snippet"]["updatedAt"]
        studio.world.delete(top.key)
        assert texts(await listed(ask, "commentThreads", videoId=video)) == ["bye"]
        assert (await listed(ask, "comments", id=edited["id"]))["items"] == []
        studio.world.delete(film.key)
        assert (await ask("commentThreads", videoId=video))[0] == 404


async def test_pages_leave_nothing_out_whatever_comes_and_goes_meanwhile():
    studio = Studio()
    film = studio.film()
    for number in range(30):
        studio.say(f"{number}", ANNA, reply_to=film.key)
    async with studio.asking() as ask:
        page = await listed(ask, "commentThreads", allThreadsRelatedToChannelId=channel_of(BRAND), maxResults=10)
        got, pages = texts(page), 1
        while token := page.get("nextPageToken"):
            studio.say("new", BEN, reply_to=film.key)
            if pages == 2:
                studio.world.delete(film.key + 30 - len(got) + 1)  # where the page ended
            query = {"allThreadsRelatedToChannelId": channel_of(BRAND), "maxResults": 10, "pageToken": token}
            page = await listed(ask, "commentThreads", **query)
            got, pages = got + texts(page), pages + 1
    assert (got, pages) == ([f"{number}" for number in range(29, -1, -1)], 3)


async def test_search_finds_words_in_a_time_and_the_most_answered_first_unless_asked_for_the_newest():
    studio = Studio()
    first, second, third = studio.film("Acme one"), studio.film("Acme two"), studio.film("three", ANNA)
    studio.say("answer", BEN, reply_to=first.key)
    async with studio.asking() as ask:

        async def found(**query):
            return [item["snippet"]["title"] for item in (await listed(ask, "search", **query))["items"]]

        assert await found(q="acme") == ["Acme one", "three", "Acme two"]
        assert await found(q="acme", order="date") == ["three", "Acme two", "Acme one"]
        assert await found(q="nothing|acme two") == ["Acme two"]
        assert await found(order="date", channelId=channel_of(ANNA)) == [third.title]
        assert await found(publishedAfter="2026-03-08T00:00:03-08:00") == ["three"]
        assert len(await found(publishedAfter="0001-01-01T00:00:00+10:00")) > 1
        assert await found(publishedAfter="2026-03-08T08:00:02Z", publishedBefore="2026-03-08T08:00:03Z") == [
            second.title
        ]


async def test_a_key_has_units_and_searches_of_its_own_until_midnight_in_california():
    studio = Studio(units=3, searches=2)
    studio.film()
    async with studio.asking() as ask:

        async def refusal(what, times):
            answers = [await ask(what, id="x") for _ in range(times)]
            assert [status for status, _ in answers[:-1]] == [200] * (times - 1)
            error = json.loads(answers[-1][1])["error"]
            return answers[-1][0], error["errors"][0]["reason"], error["message"]

        status, reason, _ = await refusal("comments", 4)
        assert (status, reason) == (403, "quotaExceeded")
        status, reason, message = await refusal("search", 3)
        assert (status, reason, "Search Queries per day" in message) == (429, "rateLimitExceeded", True)
        studio.at = MIDNIGHT + 23 * HOUR - 1
        assert (await ask("videos", id="x"))[0] == 403
        studio.at += 1
        assert (await ask("videos", id="x"))[0] == (await ask("search"))[0] == 200


@pytest.mark.parametrize(
    ("what", "query", "status", "reason"),
    [
        ("search", {"key": ""}, 403, "forbidden"),
        ("search", {"key": "old"}, 400, "badRequest"),
        ("search", {"part": ""}, 400, "required"),
        ("search", {"maxResults": "51"}, 400, "invalidParameter"),
        ("search", {"publishedAfter": "yesterday"}, 400, "invalidParameter"),
        ("search", {"publishedAfter": "2026-03-08T00:00:03"}, 400, "invalidParameter"),
        ("commentThreads", {}, 400, "required"),
        ("commentThreads", {"videoId": "nothing"}, 404, "videoNotFound"),
        ("commentThreads", {"videoId": "CLOSED"}, 403, "commentsDisabled"),
        ("commentThreads", {"allThreadsRelatedToChannelId": "UCx"}, 404, "channelNotFound"),
        ("commentThreads", {"id": "x", "pageToken": "x"}, 400, "invalidPageToken"),
        ("comments", {"parentId": "x"}, 404, "commentNotFound"),
        ("videos", {}, 400, "required"),
    ],
)
async def test_what_cannot_be_answered_is_refused_in_googles_words(what, query, status, reason):
    studio = Studio()
    studio.youtube.closed.add(studio.film().key)
    async with studio.asking() as ask:
        (video,) = (await listed(ask, "search"))["items"]
        closed = video["id"]["videoId"]
        (told,) = (await listed(ask, "videos", id=closed, part="statistics"))["items"]
        answered = await ask(what, **{name: closed if value == "CLOSED" else value for name, value in query.items()})
    error = json.loads(answered[1])["error"]
    assert (answered[0], error["code"], error["errors"][0]["reason"]) == (status, status, reason)
    assert error["errors"][0]["message"] == error["message"]
    assert "commentCount" not in told["statistics"]


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"huge", "reset", "slow"}))
async def test_each_fault_shows(fault):
    async def answers(*faults):
        studio = Studio(*faults)
        film = studio.film()
        for number in range(8):
            studio.say(f"{number}", ANNA, reply_to=film.key)
        async with studio.asking() as ask:
            right = await ask("commentThreads", allThreadsRelatedToChannelId=channel_of(BRAND))
            return right, await ask("feeds/videos.xml", channel_id=channel_of(BRAND))

    (threads, feed), (spoilt, spoilt_feed) = await answers(), await answers(fault)
    assert threads != spoilt
    assert (fault in ANY_FAULTS) == (feed != spoilt_feed)
