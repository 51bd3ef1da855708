"""The compose file and what it mounts: each is checked by a program that knows its kind."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.build.test_operator_files import CONFIG, run

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
