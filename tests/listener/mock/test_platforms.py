"""The mock platforms as readers of feeds find them."""

from contextlib import asynccontextmanager

import aiohttp
import feedparser

from listener.mock.platforms import PLACES, Platforms, serving
from listener.mock.story import OFFICIAL, acme_story
from rules.instant import MINUTE

ORIGIN = 1_794_691_800_000_000


class Hand:
    """A clock that is moved by hand."""

    def __init__(self):
        self.at = ORIGIN

    def __call__(self):
        return self.at


@asynccontextmanager
async def running():
    hand = Hand()
    async with (
        serving(Platforms(story=acme_story(), now=hand, origin=ORIGIN)) as platforms,
        aiohttp.ClientSession() as http,
    ):
        yield platforms, hand, http


async def read(http, url, **headers):
    async with http.get(url, headers=headers) as answer:
        return answer.status, await answer.read(), answer.headers


async def guids(http, platforms):
    """All that can be read now, by the words of the feeds themselves."""
    found = set()
    for name, place in PLACES.items():
        async with http.get(platforms.feed_url(name)) as answer:
            if place.kind == "json":
                found |= {item["id"] for item in (await answer.json(content_type=None))["items"]}
            else:
                found |= {entry.id for entry in feedparser.parse(await answer.read()).entries}
    return found


async def test_before_the_story_begins_only_the_days_before_can_be_read():
    async with running() as (platforms, _, http):
        story = platforms.story

        assert await guids(http, platforms) == {post.guid for post in story if post.stage == "before"}


async def test_a_post_appears_when_its_moment_has_come():
    async with running() as (platforms, hand, http):
        platforms.begin = ORIGIN + 2 * MINUTE
        post = next(post for post in platforms.story if post.stage == "spark")
        hand.at = platforms.begin + post.at - 1
        early = await guids(http, platforms)
        hand.at += 1

        assert await guids(http, platforms) - early == {post.guid}


async def test_a_reader_with_the_right_validators_gets_304_until_something_is_new():
    async with running() as (platforms, hand, http):
        url = platforms.feed_url("forum-fr")
        status, _, headers = await read(http, url)
        by_tag = await read(http, url, **{"If-None-Match": headers["ETag"]})
        by_date = await read(http, url, **{"If-Modified-Since": headers["Last-Modified"]})
        platforms.begin = ORIGIN
        hand.at = ORIGIN + 20 * MINUTE
        later = await read(http, url, **{"If-None-Match": headers["ETag"]})

        assert [status, by_tag[0], by_date[0], later[0]] == [200, 304, 304, 200]


async def test_the_link_of_a_post_leads_to_its_words_and_an_account_owns_its_addresses():
    async with running() as (platforms, hand, http):
        platforms.begin, hand.at = ORIGIN, ORIGIN + 60 * MINUTE
        _, body, _ = await read(http, platforms.feed_url("forum-en"))
        entry = next(entry for entry in feedparser.parse(body).entries if entry.author == OFFICIAL)
        status, page, _ = await read(http, entry.link)

        assert status == 200
        assert "Flight 4218 was cancelled tonight" in page.decode()
        assert [entry.link.startswith(f"{address}/") for address in platforms.pages_of(OFFICIAL)].count(True) == 1


async def test_what_does_not_exist_is_404():
    async with running() as (platforms, _, http):
        assert (await read(http, f"{platforms.url}/nowhere/feed"))[0] == 404
        assert (await read(http, f"{platforms.url}/forum-fr/@nobody/fr-fire-0"))[0] == 404
