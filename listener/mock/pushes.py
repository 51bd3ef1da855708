"""A mock platform that pushes: it calls those who subscribed, with signed requests, until they have heard it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus

import aiohttp
import msgspec
from aiohttp import web

from listener.mock.faults import Faults
from listener.mock.push_receiver import Receiver
from listener.mock.push_requests import Json, Told, Vendor, Wanted
from listener.mock.server import is_here
from listener.mock.world import Said, World

MOST_RECEIVERS = 100
_TICK = 0.1


class Sender:
    """Pushes what happens in a world, by its clock, to addresses on this machine alone. `POST /subscribe` takes what is
    wanted as JSON and answers once the handshake was right; `GET /subscriptions` tells how each stands, `POST
    /subscriptions/{id}/check` repeats a handshake, which ends a block, and `DELETE /subscriptions/{id}` ends it all.
    `vendors` are by the kind of object that is told of. `patience` is in real seconds, the platform's own unless given.
    """

    def __init__(
        self,
        world: World,
        vendors: Mapping[str, Vendor],
        faults: Faults | None = None,
        *,
        patience: float | None = None,
    ) -> None:
        self._world, self._vendors, self._faults = world, vendors, faults or Faults()
        self._patience = patience
        self._receivers = dict[int, Receiver]()
        self._made, self._followed = 0, world.number
        self._roots = dict[int, Said]()
        for post in world.posts():
            self._root(post)
        self._busy = asyncio.Lock()
        self._http: aiohttp.ClientSession | None = None

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.post("/subscribe", self._subscribe),
            web.get("/subscriptions", self._list),
            web.post("/subscriptions/{number}/check", self._check),
            web.delete("/subscriptions/{number}", self._end),
        ]

    async def acting(self, _: web.Application) -> AsyncIterator[None]:
        """Does what is due, as long as it is served."""
        session = aiohttp.ClientSession(headers={"Content-Type": "application/json"})
        async with session as self._http, asyncio.TaskGroup() as group:
            running = group.create_task(self._run(), name="push what happens")
            yield
            running.cancel()

    async def step(self) -> None:
        """Do all that is due by the platform's clock."""
        async with self._busy:
            self._follow()
            async with asyncio.TaskGroup() as group:
                for receiver in list(self._receivers.values()):
                    group.create_task(receiver.serve(self._world.now()), name=f"push to receiver {receiver.number}")

    def tell(self, event: Json) -> None:
        """Push an event that no change of the world stands for."""
        for receiver in self._receivers.values():
            receiver.tell_event(event, self._world.now())

    async def _run(self) -> None:
        while True:
            await self.step()
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK):
                    await self._world.news(self._followed)

    def _follow(self) -> None:
        """Take in what was said meanwhile."""
        told = list[Told]()
        for change in self._world.since(self._followed):
            self._followed, post = change.number, change.post
            told.append(Told(change, self._root(post), self._world.post(post.reply_to or post.repost_of or 0)))
            if change.op == "delete":
                del self._roots[post.key]
        for receiver in self._receivers.values() if told else ():
            receiver.tell(told, self._world.now())

    def _root(self, post: Said) -> Said:
        """The post at the beginning of a conversation, which stays so when those between go."""
        return self._roots.setdefault(post.key, self._roots.get(post.reply_to or post.repost_of or 0, post))

    async def _subscribe(self, request: web.Request) -> web.Response:
        try:
            wanted = _wanted(await request.read(), list(self._vendors))
        except ValueError as error:
            return _refusal(str(error))
        assert self._http is not None
        vendor = self._vendors[wanted.object]
        self._made += 1
        receiver = Receiver(
            number=self._made,
            wanted=wanted,
            vendor=vendor,
            faults=self._faults,
            http=self._http,
            patience=self._patience or vendor.patience,
        )
        async with self._busy:
            if len(self._receivers) >= MOST_RECEIVERS:
                return _refusal(f"there are {MOST_RECEIVERS} subscriptions already: end one")
            await receiver.check(self._world.now())
            if receiver.failed:
                ways = "is your receiver running there, with this secret and this verify_token?"
                return _refusal(f"{wanted.callback} did not answer the handshake as it should: {ways}")
            self._follow()
            self._receivers[receiver.number] = receiver
        return web.json_response(receiver.status())

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response([receiver.status() for receiver in self._receivers.values()])

    async def _check(self, request: web.Request) -> web.Response:
        receiver = self._named(request)
        async with self._busy:
            await receiver.check(self._world.now())
        return web.json_response(receiver.status())

    async def _end(self, request: web.Request) -> web.Response:
        receiver = self._named(request)
        async with self._busy:
            self._receivers.pop(receiver.number, None)
        return web.json_response(receiver.status())

    def _named(self, request: web.Request) -> Receiver:
        number = request.match_info["number"]
        found = self._receivers.get(int(number)) if number.isdecimal() else None
        if found is None:
            raise web.HTTPNotFound(text="there is no such subscription")
        return found


def _wanted(body: bytes, objects: Sequence[str]) -> Wanted:
    """What is wanted, as JSON says. Raises ValueError."""
    wanted = msgspec.json.decode(body, type=Wanted)
    if wanted.object not in (*objects, ""):
        raise ValueError(f"nothing is told of {wanted.object!r}; there are {', '.join(objects)}")
    if not wanted.secret:
        raise ValueError("a secret is needed to sign with")
    if not is_here(wanted.callback):
        raise ValueError("callback must be an address on this machine, such as http://127.0.0.1:8080/hook")
    return replace(wanted, object=wanted.object or objects[0])


def _refusal(why: str) -> web.Response:
    return web.json_response({"error": why}, status=HTTPStatus.BAD_REQUEST)
