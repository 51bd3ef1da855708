import asyncio

import pytest
from aiohttp import web

from listener.errors import FetchError
from listener.net.client import open_client
from tests.servers import tcp_server


async def refused(client, url, **options):
    with pytest.raises(FetchError) as caught:
        await client.get(url, **({"allow_private": True} | options))
    return caught.value


async def test_it_says_who_asks_and_what_it_can_decode(site):
    url = site.answers("/a", "x")
    async with open_client(contact="https://agency.example/bot") as client:
        await client.get(url, allow_private=True)
    sent = site.asked[0].headers
    assert sent["User-Agent"].startswith("badbuzz/")
    assert sent["User-Agent"].endswith(" (+https://agency.example/bot)")
    assert sent["Accept-Encoding"] == "gzip, deflate"


async def test_loopback_is_refused_unless_allowed(site, client):
    url = site.answers("/a", "x")
    for address in (url, url.replace("127.0.0.1", "localhost"), url.replace("127.0.0.1", "[::ffff:127.0.0.1]")):
        error = await refused(client, address, allow_private=False)
        assert error.code == "forbidden_address"
    assert site.asked == []


async def test_a_connection_opened_with_permission_serves_nobody_without(site, client):
    url = site.answers("/a", "x")
    await client.get(url, allow_private=True)
    error = await refused(client, url.replace("127.0.0.1", "localhost"), allow_private=False)
    assert error.code == "forbidden_address"


async def test_permanent_redirects_are_told_apart_from_temporary_ones(site, client):
    end = site.answers("/end", "x")
    site.answers("/for-good", (301, {"Location": "/too"}, b""))
    site.answers("/too", (308, {"Location": end}, b""))
    site.answers("/for-now", (302, {"Location": "/for-good"}, b""))
    site.answers("/mixed", (301, {"Location": "/later"}, b""))
    later = site.answers("/later", (307, {"Location": "/end"}, b""))
    said = [await client.get(site.url + path, allow_private=True) for path in ("/for-good", "/for-now", "/mixed")]
    assert [response.url for response in said] == [end, end, end]
    assert [response.moved for response in said] == [end, None, later]


async def test_redirects_end(site, client):
    site.answers("/circle", (302, {"Location": "/back"}, b""))
    site.answers("/back", (302, {"Location": "/circle"}, b""))
    for step in range(7):
        site.answers(f"/{step}", (302, {"Location": f"/{step + 1}"}, b""))
    assert "circle" in str(await refused(client, site.url + "/circle"))
    assert str(await refused(client, site.url + "/0")) == "more than 5 redirects"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "http://", "http://[::1"])
async def test_a_redirect_leads_to_the_web_or_nowhere(site, client, target):
    url = site.answers("/away", (302, {"Location": target}, b""))
    assert (await refused(client, url)).code in {"url", "redirect"}


@pytest.mark.parametrize("url", ["", "example.org", "file:///etc/passwd", "http://", "https://[bad/"])
async def test_what_is_no_web_address_is_refused(client, url):
    assert (await refused(client, url)).code == "url"


async def test_a_host_that_asks_us_to_wait_is_left_alone(site, client):
    url = site.answers("/a", (429, {"Retry-After": "60"}, b""))
    other = site.answers("/b", "x")
    assert (await client.get(url, allow_private=True)).status == 429
    error = await refused(client, other)
    assert error.retry_after is not None
    assert 50 <= error.retry_after.total_seconds() <= 60
    assert len(site.asked) == 1


async def test_who_asks_a_host_makes_no_other_host_of_it_and_is_not_said(site, client):
    url = site.answers("/a", (429, {"Retry-After": "60"}, b"")).replace("//", "//camille:pa55@")
    await client.get(url, allow_private=True)
    for address in (url, site.answers("/b", "x")):
        assert str(await refused(client, address)).startswith(f"{site.url} asked us to wait 0:0")
    assert len(site.asked) == 1


async def test_a_host_is_asked_one_thing_at_a_time(site):
    begun, ended = [], asyncio.Semaphore(0)
    arrived = asyncio.Semaphore(0)

    async def held(request):
        begun.append(request)
        arrived.release()
        await ended.acquire()
        return web.Response(text="x")

    url, other = site.answers("/a", held), site.answers("/b", "x").replace("127.0.0.1", "localhost")
    async with open_client() as client, asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(client.get(url, allow_private=True))
        for count in range(1, 6):
            await asyncio.wait_for(arrived.acquire(), 5)
            # whatever else was on its way would be here before the whole of another conversation
            await client.get(other, allow_private=True)
            assert len(begun) == count
            ended.release()


async def slow_headers(_reader, writer):
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def slow_body(_reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def half(_reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf")
    await writer.drain()


async def noise(_reader, writer):
    writer.write(b"\x00\xff not http at all\r\n\r\n")
    await writer.drain()


async def endless_header(_reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000_000)
    await writer.drain()


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [(slow_headers, "timeout"), (slow_body, "timeout"), (half, "unreachable"), (noise, "unreachable"),
     (endless_header, "unreachable")],
)  # fmt: skip
async def test_a_broken_server_is_a_typed_error_in_limited_time(hasty_client, behaviour, code):
    async with tcp_server(behaviour) as port:
        assert (await refused(hasty_client, f"http://127.0.0.1:{port}/?token=s3cret")).code == code


async def test_errors_show_no_secret_of_an_address(client):
    error = await refused(client, "http://user:pa55@127.0.0.1:1/feed?token=s3cret#s3cret")
    assert "s3cret" not in str(error)
    assert "pa55" not in str(error)
    assert error.code == "unreachable"


async def test_a_body_is_read_no_further_than_the_limit(site, client):
    sent = 0

    async def endless(request):
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while sent < 50_000_000:
                await response.write(b"x" * 65536)
                sent += 65536
        except ConnectionError:
            pass
        return response

    assert (await refused(client, site.answers("/line", endless))).code == "too_large"
    assert sent < 20_000_000
