import asyncio
import hmac
import json
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import ValidationError

from listener.clock import Clock, Steady
from listener.collector import COLLECTORS
from listener.collectors.push import PushCollector, PushOptions
from listener.net.loopback import served
from tests.collecting import built, ids, lending, tools

KEY = "a-long-random-key"
AT = 1_772_000_000


def at(seconds: int = AT) -> Clock:
    return Clock(origin=seconds * 1_000_000, started=Clock().now())


def signed(body: bytes, *, key: str = KEY, timestamp: Any = AT) -> dict[str, str]:
    digest = hmac.new(key.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return {"X-Badbuzz-Timestamp": str(timestamp), "X-Badbuzz-Signature": f"sha256={digest}"}


@dataclass
class Door:
    """A push source behind a web server."""

    collector: Any
    url: str
    session: aiohttp.ClientSession

    async def post(self, body: Any, **how: Any) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = how.pop("headers", None) or signed(raw, **how)
        async with self.session.post(self.url, data=raw, headers=headers) as response:
            self.headers = response.headers
            return response.status, await response.json()

    async def post_stream(self, body: Any, headers: dict[str, str]) -> tuple[int, str | None]:
        async with self.session.post(self.url, data=body, headers=headers) as response:
            return response.status, response.headers.get("Retry-After")

    @asynccontextmanager
    async def listening(self):
        """Commits every batch at once; gives the mentions taken so far."""
        taken = []

        async def take():
            async with aclosing(self.collector.batches(None)) as batches:
                async for batch in batches:
                    taken.extend(batch.mentions)

        task = asyncio.ensure_future(take())
        try:
            yield taken
        finally:
            task.cancel()
            await asyncio.wait([task])


@asynccontextmanager
async def door(*, patience: timedelta | None = None, clock: Clock | None = None, **options: Any):
    async with lending() as client, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        lent, given = tools(client, once=False, name="crm", clock=clock or at()), {"secrets": KEY} | options
        if patience is None:
            collector = built("push", lent, **given)
        else:
            collector = PushCollector(PushOptions.model_validate(given), lent, patience=patience)
        app = web.Application()
        inner = web.Application()
        inner.add_routes(collector.routes())
        app.add_subapp("/in/crm", inner)
        async with served(app) as url:
            yield Door(collector, f"{url}/in/crm", session)


async def test_an_array_an_object_and_lines_are_taken():
    lines = b'{"id": "4", "text": "d"}\n\n{"id": "5", "text": "e"}\n'
    async with door() as push, push.listening() as taken:
        assert await push.post([{"id": 1, "text": "a"}, {"id": "2", "title": "b", "source": "elsewhere"}]) == (
            200,
            {"accepted": 2},
        )
        assert await push.post(b'{\n  "id": "3",\n  "text": "c"\n}') == (200, {"accepted": 1})
        assert await push.post(lines) == (200, {"accepted": 2})
    assert ids(taken) == ["1", "2", "3", "4", "5"]
    assert {(mention.source, mention.platform) for mention in taken} == {("crm", "push")}


@pytest.mark.parametrize(
    "body", [b'[{"id": 1, "text": "a"}]', b'{"id": 1, "text": "a"}', b'{"id": 1, "text": "a"}\n' * 2]
)
async def test_a_byte_order_mark_is_no_part_of_a_body(body):
    async with door() as push, push.listening() as taken:
        assert (await push.post(b"\xef\xbb\xbf" + body))[0] == 200
    assert set(ids(taken)) == {"1"}


async def test_a_sender_has_no_names_but_its_own():
    async with door() as push, push.listening() as taken:
        claimed = [
            {"id": "1", "op": "delete", "platform": "feed"},
            {"id": "2", "text": "b", "key": "press 1", "platform": "file"},
        ]
        assert (await push.post(claimed))[0] == 200
    assert [mention.identity for mention in taken] == ["push:crm 1", "push:crm press 1"]


async def test_it_is_answered_only_after_the_commit():
    async with door() as push:
        batches = push.collector.batches(None)
        assert [] == list((await anext(batches)).mentions)
        first = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0)
        posting = asyncio.ensure_future(push.post([{"id": "1", "text": "a"}]))
        batch = await asyncio.wait_for(first, 5)
        assert ids(batch.mentions) == ["1"]
        assert not posting.done()
        after = asyncio.ensure_future(anext(batches))
        assert await asyncio.wait_for(posting, 5) == (200, {"accepted": 1})
        after.cancel()
        await asyncio.wait([after])
        await batches.aclose()


async def test_when_the_commit_fails_the_sender_is_told_to_come_again():
    async with door() as push:
        batches = push.collector.batches(None)
        assert [] == list((await anext(batches)).mentions)
        first = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0)
        posting = [asyncio.ensure_future(push.post([{"id": str(n), "text": "a"}])) for n in range(3)]
        await asyncio.wait_for(first, 5)
        await batches.aclose()
        async with asyncio.timeout(5):
            answers = [(await one)[0] for one in posting]
        assert answers == [503, 503, 503]
        assert push.headers["Retry-After"] == "5"


async def test_while_nobody_listens_it_says_so():
    async with door() as push:
        assert (await push.post([{"id": "1", "text": "a"}]))[0] == 503


async def test_a_full_queue_is_429():
    async with door() as push:
        batches = push.collector.batches(None)
        assert [] == list((await anext(batches)).mentions)
        first = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0)
        posting = [asyncio.ensure_future(push.post([{"id": str(n), "text": "a"}])) for n in range(40)]
        await asyncio.wait_for(first, 5)
        async with asyncio.timeout(5):
            while sum(one.done() for one in posting) < 40 - 17:
                waiting = [one for one in posting if not one.done()]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert {one.result()[0] for one in posting if one.done()} == {429}
        await batches.aclose()
        await asyncio.wait(posting)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(b'[{"id":"1"}]', key="wrong"),
        signed(b"other"),
        signed(b'[{"id":"1"}]') | {"X-Badbuzz-Timestamp": str(AT + 1)},
        signed(b'[{"id":"1"}]', timestamp=AT - 301),
        signed(b'[{"id":"1"}]', timestamp=AT + 301),
        signed(b'[{"id":"1"}]', timestamp="now"),
        signed(b'[{"id":"1"}]', timestamp="9" * 50),
        {"X-Badbuzz-Timestamp": str(AT), "X-Badbuzz-Signature": "sha256=\u00e9"},
    ],
    ids=["none", "key", "body", "moved", "old", "future", "word", "huge", "accent"],
)
async def test_a_request_that_is_not_believed_is_401(headers):
    async with door() as push, push.listening() as taken:
        status, said = await push.post(b'[{"id":"1"}]', headers=headers or {"X-None": "1"})
        assert (status, list(said)) == (401, ["error"])
    assert taken == []


async def test_a_repeated_request_is_answered_alike_and_taken_once():
    async with door() as push, push.listening() as taken:
        assert await push.post([{"id": "1", "text": "a"}]) == (200, {"accepted": 1})
        assert await push.post([{"id": "1", "text": "a"}]) == (200, {"accepted": 0, "repeated": True})
    assert ids(taken) == ["1"]


async def test_two_keys_are_good_while_one_replaces_the_other():
    async with door(secrets=["new-key", KEY]) as push, push.listening():
        assert (await push.post([{"id": "1", "text": "a"}], key="new-key"))[0] == 200
        assert (await push.post([{"id": "2", "text": "b"}]))[0] == 200


async def test_what_is_no_mention_is_named_by_its_place_and_nothing_is_taken():
    async with door() as push, push.listening() as taken:
        status, said = await push.post([{"id": "1", "text": "a"}, {"text": "x"}, 5, {"id": "2", "text": 3}])
        assert status == 400
        assert [problem["position"] for problem in said["problems"]] == [1, 2, 3]
        for body in (b"", b"[", b"nothing", b"[]", b"[" * 100_000, b"\xff\xfe", b"{}"):
            assert (await push.post(body))[0] == 400
        assert (await push.post(b'[{"id": "half \\ud800"}]'))[0] == 400
    assert taken == []


async def test_a_body_beyond_the_limit_is_413():
    async with door(max_body=1024) as push, push.listening():
        assert (await push.post(b" " * 5_000))[0] == 413


async def endless(began: asyncio.Event):
    began.set()
    yield b"["
    await asyncio.Event().wait()


async def begun(push: Door, count: int, **headers: str) -> list[asyncio.Task]:
    """Requests that are sent in part and never end."""
    started = [asyncio.Event() for _ in range(count)]
    sending = [asyncio.ensure_future(push.post_stream(endless(one), signed(b"") | headers)) for one in started]
    for one in started:
        await asyncio.wait_for(one.wait(), 5)
    return sending


async def test_of_many_half_sent_requests_few_are_held_and_the_others_are_told_to_come_again():
    async with door() as push, push.listening():
        sending = await begun(push, 60)
        answered = []
        async with asyncio.timeout(5):
            for one in asyncio.as_completed(sending):
                answered.append(await one)
                if len(answered) == 44:
                    break
        assert [(429, "5")] * 44 == answered
        assert (await push.post([{"id": "1", "text": "a"}]))[0] == 429
        for one in sending:
            one.cancel()
        await asyncio.wait(sending)
        async with asyncio.timeout(5):
            while (await push.post([{"id": "1", "text": "a"}]))[0] != 200:
                pass


async def test_a_body_that_does_not_come_is_not_waited_for():
    async with door(patience=timedelta(milliseconds=100)) as push, push.listening():
        assert [(408, "5")] == [await one for one in await begun(push, 1)]
        assert (await push.post([{"id": "1", "text": "a"}]))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Badbuzz-Timestamp": str(AT - 301)},
        {"X-Badbuzz-Timestamp": ""},
        {"X-Badbuzz-Signature": "sha256=0"},
        {"X-Badbuzz-Signature": ""},
    ],
)
async def test_what_its_headers_betray_is_refused_before_its_body_has_come(headers):
    async with door() as push, push.listening():
        assert [(401, None)] == [await asyncio.wait_for(one, 5) for one in await begun(push, 1, **headers)]


async def test_no_key_shows():
    options = COLLECTORS.spec("push").options.model_validate({"secrets": [KEY]})
    assert KEY not in repr(options)
    assert KEY not in options.model_dump_json()
    with pytest.raises(ValidationError):
        COLLECTORS.spec("push").options.model_validate({"secrets": []})
    with pytest.raises(ValidationError):
        COLLECTORS.spec("push").options.model_validate({"secrets": [""]})


async def test_a_source_that_nobody_pushes_to_is_not_called_heard():
    async with door() as push, aclosing(push.collector.batches(None)) as batches:
        first = await anext(batches)
    assert (first.heard, [(each.state, each.code) for each in first.problems]) == (False, [("starting", "waiting")])


async def test_a_sender_that_is_overdue_is_missed_until_it_sends_again():
    fast = Clock(origin=AT * 1_000_000, started=Clock().now(), speed=1_000)
    async with (
        asyncio.timeout(10),
        door(clock=fast, expect_every="30s", window="24h") as push,
        aclosing(push.collector.batches(None)) as batches,
    ):
        before = [await anext(batches) for _ in range(3)]
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(push.post({"id": "1", "text": "acme"}))
            while not (heard := await anext(batches)).heard:
                pass
            after = await anext(batches)
    codes = [(problem.state, problem.code) for batch in [*before, after] for problem in batch.problems]
    assert codes == [("starting", "waiting"), *[("reconnecting", "silent")] * 3]
    assert (ids(heard.mentions), sending.result()[0]) == (["1"], 200)


async def test_a_clock_that_was_set_back_refuses_nobody():
    async with door(clock=Steady(at(), floor=(AT + 3_600) * 1_000_000)) as push, push.listening():
        assert (await push.post({"id": "1", "text": "acme"}))[0] == 200
