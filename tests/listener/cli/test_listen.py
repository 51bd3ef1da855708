import asyncio
import json
import os
import threading

import pytest

from listener.collectors import file
from tests.collecting import item, rss, serving

FIELDS = "id source platform kind op url author title text language created_at observed_at parent_id repost_of counts"


@pytest.fixture
def site():
    """A web server in a thread of its own: commands run a loop themselves."""
    loop, ready, held = asyncio.new_event_loop(), threading.Event(), []

    async def serve(stop):
        async with serving() as site:
            held.append(site)
            ready.set()
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve(stop)))
    thread.start()
    assert ready.wait(5)
    yield held[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)
    loop.close()


def lines(run):
    return [json.loads(line) for line in run.out.splitlines()]


def test_a_feed_is_printed_as_json_lines_with_every_field(site, badbuzz):
    text = rss(item("n-1", "Grève", "x", "<pubDate>Mon, 02 Jan 2006 15:04:05 +0100</pubDate><author>Zoé</author>"))
    run = badbuzz("listen", "feed", f"url={site.answers('/f', text)}", "allow_private=true", "--once")
    (mention,) = lines(run)
    assert run.code == 0
    assert list(mention) == FIELDS.split()
    assert mention["author"] == {"id": None, "handle": None, "name": "Zoé", "followers": None}
    assert mention["created_at"] == "2006-01-02T14:04:05Z"
    assert mention["observed_at"].endswith("Z")
    assert (mention["id"], mention["url"], mention["counts"]) == ("n-1", None, {})


def test_several_addresses_and_a_limit(site, badbuzz):
    a, b = site.answers("/a", rss(item(1), item(2))), site.answers("/b", rss(item(3), item(4)))
    by_comma = badbuzz("listen", "feed", f"urls={a},{b}", "allow_private=true", "--limit", "3")
    repeated = badbuzz("listen", "feed", f"urls={a}", f"urls={b}", "allow_private=true", "--once")
    assert [len(lines(by_comma)), len(lines(repeated))] == [3, 4]


def test_a_part_that_fails_is_said_and_the_rest_is_printed(site, badbuzz):
    good = site.answers("/a", rss(item(1)))
    run = badbuzz("listen", "feed", f"urls={good},{site.url}/missing", "allow_private=true", "--once")
    assert (run.code, len(lines(run))) == (0, 1)
    assert run.err == f"badbuzz: {site.url}/missing answers 404\n"


def test_what_is_said_shows_no_password_of_an_address(site, badbuzz):
    address = f"{site.url}/missing?key=sesame".replace("//", "//camille:sesame@")
    run = badbuzz("listen", "feed", f"url={address}", "allow_private=true", "--once")
    assert (run.code, run.err) == (1, f"badbuzz: {site.url}/missing answers 404\n")


@pytest.mark.parametrize("once", [["--once"], []])
def test_a_source_that_cannot_be_read_is_exit_1(site, badbuzz, once):
    missing = badbuzz("listen", "feed", f"url={site.url}/missing", "allow_private=true", *once)
    private = badbuzz("listen", "feed", f"url={site.answers('/f', rss(item(1)))}", *once)
    assert (missing.code, missing.out, missing.err) == (1, "", f"badbuzz: {site.url}/missing answers 404\n")
    assert (private.code, private.out) == (1, "")
    assert "allow_private=true" in private.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fead"], "did you mean 'feed'?"),
        (["feed", "urls"], "write key=value"),
        (["feed"], "urls: is required"),
        (["feed", "url=http://a.b/", "evry=5m"], "unknown option 'evry'; did you mean 'every'?"),
        (["feed", "url=http://a.b/", "every=5"], "every: a duration needs a unit|every: not a duration"),
        (["feed", "url=nowhere"], "urls: address 1 is none"),
        (["feed", "url=http://a.b/", "every=5m", "every=6m"], "every is given twice"),
        (["feed", "url=http://a.b/", "--limit", "0"], "limit"),
        (["feed", "url=http://a.b/", "--limit", "x"], "Error: Invalid value for '--limit': must be a whole number"),
        (["feed", "url=http://a.b/", "allow_private=maybe"], "allow_private: must be true or false\n"),
    ],
)
def test_a_wrong_option_is_exit_2_with_the_way_out(badbuzz, words, said):
    run = badbuzz("listen", *words)
    assert (run.code, run.out) == (2, "")
    assert any(part in run.err for part in said.split("|"))


def test_standard_input_is_read_when_it_is_a_pipe(badbuzz, monkeypatch, tmp_path):
    read, write = os.pipe()
    os.write(write, b'{"id": "1", "text": "a"}\nbad\n{"id": "2", "text": "b"}')
    os.close(write)
    run = _with_stdin(badbuzz, monkeypatch, read)
    assert (run.code, [mention["id"] for mention in lines(run)]) == (1, ["1", "2"])
    assert "skipped: line 2 is not JSON" in run.err
    (tmp_path / "f").write_text('{"id": "3", "text": "c"}\n')
    assert [m["id"] for m in lines(_with_stdin(badbuzz, monkeypatch, os.open(tmp_path / "f", os.O_RDONLY)))] == ["3"]


def _with_stdin(badbuzz, monkeypatch, descriptor):
    with os.fdopen(descriptor, "r") as stdin, monkeypatch.context() as patch:
        patch.setattr(file, "sys", type("Standard", (), {"stdin": stdin}))
        return badbuzz("listen", "file", "path=-")
