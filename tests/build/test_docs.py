import re
from pathlib import Path

import pytest

from config.load import load
from listener.catalogs import CATALOGS
from listener.checks import check
from listener.cli.main import COMMANDS
from tests.build.tables import DOCUMENTS, fresh

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_tables_of_a_document_are_what_the_code_says(name):
    text = read(ROOT / name)
    assert fresh(text) == text, "run: .venv/bin/python -m tests.build.tables"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page):
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", read(page))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page):
    named = re.findall(r"`((?:config|rules|alerts|listener|tests|docs|\.ci)/[\w./-]+)`", read(page))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists(page):
    text = read(page)
    blocks = "\n".join(re.findall(r"```(?:sh)?\n(.*?)```", text, re.DOTALL))
    shown = re.findall(r"`badbuzz ([a-z]+)", text) + re.findall(r"(?m)^(?:sudo )?\S*badbuzz ([a-z]+)", blocks)
    made = {path.stem.rstrip("_") for path in (ROOT / "listener/cli").glob("*.py")} & set(COMMANDS)
    assert set(shown) - made == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_configuration_that_is_shown_is_right(page, tmp_path, monkeypatch):
    for name in re.findall(r"!secret env:(\w+)", read(page)):
        monkeypatch.setenv(name, "0123456789abcdef")
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", read(page), re.DOTALL)):
        if "brands:" not in block:
            continue
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, encoding="utf-8")
        problems = check(load(path, CATALOGS), CATALOGS)
        assert [str(problem) for problem in problems if problem.level == "error"] == []


def test_every_alert_rule_is_explained_and_no_other():
    rung = re.findall(r"alert: (\w+)", read(ROOT / "config/prometheus/rules.yml"))
    assert rung == re.findall(r"(?m)^\| (Badbuzz\w+) \|", read(ROOT / "docs/operations.md"))


def test_every_log_event_that_is_explained_is_logged():
    chapter = read(ROOT / "docs/operations.md").partition("| event | level |")[2].partition("\n## ")[0]
    events = re.findall(r"(?m)^\| (\w+) \|", chapter)
    code = "".join(read(path) for room in ("alerts", "listener") for path in (ROOT / room).rglob("*.py"))
    assert events
    assert [event for event in events if f'("{event}"' not in code] == []
