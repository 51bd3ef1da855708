"""What an operator installs from config/ is checked by the programs that will read it."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from listener.cli.run import Role
from listener.observe.metrics import Metrics
from listener.observe.parts import PartMetrics

CONFIG = Path(__file__).parents[2] / "config"
DASHBOARD = json.loads((CONFIG / "grafana/badbuzz.json").read_text(encoding="utf-8"))
OTHERS = {"up", "job", "instance"}


def run(*command: str, cwd: Path) -> None:
    """Passes when the program has nothing to say against it."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed: make servers")
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def offered() -> set[str]:
    """Every name a scrape can show."""
    metrics = Metrics(version="1", now=lambda: 0)
    PartMetrics(metrics.registry)
    body, _ = metrics.exposition("")
    suffixes = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}
    return {family.name + suffix for family in families(body.decode()) for suffix in suffixes.get(family.type, ("",))}


def queries() -> dict[str, str]:
    """Each query of the dashboard by the title of its panel, with Grafana's variables filled in."""
    found = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", [])
    }
    found["annotation"] = DASHBOARD["annotations"]["list"][0]["expr"]
    filled = {"$__rate_interval": "1m", "$brand": ".*", "$job": ".*"}
    for variable, value in filled.items():
        found = {title: query.replace(variable, value) for title, query in found.items()}
    return found


def names(query: str) -> set[str]:
    return set(re.findall(r"\b(?:badbuzz|process|python)_\w+", query))


def test_promtool_accepts_the_scrape_configuration_and_the_rules():
    run("promtool", "check", "config", "scrape.yml", cwd=CONFIG / "prometheus")
    run("promtool", "check", "rules", "rules.yml", cwd=CONFIG / "prometheus")


def test_the_alert_rules_ring_when_they_should_and_only_then():
    run("promtool", "test", "rules", "rules_test.yml", cwd=CONFIG / "prometheus")


def test_every_alert_rule_asks_for_a_metric_that_exists():
    asked = names((CONFIG / "prometheus/rules.yml").read_text(encoding="utf-8"))
    assert asked - offered() == set()


@pytest.mark.parametrize("title", queries())
def test_every_query_of_the_dashboard_asks_for_a_metric_that_exists(title):
    assert names(queries()[title]) - offered() == set()
    assert "$" not in queries()[title]


def test_prometheus_can_read_every_query_of_the_dashboard(tmp_path):
    rules = [{"record": f"q:{number}", "expr": query} for number, query in enumerate(queries().values())]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    run("promtool", "check", "rules", "rules.yml", cwd=tmp_path)


def test_the_dashboard_shows_every_metric_of_ours():
    shown = set().union(*map(names, queries().values()))
    ours = {name for name in offered() if name.startswith("badbuzz_") and not name.endswith(("_sum", "_count"))}
    assert ours - shown == {"badbuzz_config_last_reload_success_timestamp_seconds"}


SERVICE = (CONFIG / "systemd/badbuzz.service").read_text(encoding="utf-8")
ROLE = (CONFIG / "systemd/badbuzz-role@.service").read_text(encoding="utf-8")


def test_systemd_accepts_the_unit(tmp_path):
    (tmp_path / "badbuzz.service").write_text(re.sub(r"/opt/badbuzz/bin/badbuzz.*", str(shutil.which("true")), SERVICE))
    run("systemd-analyze", "verify", "--man=no", "./badbuzz.service", cwd=tmp_path)


@pytest.mark.parametrize("role", get_args(Role))
def test_systemd_accepts_the_unit_of_a_role_and_reads_the_role_from_its_name(role, tmp_path):
    program = tmp_path / role
    program.symlink_to(str(shutil.which("true")))
    unit = re.sub(r"/opt/badbuzz/bin/badbuzz check.*", str(program), ROLE)
    unit = re.sub(r"/opt/badbuzz/bin/badbuzz run --role (\S+)", rf"{tmp_path}/\1", unit)
    (tmp_path / f"badbuzz-{role}@.service").write_text(unit)
    run("systemd-analyze", "verify", "--man=no", f"./badbuzz-{role}@9471.service", cwd=tmp_path)


@pytest.mark.parametrize("unit", ["badbuzz.service", "badbuzz-role@.service"])
def test_systemd_calls_a_unit_safe(unit):
    run("systemd-analyze", "security", "--offline=yes", "--threshold=15", f"./{unit}", cwd=CONFIG / "systemd")


def test_a_role_is_contained_and_ended_as_the_whole_is():
    own = {"Description", "Environment", "ExecStart", "StateDirectory"}
    lines = [
        [line for line in unit.splitlines() if line[:1] not in {"", "#"} and line.partition("=")[0] not in own]
        for unit in (SERVICE, ROLE)
    ]
    assert lines[0] == lines[1]
