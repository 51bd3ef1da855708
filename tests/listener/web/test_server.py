import asyncio
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from config.problems import ConfigError, Problem
from listener.web.guard import FAILURES_PER_MINUTE, PEERS, SESSION_LIFE, Guard
from listener.web.server import build_app
from rules.instant import MINUTE
from tests.listener.web.world import NOW, TOKEN

BEARER = {"Authorization": f"Bearer {TOKEN}"}
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.mark.parametrize("path", ["/-/healthy", "/healthz", "/-/ready", "/readyz"])
async def test_a_daemon_that_is_well_says_so(served, path):
    assert (await (await served()).get(path)).status == 200


async def test_a_sick_daemon_says_why(served, world):
    world.daemon.trouble = "nothing was committed for 60 s"
    answer = await (await served()).get("/-/healthy")
    assert (answer.status, await answer.text()) == (503, "nothing was committed for 60 s\n")


async def test_a_daemon_that_waits_is_healthy_and_not_ready(served, world):
    world.daemon.wait = "catching up"
    client = await served()
    assert [(await client.get(path)).status for path in ("/-/healthy", "/-/ready")] == [200, 503]


async def test_metrics_are_served_in_the_form_that_is_asked_for(served):
    client = await served()
    plain = await client.get("/metrics")
    opened = await client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert plain.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert opened.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert "badbuzz_build_info" in await plain.text()


async def test_a_reload_tells_its_warnings(served, world):
    world.warnings = [Problem(message="no channel wakes", path="routes.0", level="warning")]
    answer = await (await served()).post("/-/reload")
    assert (answer.status, await answer.text()) == (200, "reloaded\nwarning: routes.0: no channel wakes\n")


async def test_a_refused_reload_tells_every_problem_and_no_secret(served, world):
    world.refused = ConfigError(
        [Problem(message="unknown key 'quer'", file="b.yaml", line=3), Problem(message=f"bad value {TOKEN}")]
    )
    answer = await (await served()).post("/-/reload")
    assert answer.status == 400
    assert await answer.text() == (
        "the configuration was not changed\nb.yaml:3: error: unknown key 'quer'\nerror: bad value ***\n"
    )


async def test_a_reload_is_never_a_get(served):
    assert (await (await served()).get("/-/reload")).status == 405


async def test_what_is_pushed_reaches_its_source_and_no_other(served, world):
    async def take(request: web.Request) -> web.Response:
        return web.Response(text=(await request.read()).decode()[::-1])

    world.routes["crm"] = [web.post("/", take)]
    client = await served()
    taken = await client.post("/in/crm", data=b"olleh", headers={"Origin": "https://elsewhere.example"})
    assert (taken.status, await taken.text()) == (200, "hello")
    assert (await client.post("/in/other", data=b"x")).status == 404
    assert (await client.post("/in/crm/more", data=b"x")).status == 404
    refused = await client.get("/in/crm")
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("host", ["rebound.example", "badbuzz.example.evil.example", "10.0.0.5:9465", "[::1"])
async def test_on_loopback_a_foreign_host_name_is_refused(served, host):
    answer = await (await served()).get("/", headers={"Host": host})
    assert answer.status in {400, 403}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9465", "[::1]:9465", "bb.example"])
async def test_on_loopback_its_own_names_are_answered(served, world, host):
    world.settings = replace(world.settings, external_url="https://bb.example")
    assert (await (await served()).get("/", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
@pytest.mark.parametrize("path", ["/-/reload", "/i/37/ack", "/label", "/login"])
async def test_another_site_cannot_act(served, world, headers, path):
    world.demand_token()
    answer = await (await served()).post(path, headers={**BEARER, **headers}, data={"by": "x"})
    assert answer.status == 403
    assert world.views.asked == []


@pytest.mark.parametrize("form", [{}, {"form": "0" * 64}, {"form": "é"}])
async def test_a_form_that_was_not_made_here_changes_nothing(served, world, form):
    answer = await (await served()).post("/i/37/ack", data={"by": "Léa", **form})
    assert answer.status == 403
    assert world.views.asked == []


async def test_every_page_forbids_scripts_frames_and_sniffing(served):
    headers = (await (await served()).get("/")).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "aiohttp" not in headers["Server"]


def test_a_site_that_others_can_reach_is_not_built_without_a_token(world):
    world.settings = replace(world.settings, local=False)
    with pytest.raises(ValueError, match=r"daemon\.token is needed"):
        build_app(world.site())


@pytest.mark.parametrize("path", ["/", "/i/37", "/metrics"])
async def test_without_the_token_nothing_is_shown(served, world, path):
    world.demand_token()
    answer = await (await served()).get(path)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="badbuzz"')
    assert "acme-air" not in await answer.text()


async def test_without_the_token_nothing_is_done(served, world):
    world.demand_token()
    client = await served()
    assert [(await client.post(path)).status for path in ("/-/reload", "/i/37/ack")] == [401, 401]


@pytest.mark.parametrize("given", ["Bearer wrong", "Bearer ", "Basic " + TOKEN, "Bearer é"])
async def test_a_wrong_token_is_refused(served, world, given):
    world.demand_token()
    assert (await (await served()).get("/metrics", headers={"Authorization": given})).status == 401


@pytest.mark.parametrize("path", ["/", "/metrics"])
async def test_the_token_opens_the_page_and_the_metrics(served, world, path):
    world.demand_token()
    assert (await (await served()).get(path, headers=BEARER)).status == 200


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready", "/style.css"])
async def test_health_needs_no_token(served, world, path):
    world.demand_token()
    assert (await (await served()).get(path)).status == 200


async def test_a_browser_is_asked_for_the_token_and_then_taken_where_it_wanted(served, world):
    world.demand_token()
    client = await served()
    asked = await client.get("/i/37?lang=en", headers=BROWSER)
    assert asked.url.path == "/login"
    entered = await client.post("/login", data={"token": TOKEN, "next": asked.url.query["next"]}, headers=BROWSER)
    assert (entered.status, entered.url.path_qs) == (200, "/i/37?lang=en")
    cookie = entered.history[0].cookies["badbuzz"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Strict", "")
    assert TOKEN not in cookie.value


async def test_behind_https_the_session_never_travels_in_clear(served, world):
    world.demand_token()
    world.settings = replace(world.settings, external_url="https://bb.example")
    answer = await (await served()).post("/login", data={"token": TOKEN}, allow_redirects=False)
    assert answer.cookies["badbuzz"]["secure"] is True


async def session(client) -> dict[str, str]:
    answer = await client.post("/login", data={"token": TOKEN}, allow_redirects=False)
    return {"Cookie": f"badbuzz={answer.cookies['badbuzz'].value}"}


async def test_a_session_ends_in_time(served, world):
    world.demand_token()
    client = await served()
    cookie = await session(client)
    client.session.cookie_jar.clear()
    assert (await client.get("/", headers=cookie)).status == 200
    world.now += SESSION_LIFE
    assert (await client.get("/", headers=cookie)).status == 401


async def test_a_session_ends_when_the_token_changes(served, world):
    world.demand_token()
    client = await served()
    cookie = await session(client)
    client.session.cookie_jar.clear()
    world.settings = replace(world.settings, token=type(world.settings.token)("another-token"))
    assert (await client.get("/", headers=cookie)).status == 401


@pytest.mark.parametrize("forged", ["", ".", f"{NOW + 1}.", f"{NOW * 2}.{'0' * 64}", "é.é"])
async def test_a_forged_session_is_refused(served, world, forged):
    world.demand_token()
    client = await served()
    assert (await client.get("/", headers={"Cookie": f"badbuzz={forged}"})).status == 401


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "", "/\r\nX: y"])
async def test_after_logging_in_nobody_is_sent_elsewhere(served, world, wanted):
    world.demand_token()
    answer = await (await served()).post("/login", data={"token": TOKEN, "next": wanted}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/")


async def raw(client, head: bytes, body: bytes = b"") -> int:
    """The status that bytes are answered with which no well-bred client sends."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(head + b"\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    return int(answer.split()[1])


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (b"GET / HTTP/1.1\r\nAuthorization: Bearer \xff\xfe", b"", 401),
        (b"GET / HTTP/1.1\r\nCookie: badbuzz=\xff.\xfe", b"", 401),
        (b"GET / HTTP/1.1\r\nCookie: badbuzz=\xff", b"", 401),
        (b"POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded", b"token=%ff%fe", 403),
        (b"POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded", b"token=\xff\xfe", 400),
        (b"POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded; charset=no", b"token=x", 400),
        (b"POST /login HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x", b"\xff", 400),
        (b"POST /login HTTP/1.1\r\nContent-Type: multipart/form-data", b"\xff", 400),
    ],
)
async def test_credentials_that_are_no_text_are_refused(served, world, head, body, status):
    world.demand_token()
    assert await raw(await served(), head, body) == status


async def test_guessing_the_token_is_slowed_down(served, world):
    world.demand_token()
    client = await served()
    answers = [(await client.post("/login", data={"token": "x"})).status for _ in range(FAILURES_PER_MINUTE + 1)]
    assert answers == [403] * FAILURES_PER_MINUTE + [429]
    world.now += MINUTE + 1
    assert (await client.post("/login", data={"token": TOKEN}, allow_redirects=False)).status == 303


async def test_guessing_the_token_in_a_header_is_slowed_down_with_it(served, world):
    world.demand_token()
    client = await served()
    cookie = await session(client)
    client.session.cookie_jar.clear()
    wrong = {"Authorization": "Bearer x"}
    answers = [(await client.get("/metrics", headers=wrong)).status for _ in range(FAILURES_PER_MINUTE + 1)]
    assert answers == [401] * FAILURES_PER_MINUTE + [429]
    refused = await client.get("/metrics", headers=BEARER)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "60")
    assert (await client.post("/login", data={"token": TOKEN})).status == 429
    assert (await client.get("/", headers=cookie)).status == 200
    world.now += MINUTE + 1
    assert (await client.get("/metrics", headers=BEARER)).status == 200


def asked_from(peer: str) -> web.Request:
    return make_mocked_request("GET", "/").clone(remote=peer)


def guard_of(world) -> Guard:
    world.demand_token()
    return Guard(settings=lambda: world.settings, key=b"k" * 32, now=lambda: world.now)


@pytest.mark.parametrize(
    ("guesser", "neighbour", "stranger"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"),
    ],
)
def test_who_guesses_locks_out_nobody_else(world, guesser, neighbour, stranger):
    guard = guard_of(world)
    for _ in range(FAILURES_PER_MINUTE):
        guard.takes_token(asked_from(guesser), "x")
    assert [guard.may_try(asked_from(peer)) for peer in (neighbour, stranger)] == [False, True]
    assert guard.takes_token(asked_from(stranger), TOKEN)


def test_guesses_from_ever_new_addresses_are_forgotten_oldest_first(world):
    guard = guard_of(world)
    for _ in range(FAILURES_PER_MINUTE):
        guard.takes_token(asked_from("192.0.2.1"), "x")
    for number in range(PEERS):
        guard.takes_token(asked_from(f"10.0.{number // 250}.{number % 250}"), "x")
    assert guard.may_try(asked_from("192.0.2.1"))
