"""Bluesky's stream, read as a careful reader would, whatever happens to it."""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest
from aiohttp import WSMsgType, web
from pydantic import ValidationError
from zstandard import ZstdCompressionDict, ZstdCompressor

from listener.bluesky.inflate import FIRST, SECOND, shipped
from listener.bluesky.mentions import Reader, type_of
from listener.bluesky.place import Place
from listener.bluesky.wire import UnreadableError, read
from listener.clock import Clock
from listener.errors import FetchError
from listener.mock.bluesky import Jetstream
from listener.mock.faults import Faults
from listener.mock.server import serving
from listener.mock.world import Account, World
from rules.instant import HOUR, MINUTE, instant
from rules.mention import Author
from tests.collecting import Heard, built, hear, lending, tools

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
