"""Connections that do not end, against real servers."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta

import pytest
from aiohttp import WSCloseCode, WSMsgType, web

from listener.errors import FetchError
from tests.collecting import serving
from tests.servers import silence, tcp_server

SHORT, LONG = timedelta(seconds=0.2), timedelta(seconds=20)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def saying(*chunks, ending=b"0\r\n\r\n", then=None):
    """A server that says chunks, then ends as told, after `then`."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks))
        if then:
            await then(reader, writer)
        writer.write(ending)

    return serve


async def heard(client, url, silence=LONG, **options):
    async with client.stream(url, silence=silence, allow_private=True, **options) as stream:
        return stream.response.status, b"".join([chunk async for chunk in stream.chunks()])


async def failed(client, url, **options):
    with pytest.raises(FetchError) as caught:
        await heard(client, url, **options)
    return caught.value


async def test_what_comes_is_handed_on_until_the_server_ends_it(client):
    async with tcp_server(saying(b"data: 1\n\n", b"data: 2\n\n")) as port:
        assert await heard(client, f"http://127.0.0.1:{port}/") == (200, b"data: 1\n\ndata: 2\n\n")


async def test_a_server_that_says_nothing_more_is_left(client):
    async with tcp_server(saying(b":)\n", then=silence)) as port:
        error = await failed(client, f"http://127.0.0.1:{port}/s?token=hidden", silence=SHORT)
    assert (error.code, error.state) == ("silent", "reconnecting")
    assert "hidden" not in str(error)


async def test_a_connection_that_breaks_off_is_told_apart_from_an_end(client):
    async with tcp_server(saying(b"data: 1\n\n", ending=b"40\r\ndata: half")) as port:
        assert (await failed(client, f"http://127.0.0.1:{port}/")).code == "broken"


async def test_a_refusal_brings_its_reason_and_nothing_to_read(client, site):
    url = site.answers("/api", (401, {"Retry-After": "7"}, b'{"error":"The access token was revoked"}'))
    async with client.stream(url, silence=LONG, allow_private=True) as stream:
        assert stream.response.status == 401
        assert stream.response.body == b'{"error":"The access token was revoked"}'
        assert stream.response.retry_after == timedelta(seconds=7)
        assert [chunk async for chunk in stream.chunks()] == []


async def test_a_reason_is_read_only_when_asked_for_and_never_a_huge_one(client, site):
    url = site.answers("/api", (400, {}, b"because"))
    bomb = site.answers("/bomb", (500, {}, b"x" * 200_000))
    assert (await client.get(url, allow_private=True)).body == b""
    assert (await client.get(url, allow_private=True, explain=True)).body == b"because"
    assert (await client.get(bomb, allow_private=True, explain=True)).body == b""


async def test_a_redirect_is_followed_and_what_proves_who_we_are_goes_to_the_first_host_alone(client, site):
    async with serving() as elsewhere:
        end = elsewhere.answers("/end", b"there")
        here = site.answers("/here", (307, {"Location": "/again"}, b""))
        site.answers("/again", (307, {"Location": end}, b""))
        headers = {"Authorization": "Bearer secret", "Accept": "text/event-stream"}
        assert await heard(client, here, headers=headers) == (200, b"there")
        await client.get(here, headers=headers, allow_private=True)
        asked = [request.headers.get("Authorization") for request in [*site.asked, *elsewhere.asked]]
        assert asked == ["Bearer secret"] * 4 + [None] * 2
        assert {request.headers["Accept"] for request in elsewhere.asked} == {"text/event-stream"}


async def test_a_stream_that_is_open_keeps_nobody_from_asking_its_host(client):
    async with tcp_server(saying(b":)\n", then=silence)) as port, AsyncExitStack() as stack:
        for _ in range(2):
            stream = client.stream(f"http://127.0.0.1:{port}/", silence=LONG, allow_private=True)
            assert (await stack.enter_async_context(stream)).response.status == 200


@asynccontextmanager
async def talking(talk, *, refuse=None):
    """A WebSocket server; its address."""

    async def handle(request):
        if refuse:
            return web.Response(status=refuse[0], headers=refuse[1])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await talk(socket)
        return socket

    async with serving() as site:
        yield site.answers("/ws", handle).replace("http://", "ws://")


async def echo(socket):
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        else:
            await socket.send_bytes(message.data)


async def hear(socket):
    """Take everything, say nothing."""
    async for _ in socket:
        pass


async def receive_now_and_then(socket):
    """Give up waiting each time, so that only silence on the whole is silence."""
    while True:
        await socket._socket.ping()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await socket.receive()


async def received(client, url, **options):
    async def endlessly():
        async with client.websocket(url, **({"silence": LONG, "allow_private": True} | options)) as socket:
            while True:
                await socket.receive()

    with pytest.raises(FetchError) as caught:
        await endlessly()
    return caught.value


async def test_messages_go_both_ways(client):
    async with talking(echo) as url, client.websocket(url, silence=LONG, allow_private=True) as socket:
        await socket.send("été")
        assert await socket.receive() == "été".encode()


async def test_a_socket_on_which_nothing_comes_is_left(client):
    async with talking(hear) as url:
        assert (await received(client, url, silence=SHORT)).code == "silent"


async def test_a_server_that_pings_is_alive_and_one_that_only_answers_pings_is_not(client):
    async def ping(socket):
        for _ in range(8):
            await socket.ping()
            await asyncio.sleep(0.05)
        await socket.send_str("still here")
        await hear(socket)

    async with talking(ping) as url, client.websocket(url, silence=SHORT, allow_private=True) as socket:
        assert await socket.receive() == b"still here"
        with pytest.raises(FetchError, match="said nothing"):
            await receive_now_and_then(socket)


@pytest.mark.parametrize("reads", [False, True])
async def test_a_server_that_floods_us_with_pings_costs_no_reader_and_is_left_in_time(client, reads):
    async def flood(socket):
        transport = socket._req.transport
        if not reads:
            transport.pause_reading()
        while not transport.is_closing():
            transport.write(b"\x89\x7d" + b"p" * 125)
            if transport.get_write_buffer_size() > 1_000_000 or reads:
                await asyncio.sleep(0.001)

    async with talking(flood) as url, asyncio.timeout(20):
        async with client.websocket(url, silence=LONG, allow_private=True) as socket:
            for _ in range(20):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await socket.receive()
        assert asyncio.current_task().cancelling() == 0


async def test_the_end_of_a_socket_is_told_by_its_code(client):
    async def leave(socket):
        await socket.close(code=WSCloseCode.GOING_AWAY, message=b"restarting")

    async def break_off(socket):
        socket._req.transport.abort()

    async with talking(leave) as url:
        error = await received(client, url)
        assert (error.code, error.state) == ("1001", "reconnecting")
        assert "restarting" in str(error)
    async with talking(break_off) as url:
        assert (await received(client, url)).code == "1006"


async def test_a_message_that_is_too_large_ends_it(client):
    async def flood(socket):
        await socket.send_str("x" * 100_000)
        await hear(socket)

    async with talking(flood) as url:
        assert (await received(client, url, largest=10_000)).code == "too_large"


async def test_a_refused_handshake_says_its_status_and_reason(client):
    refuse = (401, {"X-Error-Message": "The access token is invalid", "Retry-After": "30"})
    async with talking(echo, refuse=refuse) as url:
        error = await received(client, url)
    assert (error.code, error.retry_after) == ("401", timedelta(seconds=30))
    assert "The access token is invalid" in str(error)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1/", "ws://localhost:1/", "http://example.org/", "ws://"])
async def test_a_socket_goes_where_it_may_and_nowhere_else(client, url):
    error = await received(client, url, allow_private=False)
    assert error.code in {"forbidden_address", "url"}


async def test_a_socket_goes_nowhere_else_when_it_is_sent_on(client, site):
    async with serving() as elsewhere:
        url = site.answers("/ws", (302, {"Location": f"{elsewhere.url}/in"}, b"")).replace("http", "ws")
        error = await received(client, f"{url}?token=hidden")
        assert (error.code, error.state, elsewhere.asked) == ("redirect", "reconnecting", [])
    assert "hidden" not in str(error)


async def test_a_stream_whose_address_leads_in_a_circle_is_a_typed_error(client, site):
    url = site.answers("/circle", (302, {"Location": "/circle"}, b""))
    assert (await failed(client, url)).code == "redirect"


async def test_nobody_there_is_a_typed_error(client):
    async with tcp_server(silence) as port:
        pass
    assert (await received(client, f"ws://127.0.0.1:{port}/")).code == "unreachable"
    assert (await failed(client, f"http://127.0.0.1:{port}/")).code == "unreachable"


async def received_many(client, url, most=100, room=1_000_000, **options):
    """What came at once, each time, and how it ended."""
    taken = []

    async def endlessly():
        async with client.websocket(url, **({"silence": LONG, "allow_private": True} | options)) as socket:
            while True:
                taken.append(await socket.receive_many(most, room, 0.1))

    with pytest.raises(FetchError) as caught:
        await endlessly()
    return taken, caught.value


async def test_what_comes_together_is_received_together_and_the_end_after_it(client):
    async def talk(socket):
        for number in range(7):
            await socket.send_str(str(number))
        await socket.close(code=WSCloseCode.GOING_AWAY)

    async with talking(talk) as url:
        taken, error = await received_many(client, url, most=5)
    assert ([each for some in taken for each in some], len(taken[0])) == ([b"0", b"1", b"2", b"3", b"4", b"5", b"6"], 5)
    assert error.code == "1001"


async def test_what_is_large_is_received_a_few_at_a_time(client):
    async def talk(socket):
        for _ in range(5):
            await socket.send_str("x" * 600)
        await socket.close()

    async with talking(talk) as url:
        taken, _ = await received_many(client, url, room=1_000)
    assert [len(some) for some in taken] == [2, 2, 1]


async def test_many_are_waited_for_while_the_server_pings_and_no_longer(client):
    async def ping(socket):
        for _ in range(8):
            await socket.ping()
            await asyncio.sleep(0.05)
        await socket.send_str("still here")
        await hear(socket)

    async with talking(ping) as url:
        taken, error = await received_many(client, url, silence=SHORT)
    assert (taken, error.code) == ([[b"still here"]], "silent")
