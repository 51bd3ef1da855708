"""The compose file and what it mounts: each is checked by a program that knows its kind."""

import asyncio
import re
import shutil
import subprocess
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL

import pytest
import yaml
from aiohttp import ClientError, ClientSession, web

from listener.net.loopback import served
from tests.build.test_operator_files import CONFIG, run
from tests.e2e.daemon import until
from tests.servers import free_port

ROOT = CONFIG.parent
FOLDER = CONFIG / "compose"
SERVICES = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))["services"]

GIVEN = {
    "database": "postgresql://badbuzz:of-the-database@postgres/badbuzz",
    "page-token": "token-for-the-page-9c1",
    "phone-topic": "topic-of-the-phone-77ab",
}


def tool(name: str) -> str:
    """A program of this environment."""
    return str(Path(sys.executable).with_name(name))


def pins(file: str) -> dict[str, str]:
    """The hashes of each version in a lock file."""
    text = (ROOT / "requirements" / file).read_text(encoding="utf-8")
    return dict(re.findall(r"(?m)^([\w.-]+==\S+)[^\n]*\n((?:    --hash=\S+(?: \\)?\n)+)", text))


def test_the_compose_file_is_one_and_compose_lint_has_nothing_grave_to_say():
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "compose.yaml", cwd=FOLDER)
    run(tool("compose-lint"), "--fail-on", "high", "compose.yaml", cwd=FOLDER)


def test_hadolint_accepts_the_recipe_of_the_image():
    run(tool("hadolint"), "Dockerfile", cwd=FOLDER)


def test_haproxy_accepts_its_configuration():
    run("haproxy", "-c", "-q", "-f", "haproxy.cfg", cwd=FOLDER)


def test_prometheus_accepts_its_configuration(tmp_path):
    written = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    (tmp_path / "token").touch()
    moved = written.replace("/etc/prometheus/rules.yml", str(CONFIG / "prometheus/rules.yml"))
    (tmp_path / "prometheus.yml").write_text(moved.replace("/run/secrets/prometheus-token", str(tmp_path / "token")))
    run("promtool", "check", "config", "prometheus.yml", cwd=tmp_path)


@pytest.mark.parametrize("service", ["listen", "judge", "notify", "migrate"])
def test_each_container_of_ours_has_the_secrets_that_the_configuration_asks_for(service, tmp_path):
    for secret in SERVICES[service]["secrets"]:
        (tmp_path / secret).write_text(GIVEN[secret])
        (tmp_path / secret).chmod(0o600)
    written = (FOLDER / "etc/badbuzz.yaml").read_text(encoding="utf-8")
    (tmp_path / "badbuzz.yaml").write_text(written.replace("/run/secrets/", f"{tmp_path}/"))
    ran = subprocess.run(
        [tool("badbuzz"), "check", "badbuzz.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    warned = re.findall(r"(?:error|warning): ([a-z_.]+):", ran.stdout + ran.stderr)
    assert (ran.returncode, warned) == (0, ["daemon.external_url"]), ran.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_each_container_is_watched_bounded_and_started_again(service):
    made = SERVICES[service]
    assert {"restart", "healthcheck", "logging"} - made.keys() == set()
    assert made["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}


@pytest.mark.parametrize("service", ["listen", "judge", "notify"])
def test_what_was_told_to_reload_is_started_again_when_it_dies(service):
    """Docker takes a signal that `docker compose kill` passes on for a stop by hand, unless the image says which signal
    stops it; and only `always` makes nothing of a stop by hand.
    """
    stops = re.findall(r"(?m)^STOPSIGNAL (.+)$", (FOLDER / "Dockerfile").read_text(encoding="utf-8"))
    assert (SERVICES[service]["restart"], stops) == ("always", ["SIGTERM"])


def test_nothing_but_the_page_can_be_reached_and_that_from_this_machine_alone():
    assert {name: one["ports"] for name, one in SERVICES.items() if "ports" in one} == {"page": ["127.0.0.1:9465:9465"]}


def test_the_image_holds_nothing_that_is_not_tested_here():
    assert pins("image.txt").items() - pins("dev.txt").items() == set()
    assert len(pins("image.txt")) > 50


def test_the_brokers_are_of_the_release_that_is_tested_here():
    tested = re.search(
        r"<artifactId>kafka_2.13</artifactId>\s*<version>(.+)</version>", (ROOT / ".ci/kafka/pom.xml").read_text()
    )
    assert tested
    assert SERVICES["kafka-1"]["image"] == f"apache/kafka:{tested[1]}"


def answering(name, *, login=200, taken=200):
    """A process as a proxy sees it; `login` and `taken` are what it answers on the page and to what is pushed."""

    async def answer(request):
        status = {"/login": login, "/-/ready": 200, "/in/forum": taken}.get(request.path, login)
        return web.Response(status=status, text=f"{name} {(await request.read()).decode()}".strip())

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return served(app)


@asynccontextmanager
async def proxied(tmp_path, **groups):
    """The proxy before these addresses, in place of the names that containers have."""
    text, port = (FOLDER / "haproxy.cfg").read_text(encoding="utf-8"), free_port()
    for role, urls in groups.items():
        there = "\n".join(f"    server {role}{number} {url[7:]}" for number, url in enumerate(urls))
        text = re.sub(rf"    server-template {role} .*", there, text)
    file = tmp_path / "haproxy.cfg"
    file.write_text(
        text.replace(" resolvers docker init-addr none", "").replace("bind :9465", f"bind 127.0.0.1:{port}")
    )
    process = await asyncio.create_subprocess_exec("haproxy", "-db", "-q", "-f", file, stdout=DEVNULL, stderr=DEVNULL)
    try:
        async with ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        process.kill()
        await process.wait()


async def said(session, method, path, **what):
    async with session.request(method, path, **what) as answer:
        return answer.status, await answer.text()


@pytest.mark.skipif(not shutil.which("haproxy"), reason="haproxy is not installed: make servers")
async def test_the_proxy_finds_the_desk_and_the_listener_that_reads_a_source(tmp_path):
    async with AsyncExitStack() as stack:
        notify = [
            await stack.enter_async_context(answering("deputy", login=503)),
            await stack.enter_async_context(answering("desk")),
        ]
        listen = [
            await stack.enter_async_context(answering("other", taken=503)),
            await stack.enter_async_context(answering("reader")),
        ]
        session = await stack.enter_async_context(proxied(tmp_path, notify=notify, listen=listen))
        await until("the proxy knows the desk", lambda: is_found(session))
        assert {(200, "desk")} == {await said(session, "GET", "/") for _ in range(4)}
        assert {(200, "reader said")} == {await said(session, "POST", "/in/forum", data="said") for _ in range(4)}


async def is_found(session):
    try:
        answers = [await said(session, "GET", "/") for _ in range(2)]
    except ClientError:
        return False
    return answers == [(200, "desk")] * 2
