"""What `make bench` runs: the commands that stand beside figures."""

from tests.bench.__main__ import PAGES, commands
from tests.build.test_docs import ROOT


def test_each_command_of_a_page_that_measures_runs_once_in_its_order():
    page = """
`.venv/bin/python -m tests.bench.steady --minutes 10` (and `--load natural`), `make ratios`,
`.venv/bin/python -m pytest -m bench -s
tests/bench/test_start.py`; again `.venv/bin/python -m tests.bench.steady --minutes 10`, `.venv/bin/pytest tests/e2e`.
"""
    steady = ["-m", "tests.bench.steady", "--minutes", "10"]
    assert commands(page) == [steady, ["-m", "pytest", "-m", "bench", "-s", "tests/bench/test_start.py"]]


def test_what_measures_beside_figures_is_there():
    pages = [(ROOT / f"docs/{page}.md").read_text(encoding="utf-8") for page in PAGES]
    named = {arguments[1] for page in pages for arguments in commands(page)} - {"pytest"}
    assert all((ROOT / f"{module.replace('.', '/')}.py").exists() for module in named)
    assert {"tests.bench.latency", "tests.bench.steady", "tests.bench.flames"} <= named
