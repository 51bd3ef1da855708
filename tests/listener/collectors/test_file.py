import asyncio
import json
import os

import pytest

from listener.clock import Clock
from tests.collecting import built, hear, ids, lending, tools


@pytest.fixture
async def client():
    async with lending() as client:
        yield client


def reader(client, path, *, once=True, follow=False, clock=None):
    return built("file", tools(client, once=once, name="archive", clock=clock), path=str(path), follow=follow)


def line(name, **more):
    return json.dumps({"id": name, "text": f"text {name}"} | more) + "\n"


async def test_a_line_with_id_and_text_is_a_mention_and_the_rest_is_filled_in(tmp_path, client):
    path = tmp_path / "m.jsonl"
    path.write_text(
        line(7) + "\n" + line("b", platform="bluesky", source="sky", created_at="2026-03-01T10:00:00+01:00")
    )
    first, second = (await hear(reader(client, path))).mentions
    assert (first.id, first.source, first.platform, first.text) == ("7", "archive", "file", "text 7")
    assert (second.source, second.platform) == ("sky", "bluesky")
    assert second.created_at is not None
    assert second.created_at.isoformat() == "2026-03-01T09:00:00+00:00"


BAD = [
    b"not json",
    b'{"text": "no id"}',
    b'{"id": "x", "text": 5}',
    b'{"id": "x", "text": null}',
    b'{"id": "x", "text": "x", "counts": {"likes": "many"}}',
    b'{"id": "x", "text": "x", "kind": "rumour"}',
    b'{"id": "", "text": "x"}',
    b'["id", "x"]',
    b'{"id": "x", "text": "\xff\xfe"}',
    b'{"id": "x", "text": "x", "created_at": "yesterday"}',
    b'{"id":' + b"[" * 100_000,
    b"\0\0\0",
    b"x" * 3_000_000,
]


async def test_lines_that_are_no_mentions_are_skipped_counted_and_named(tmp_path, client):
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"\n".join([line("first").strip().encode(), *BAD, line("last").encode()]))
    heard = await hear(reader(client, path))
    assert ids(heard.mentions) == ["first", "last"]
    assert heard.skipped == len(BAD)
    (problem,) = heard.problems
    assert str(problem).startswith('skipped: line 2 is not JSON: write {"id": "1", "text": "..."}; line 3: ')
    assert str(problem).endswith(f"and {len(BAD) - 5} more")


async def test_what_needs_no_text_may_lack_it(tmp_path, client):
    path = tmp_path / "m.jsonl"
    path.write_text(
        '{"id": 1, "title": "a"}\n{"id": 2, "text": ""}\n{"id": 3, "op": "delete"}\n{"id": 4, "op": "counts"}\n'
    )
    heard = await hear(reader(client, path))
    assert (ids(heard.mentions), heard.skipped) == (["1", "2", "3", "4"], 0)


async def test_it_goes_on_where_it_stopped_after_the_file_has_grown(tmp_path, client):
    path = tmp_path / "m.jsonl"
    path.write_text("".join(line(n) for n in range(1_100)))
    first = await hear(reader(client, path), most=2)
    with path.open("a") as file:
        file.write(line("new"))
    rest = await hear(reader(client, path), first.cursor)
    assert ids(first.mentions) + ids(rest.mentions) == [*map(str, range(1_100)), "new"]
    assert (await hear(reader(client, path), rest.cursor)).mentions == []


@pytest.mark.parametrize("how", ["shorter", "replaced", "rewritten"])
async def test_another_file_in_its_place_is_read_from_the_beginning(tmp_path, client, how):
    path = tmp_path / "m.jsonl"
    path.write_text(line("old") * 3)
    cursor = (await hear(reader(client, path))).cursor
    if how == "replaced":
        (tmp_path / "n").write_text(line("new") * 4)
        (tmp_path / "n").rename(path)
    else:
        path.write_text(line("new") * (1 if how == "shorter" else 5))
    assert set(ids((await hear(reader(client, path), cursor)).mentions)) == {"new"}


async def test_following_it_hears_what_is_appended_and_what_replaces_it(tmp_path, client):
    path = tmp_path / "m.jsonl"
    path.write_text(line("a") + '{"id": "b", ')
    fast = Clock(origin=Clock().now(), started=Clock().now(), speed=50)
    heard = []
    async with asyncio.timeout(10):
        async for batch in reader(client, path, once=False, follow=True, clock=fast).batches(None):
            heard += ids(batch.mentions)
            if heard == ["a"]:
                with path.open("a") as file:
                    file.write('"text": "rest"}\n')
            if heard == ["a", "b"]:
                with path.open("a") as file:
                    file.write(line("c"))
                path.rename(tmp_path / "m.1")
                path.write_text(line("d"))
            if heard[-1:] == ["d"]:
                break
    assert heard == ["a", "b", "c", "d"]


async def follow(client, path, *steps):
    """What is heard of a followed file; each step is done once everything before it was heard."""
    fast = Clock(origin=Clock().now(), started=Clock().now(), speed=50)
    heard, left = [], list(steps)
    async with asyncio.timeout(10):
        async for batch in reader(client, path, once=False, follow=True, clock=fast).batches(None):
            heard += ids(batch.mentions)
            if left and heard == left[0][0]:
                left.pop(0)[1]()
            if heard[-1:] == ["end"]:
                return heard
    return heard


async def test_a_followed_file_that_is_rewritten_longer_is_read_from_its_beginning(tmp_path, client):
    path = tmp_path / "m.jsonl"
    path.write_text(line("a") + line("b"))
    new = [*map(str, range(9)), "end"]
    heard = await follow(client, path, (["a", "b"], lambda: path.write_text("".join(map(line, new)))))
    assert heard == ["a", "b", *new]


async def test_the_last_line_before_a_file_is_rewritten_needs_no_end(tmp_path, client):
    path = tmp_path / "m.jsonl"
    path.write_text(line("a") + line("b").strip())
    heard = await follow(client, path, (["a"], lambda: path.write_text(line("c") * 5 + line("end"))))
    assert heard == ["a", "b", *["c"] * 5, "end"]


async def test_a_file_that_was_empty_at_first_is_known_again_by_what_came(tmp_path, client):
    path = tmp_path / "m.jsonl"
    path.touch()
    heard = await follow(
        client,
        path,
        ([], lambda: path.write_text(line("a"))),
        (["a"], lambda: path.write_text(line("b") * 5 + line("end"))),
    )
    assert heard == ["a", *["b"] * 5, "end"]


async def test_what_is_known_of_the_beginning_of_a_file_grows_with_it(tmp_path, client):
    path, cursor = tmp_path / "m.jsonl", None
    path.touch()
    for names in ([], ["a"], ["a", "b"], ["a", "b", "c"]):
        path.write_text("".join(map(line, names)))
        heard = await hear(reader(client, path), cursor)
        assert ids(heard.mentions) == names[-1:]
        cursor = heard.cursor
    path.write_text(line("a") + line("b") + line("new") + line("end"))
    assert ids((await hear(reader(client, path), cursor)).mentions) == ["a", "b", "new", "end"]


async def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path, client):
    (tmp_path / "m.jsonl").write_text(line("a") + line("b"), encoding="utf-8-sig")
    (tmp_path / "bare.jsonl").write_bytes(b"\xef\xbb\xbf")
    heard, bare = [await hear(reader(client, tmp_path / name)) for name in ("m.jsonl", "bare.jsonl")]
    assert (ids(heard.mentions), heard.skipped, bare.skipped) == (["a", "b"], 0, 0)


@pytest.mark.parametrize("path", ["missing.jsonl", "", ".", "a\0b"])
async def test_a_file_that_cannot_be_read_is_a_typed_error(tmp_path, client, path):
    heard = await hear(reader(client, tmp_path / path if path else "/no/such"))
    assert heard.error is not None
    assert heard.error.code == "unreadable"


async def test_a_pipe_that_nobody_writes_to_is_refused_at_once(tmp_path, client):
    os.mkfifo(tmp_path / "pipe")
    heard = await hear(reader(client, tmp_path / "pipe"))
    assert str(heard.error).endswith("is no regular file")


async def test_an_empty_file_is_heard_and_holds_nothing(tmp_path, client):
    (tmp_path / "m.jsonl").touch()
    heard = await hear(reader(client, tmp_path / "m.jsonl"))
    assert (heard.mentions, heard.error, heard.batches[0].heard) == ([], None, True)
