"""The mock senders of pushes do what their platforms do, in the eyes of receivers that trust nobody."""

import asyncio
import hmac
import json
import re
from base64 import b64encode
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from listener.mock import linkedin, meta, x_webhooks
from listener.mock.faults import Faults
from listener.mock.push_receiver import FLOOD, MOST_WAITING
from listener.mock.push_requests import CROWD, FORGED, Told
from listener.mock.pushes import Sender
from listener.mock.server import serving
from listener.mock.world import Account, World
from listener.net.loopback import served
from rules.instant import HOUR, MINUTE, SECOND
from tests.shapes import differences

DATA = Path(__file__).parents[2] / "data/meta"
BEGIN = 1_790_000_000 * SECOND
SECRET, TOKEN = b"known to both", "ours"
VENDORS = {
    "page": meta.Page(),
    "instagram": meta.Instagram(),
    "organization": linkedin.LinkedIn(),
    "activity": x_webhooks.XActivity(),
}
FAULTS = {"page": meta.FAULTS, "organization": linkedin.FAULTS, "activity": x_webhooks.FAULTS}
ANNA, BEN = Account(handle="anna"), Account(handle="ben", name="Ben")


def digest(body):
    return hmac.new(SECRET, body, sha256)


@dataclass
class Hook:
    """A receiver: verifies as its platform prescribes, answers what is right with `status`, and keeps what it took."""

    kind: str
    status: int = 200
    honest: bool = True
    silent: bool = False
    away: str = ""
    asked: int = 0
    url: str = ""
    met: int = 0
    strangers: int = 0
    calls: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def handle(self, request):
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.away:
            raise web.HTTPTemporaryRedirect(self.away)
        if request.method == "GET":
            return self._greet(request.query)
        body = await request.read()
        answer = self.status if self._is_signed(request.headers, body) else 401
        if answer == 200:
            try:
                json.loads(body)
                self.bodies.append(body)
            except ValueError:
                answer = 400
        self.calls.append(answer)
        return web.Response(status=answer)

    def _greet(self, query):
        self.met += 1
        if self.kind in {"page", "instagram"}:
            assert query["hub.mode"] == "subscribe"
            trusted = self.honest and query["hub.verify_token"] == TOKEN
            self.strangers += not trusted
            return web.Response(text=query["hub.challenge"]) if trusted else web.Response(status=403)
        if self.kind == "organization":
            code = query["challengeCode"]
            response = digest(code.encode()).hexdigest() if self.honest else "?"
            return web.json_response({"challengeCode": code, "challengeResponse": response})
        token = b64encode(digest(query["crc_token"].encode()).digest()).decode()
        return web.json_response({"response_token": f"sha256={token if self.honest else '?'}"})

    def _is_signed(self, headers, body):
        if self.kind in {"page", "instagram"}:
            return headers.get("X-Hub-Signature-256") == f"sha256={digest(body).hexdigest()}"
        if self.kind == "organization":
            return headers.get("X-LI-Signature") == digest(b"hmacsha256=" + body).hexdigest()
        return headers.get("x-twitter-webhooks-signature") == f"sha256={b64encode(digest(body).digest()).decode()}"

    def told(self):
        """What it was told, in order: the action, the id and the text."""
        told = []
        for body in self.bodies:
            with suppress(AttributeError, KeyError, StopIteration, TypeError):  # of a wrong shape
                told += self.read(json.loads(body))
        return told

    def read(self, body):
        if self.kind == "organization":
            for each in body["notifications"]:
                said = next(iter((each.get("decoratedGeneratedActivity") or {"": {}}).values()))
                text = said.get("text", (said.get("message") or {}).get("text"))
                yield each["action"], each["generatedActivity"], text
        elif self.kind == "activity":
            post = body["data"]["payload"]
            yield body["data"]["event_type"], post["id"], post.get("text")
        else:
            for entry in body["entry"]:
                for change in entry["changes"]:
                    value = change["value"]
                    name = value.get("comment_id") or value.get("post_id") or value.get("id") or value["media_id"]
                    yield value.get("verb", change["field"]), name, value.get("message", value.get("text"))


class Hand:
    """A clock that is moved by hand."""

    def __init__(self):
        self.at = BEGIN

    def __call__(self):
        return self.at


@dataclass
class Scene:
    """A world whose posts are pushed to a hook, which has subscribed; `wanted` is what it asked for."""

    hand: Hand
    world: World
    sender: Sender
    hook: Hook
    url: str
    session: aiohttp.ClientSession
    wanted: dict[str, str]

    async def subscribe(self, **other):
        async with self.session.post(f"{self.url}/subscribe", json={**self.wanted, **other}) as answer:
            return answer.status, await answer.json()

    async def status(self):
        async with self.session.get(f"{self.url}/subscriptions") as answer:
            assert SECRET.decode() not in await answer.text()
            return (await answer.json())[0]

    async def check(self, number=1):
        async with self.session.post(f"{self.url}/subscriptions/{number}/check") as answer:
            return answer.status

    async def later(self, span):
        self.hand.at += span
        await self.sender.step()


@asynccontextmanager
async def hooked(hook):
    app = web.Application(client_max_size=8_000_000)
    app.router.add_route("*", "/hook", hook.handle)
    async with served(app) as url:
        hook.url = f"{url}/hook"
        yield


@asynccontextmanager
async def pushing(kind, *faults, subscribed=True, patience=60.0, **how):
    hand, hook = Hand(), Hook(kind, **how)
    world = World(hand)
    sender = Sender(world, VENDORS, Faults(faults, seed=1, chance=1.0), patience=patience)
    async with hooked(hook), serving({"mock": sender}) as server, aiohttp.ClientSession() as session:
        wanted = {"callback": hook.url, "secret": SECRET.decode(), "verify_token": TOKEN, "object": kind}
        scene = Scene(hand, world, sender, hook, server.of("mock"), session, wanted)
        if subscribed:
            assert (await scene.subscribe())[0] == 200
        yield scene


def talk(world):
    """A post, an answer with one of its own, an edit, a deletion, a post that is passed on."""
    post = world.say("Été https://acme.example/a", ANNA)
    answer = world.say("Où?", BEN, reply_to=post.key)
    reply = world.say("Là.", ANNA, reply_to=answer.key)
    world.edit(answer.key, "Où_donc?")
    world.delete(reply.key)
    world.say("", BEN, repost_of=post.key)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("page", "add:Été add:Où? add:Là. edited:Où_donc? remove: add:"),
        ("instagram", "mentions: comments:Où? comments:Là. mentions:"),
        ("organization", "SHARE_MENTION:Été COMMENT:Où? COMMENT:Là. COMMENT_EDIT:Où_donc? COMMENT_DELETE: SHARE:"),
        ("activity", "create:Été create:Où? create:Là. create:Où_donc? delete: create:"),
    ],
)
async def test_a_receiver_that_verifies_hears_all_that_happens_under_lasting_ids(kind, expected):
    async with pushing(kind) as scene:
        scene.hand.at += SECOND
        talk(scene.world)
        await scene.sender.step()
        status = await scene.status()
    told = scene.hook.told()
    heard = [f"{verb.removeprefix('post.')}:{(text or '').partition(' https:')[0]}" for verb, _, text in told]
    assert " ".join(heard) == expected
    beginnings = re.findall(rb'"(?:post_id|sourcePost|conversation_id)": ?"(.+?)"', b"".join(scene.hook.bodies))
    assert len(set(beginnings)) == {"page": 2, "instagram": 0, "organization": 1, "activity": 2}[kind]
    names = [name for _, name, _ in told]
    assert scene.hook.calls == [200] * len(scene.hook.bodies)
    assert (status["state"], status["delivered"], status["waiting"]) == ("verified", len(scene.hook.bodies), 0)
    if kind in {"page", "organization"}:
        assert (names[1], names[2], len(set(names))) == (names[3], names[4], 4)
    if kind == "activity":
        assert (names[2], names[1] != names[3], len(set(names))) == (names[4], True, 5)
    if kind == "page":
        assert b"\\u00c9t\\u00e9" in scene.hook.bodies[0]
        assert rb"https:\/\/acme.example\/a" in scene.hook.bodies[0]


@pytest.mark.parametrize(("kind", "sizes"), [("page", [25]), ("organization", [10, 10, 5]), ("activity", [1] * 25)])
async def test_a_request_holds_as_many_events_as_the_platform_puts_together(kind, sizes):
    async with pushing(kind) as scene:
        for number in range(25):
            scene.world.say(f"{number}", ANNA)
        await scene.sender.step()
    assert [len(list(scene.hook.read(json.loads(body)))) for body in scene.hook.bodies] == sizes


def test_what_a_page_hears_has_the_fields_and_types_of_recorded_bodies():
    world = World(lambda: BEGIN)
    first = world.say("first", ANNA)
    page, ours = meta.Page(), []
    for number in range(8):
        how = ({}, {"reply_to": 1}, {"repost_of": 1})
        posts = [world.say(f"{number}", BEN, **each) for each in how]
        ours += [page.event(Told(change, first, first)) for change in world.since(world.number - len(posts))]
    world.delete(2)
    ours.append(page.event(Told(world.since(0)[-1], first, first)))
    ours.append(page.filler(1))
    at = (".entry[].changes[].value.created_time", "there", "missing")
    text = (".entry[].changes[].value.message", "there", "missing")
    for name, known in {
        "status": {at},
        "share": {at},
        "comment": {at, text},
        "reaction": set(),
        "remove": set(),
    }.items():
        theirs = json.loads((DATA / f"{name}.json").read_text("utf-8"))
        bodies = (json.loads(page.body([event])) for event in ours)
        assert set(min((differences(body, theirs, exact=True) for body in bodies), key=len)) == known, name
    authors = [event["changes"][0]["value"] for event in ours]
    assert {type(each.get("from", {}).get("id", None)) for each in authors} == {str, int, type(None)}
    assert any("from" not in each and "sender_id" not in each for each in authors)


@pytest.mark.parametrize("kind", VENDORS)
@pytest.mark.parametrize("how", [{"honest": False}, {"silent": True, "patience": 0.2}], ids=["wrong", "silent"])
async def test_who_does_not_answer_the_handshake_is_not_subscribed(kind, how):
    async with pushing(kind, subscribed=False, **how) as scene:
        status, told = await scene.subscribe()
        async with scene.session.get(f"{scene.url}/subscriptions") as answer:
            assert await answer.json() == []
    assert status == 400
    assert told["error"].startswith(f"{scene.hook.url} did not answer the handshake as it should: is your receiver ")


@pytest.mark.parametrize(
    "callback",
    ["http://192.0.2.1/hook", "http://localhost/hook", "http://127.0.0.1@192.0.2.1/", "ftp://127.0.0.1/", "/hook", "["],
)
async def test_nothing_is_sent_to_another_machine(callback):
    async with pushing("page", subscribed=False) as scene:
        status, told = await scene.subscribe(callback=callback)
    assert (status, "on this machine" in told["error"]) == (400, True)


async def test_a_redirect_leads_nowhere():
    elsewhere = Hook("page")
    async with pushing("page", subscribed=False) as scene, hooked(elsewhere):
        scene.hook.away = elsewhere.url
        assert (await scene.subscribe())[0] == 400
    assert (scene.hook.asked, elsewhere.asked) == (1, 0)


async def test_what_cannot_be_wanted_is_refused_with_the_reason_but_not_the_secret():
    async with pushing("page", subscribed=False) as scene:
        for other, why in [({"object": "group"}, "group"), ({"secret": ""}, "secret"), ({"secret": 5}, "secret")]:
            status, told = await scene.subscribe(**other)
            assert (status, why in told["error"], SECRET.decode() in told["error"]) == (400, True, False)
        assert await scene.check(7) == 404


@pytest.mark.parametrize(
    ("kind", "tries", "last"), [("page", 14, 36 * HOUR), ("organization", 97, 8 * HOUR), ("activity", 1, 0)]
)
async def test_what_is_not_taken_is_repeated_in_the_platforms_rhythm_until_it_gives_up(kind, tries, last):
    async with pushing(kind, status=503) as scene:
        scene.world.say("hello", ANNA)
        await scene.sender.step()
        moments = [0]
        while scene.hand.at < BEGIN + 40 * HOUR:
            before = len(scene.hook.calls)
            await scene.later(5 * MINUTE if scene.hand.at >= BEGIN + 10 * MINUTE else 15 * SECOND)
            moments += [scene.hand.at - BEGIN] * (len(scene.hook.calls) - before)
        status = await scene.status()
    pauses = [after - before for before, after in pairwise(moments)]
    assert (len(moments), status["lost"], status["waiting"]) == (tries, 1, 0)
    assert pauses == sorted(pauses)
    assert last / 3 <= moments[-1] <= last
    if kind == "organization":
        assert set(pauses) == {5 * MINUTE}


@pytest.mark.parametrize("kind", ["page", "organization"])
async def test_what_is_taken_at_last_is_not_repeated(kind):
    async with pushing(kind, status=503) as scene:
        scene.world.say("hello", ANNA)
        await scene.sender.step()
        scene.hook.status = 200
        await scene.later(5 * MINUTE)
        await scene.later(5 * HOUR)
        status = await scene.status()
    assert scene.hook.calls == [503, 200]
    assert (status["delivered"], status["lost"], status["waiting"]) == (1, 0, 0)


@pytest.mark.parametrize(("kind", "every", "strikes"), [("organization", 2 * HOUR, 3), ("activity", HOUR, 1)])
async def test_handshakes_are_repeated_and_failing_them_blocks_until_one_is_right_again(kind, every, strikes):
    async with pushing(kind) as scene:
        await scene.later(every - 1)
        assert scene.hook.met == 1
        await scene.later(1)
        assert scene.hook.met == 2
        for honest in [*[False] * (strikes - 1), True, *[False] * strikes]:
            assert (await scene.status())["state"] == "verified"
            scene.hook.honest, scene.hook.status = honest, 503
            scene.world.say("not taken", ANNA)
            await scene.later(every)
        assert (await scene.status())["state"] == "blocked"
        calls = len(scene.hook.calls)
        scene.world.say("missed", ANNA)
        await scene.later(10 * every)
        assert (scene.hook.met, len(scene.hook.calls)) == (2 + 2 * strikes, calls)
        scene.hook.honest, scene.hook.status = True, 200
        assert await scene.check() == 200
        scene.world.say("heard", ANNA)
        await scene.sender.step()
    told = [text for _, _, text in scene.hook.told()]
    assert (told[-1], set(told[:-1])) == ("heard", {"not taken"})


def repeated(hook):
    return sorted(Counter(hook.bodies).values())


CALM = {"page": 2, "organization": 2, "activity": 12}
"""Requests that tell of two talks when all is well."""
SEEN = {
    "bad-clock": lambda hook: re.search(rb'"(time|lastModifiedAt)": ?(0|4070908800(000)?),', hook.bodies[0]),
    "bad-signature": lambda hook: 401 in hook.calls,
    "challenge-flood": lambda hook: hook.met == 1 + 2 * FLOOD and hook.strangers in {0, 2 * FLOOD},
    "crowd": lambda hook: max(len(list(hook.read(json.loads(body)))) for body in hook.bodies) == CROWD,
    "duplicate": lambda hook: set(repeated(hook)) == {2},
    "huge": lambda hook: max(map(len, hook.bodies)) > 1_000_000,
    "malformed": lambda hook: 400 in hook.calls,
    "out-of-order": lambda hook: not hook.told()[0][2],
    "redelivery": lambda hook: repeated(hook)[0] > 10,
    "replay": lambda hook: repeated(hook)[-1] > 1,
    "unknown-field": lambda hook: all(b'"novelty"' in body for body in hook.bodies),
    "unsigned": lambda hook: 401 in hook.calls,
    "wrong-shape": lambda hook: len(hook.bodies) > CALM[hook.kind],
}


@pytest.mark.parametrize(("kind", "fault"), [(kind, fault) for kind, faults in FAULTS.items() for fault in faults])
async def test_each_fault_shows_and_all_that_was_said_arrives_nevertheless(kind, fault):
    async def heard(*faults):
        async with pushing(kind, *faults) as scene:
            for _ in range(2):
                talk(scene.world)
                await scene.sender.step()
            while fault == "redelivery" and scene.hand.at < BEGIN + 9 * HOUR:
                await scene.later(5 * MINUTE)
            status = await scene.status()
            is_told_for_days = kind == "page" and "redelivery" in faults
            assert (status["state"], status["waiting"] > 0) == ("verified", is_told_for_days)
        return scene.hook

    calm, hook = await heard(), await heard(fault)
    assert SEEN[fault](hook)
    assert not SEEN[fault](calm)
    assert kind == "activity" or set(calm.calls) == {200}
    assert set(calm.told()) <= set(hook.told())
    assert not any((text or "").startswith(FORGED) for _, _, text in hook.told())


async def test_when_more_waits_than_is_kept_the_oldest_is_lost():
    async with pushing("activity") as scene:
        for number in range(MOST_WAITING + 2):
            scene.world.say(f"{number}", ANNA)
        await scene.sender.step()
        status = await scene.status()
    assert (status["lost"], status["delivered"], status["waiting"]) == (2, MOST_WAITING, 0)
    assert scene.hook.told()[0][2] == "2"


async def test_a_page_hears_of_moderation_until_its_subscription_ends():
    async with pushing("page") as scene:
        post = scene.world.say("rude", ANNA)
        told = Told(scene.world.since(0)[0], post, None)
        scene.sender.tell(VENDORS["page"].moderated(told, "hide"))
        await scene.sender.step()
        async with scene.session.delete(f"{scene.url}/subscriptions/1") as answer:
            assert answer.status == 200
        scene.world.say("unheard", ANNA)
        await scene.sender.step()
    assert sorted(verb for verb, _, _ in scene.hook.told()) == ["add", "hide"]
