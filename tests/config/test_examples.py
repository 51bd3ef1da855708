"""The configurations that are shipped are right."""

import shutil
from importlib.resources import files
from pathlib import Path

from config.load import load
from listener.catalogs import CATALOGS
from listener.checks import check

EXAMPLE = Path(str(files("config"))) / "examples" / "badbuzz.yaml"
ENVIRON = {
    "FORUM_SECRET": "a-key-long-enough-to-sign-with",
    "SLACK_WEBHOOK": "https://chat.example/hook",
    "SMTP_PASSWORD": "pa55",
    "NTFY_TOPIC": "acme-alerts",
    "NTFY_ANSWERS": "acme-answers",
    "HEARTBEAT_URL": "https://watchdog.example/ping",
}


def test_the_full_example_is_right_and_needs_no_warning(tmp_path: Path) -> None:
    path = Path(shutil.copy(EXAMPLE, tmp_path))
    loaded = load(path, CATALOGS, ENVIRON)
    assert [*loaded.warnings, *check(loaded, CATALOGS)] == []


def test_the_full_example_shows_every_rule_kind_and_names_kinds_that_exist(tmp_path: Path) -> None:
    settings = load(Path(shutil.copy(EXAMPLE, tmp_path)), CATALOGS, ENVIRON).settings
    assert sorted(rule.kind for rule in settings.rules.values()) == CATALOGS.rules.kinds()
