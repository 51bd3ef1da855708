"""The mock Hacker News answers as the platform was recorded, before any collector is judged by it."""

import json
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from listener.mock.faults import FAULTS, Faults
from listener.mock.hackernews import FAULTS as OURS
from listener.mock.hackernews import LISTED, HackerNews, markup
from listener.mock.server import serving
from listener.mock.world import Account, World
from rules.instant import SECOND

DATA = Path(__file__).parents[2] / "data/hackernews"
ANNA, BEN = Account(handle="anna"), Account(handle="ben")
BEGIN = 1_794_690_000 * SECOND


class Hall:
    """A world with its Hacker News; `at` is the time there."""

    def __init__(self, **how):
        self.at = BEGIN
        self.world = World(lambda: self.at)
        self.platform = HackerNews(self.world, **how)

    @asynccontextmanager
    async def asking(self):
        async with serving({"hn": self.platform}) as server, aiohttp.ClientSession() as session:

            async def ask(path):
                async with session.get(f"{server.of('hn')}/{path}", allow_redirects=False) as answer:
                    return answer.status, await answer.read()

            yield ask


def recorded(name):
    return json.loads((DATA / f"{name}.json").read_text("utf-8"))


def shape(value):
    """The keys and types of a body."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


async def told(ask, path):
    status, body = await ask(path)
    assert status == 200
    return json.loads(body)


async def test_items_have_the_keys_and_types_of_the_recorded_ones():
    hall = Hall()
    hall.world.say("", ANNA, title="A story with a link")
    hall.world.say("one\ntwo", BEN, reply_to=1)
    hall.world.say("three", ANNA, reply_to=2)
    async with hall.asking() as ask:
        story, comment = await told(ask, "v0/item/1.json"), await told(ask, "v0/item/2.json")
    assert shape(story) == shape(recorded("story"))
    assert shape(comment) == shape(recorded("comment"))
    assert (story["kids"], story["descendants"], comment["kids"], comment["parent"]) == ([2], 2, [3], 1)


async def test_hits_have_the_keys_and_types_of_the_recorded_ones():
    hall = Hall()
    hall.world.say("", ANNA, title="Acme Air strands passengers")
    hall.world.say("Acme is late", BEN, reply_to=1)
    async with hall.asking() as ask:
        answer = await told(ask, "api/v1/search_by_date?query=acme&tags=(story,comment)&hitsPerPage=100")
    known = recorded("search")
    assert list(answer) == list(known)
    for ours, theirs in zip(answer["hits"], known["hits"], strict=True):
        marks = ours.pop("_highlightResult"), theirs.pop("_highlightResult")
        ours["story_url"] = theirs["story_url"]  # a link of the story, if it has one
        assert shape(ours) == shape(theirs)
        assert set(marks[0]) == set(marks[1])
    assert [hit["objectID"] for hit in answer["hits"]] == ["2", "1"]


def test_a_text_is_written_with_paragraphs_that_are_never_closed():
    text = 'it\'s "a/b"\nsee https://example.org/a?b=1&c=2 <i>'
    assert markup(text) == (
        "it&#x27;s &quot;a&#x2F;b&quot;<p>see "
        '<a href="https:&#x2F;&#x2F;example.org&#x2F;a?b=1&amp;c=2" rel="nofollow">'
        "https:&#x2F;&#x2F;example.org&#x2F;a?b=1&amp;c=2</a> &lt;i&gt;"
    )


async def test_an_item_is_null_until_it_has_propagated_and_then_deleted_or_dead():
    hall = Hall(propagated=5 * SECOND)
    hall.world.say("one", ANNA, title="Story")
    hall.world.say("two", BEN, reply_to=1)
    async with hall.asking() as ask:
        assert (await told(ask, "v0/maxitem.json"), await told(ask, "v0/item/2.json")) == (2, None)
        hall.at += 5 * SECOND
        assert (await told(ask, "v0/item/2.json"))["text"] == "two"
        hall.world.delete(2)
        hall.platform.kill(1)
        gone, dead = await told(ask, "v0/item/2.json"), await told(ask, "v0/item/1.json")
        assert await told(ask, "v0/item/99.json") is None
        updates = await told(ask, "v0/updates.json")
    assert gone == {"id": 2, "time": BEGIN // SECOND, "type": "comment", "parent": 1, "deleted": True}
    assert (dead["dead"], dead["by"]) == (True, "anna")
    assert updates == {"items": [1, 2], "profiles": ["anna", "ben"]}


async def test_what_changed_is_listed_latest_first_answers_too():
    hall = Hall()
    for number in range(LISTED + 20):
        hall.world.say(f"story {number}", ANNA)
    for number in range(LISTED + 10):
        hall.world.edit(number + 1, "other")
    hall.world.say("answer", BEN, reply_to=115)
    async with hall.asking() as ask:
        items = (await told(ask, "v0/updates.json"))["items"]
    assert (len(items), items[:3]) == (LISTED, [115, 110, 109])


async def test_the_search_filters_pages_and_lags_behind():
    hall = Hall(lag=60 * SECOND)
    for number in range(5):
        hall.world.say(f"acme {number}", ANNA)
        hall.at += 10 * SECOND
    second = BEGIN // SECOND
    async with hall.asking() as ask:
        assert (await told(ask, "api/v1/search_by_date?query=acme"))["hits"] == []
        hall.world.edit(1, "acme edited")
        hall.at += 40 * SECOND
        answer = await told(ask, "api/v1/search_by_date?query=Acme&hitsPerPage=2&page=1")
        assert ([hit["story_text"] for hit in answer["hits"]], answer["nbHits"], answer["nbPages"]) == (
            ["acme 1", "acme 0"],
            4,
            2,
        )
        window = f"numericFilters=created_at_i>{second},created_at_i<={second + 20}"
        found = (await told(ask, f"api/v1/search_by_date?query=acme&{window}"))["hits"]
        assert [hit["story_text"] for hit in found] == ["acme 2", "acme 1"]
        assert (await told(ask, "api/v1/search_by_date?query=acme&tags=comment"))["hits"] == []
        assert (await told(ask, "api/v1/search_by_date?query=nothing"))["hits"] == []


@pytest.mark.parametrize("name", sorted(set(OURS) - {"slow", "huge", "reset"}))
async def test_each_fault_shows(name):
    def hall(*faults):
        made = Hall(faults=Faults(faults, seed=3, chance=1.0))
        made.world.say("acme", ANNA, title="Story")
        for number in range(8):
            made.world.say(f"acme {number}", BEN, reply_to=1)
            made.world.edit(number + 2, f"acme again {number}")
        return made

    paths = ("v0/item/2.json", "v0/updates.json", "api/v1/search_by_date?query=acme")
    async with hall().asking() as ask:
        right = [await ask(path) for path in paths]
    async with hall(name).asking() as ask:
        wrong = [await ask(path) for path in paths]
    assert right != wrong
    assert name in FAULTS


@pytest.mark.parametrize("name", ["huge", "reset"])
async def test_faults_of_the_connection_show(name):
    hall = Hall(faults=Faults([name], chance=1.0))
    async with hall.asking() as ask:
        try:
            length = len((await ask("v0/maxitem.json"))[1])
        except aiohttp.ClientError:
            length = -1
    assert length > 1_000_000 if name == "huge" else length == -1
