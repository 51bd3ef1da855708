"""The frame of the command line."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from listener.cli.main import COMMANDS
from tests.listener.cli.conftest import Badbuzz
from tests.listener.cli.stocked import stocked

HEAVY = ("pydantic", "aiohttp", "sqlalchemy", "rich")
OF_OTHERS = (
    *("sqlalchemy.ext.asyncio", "asyncpg", "alembic", "icalendar", "recurring_ical_events", "slack_sdk", "aiomqtt"),
    *(
        "aiosmtplib",
        "lxml",
        "nh3",
        "vaderSentiment",
        "aiokafka",
        "apprise",
        "py3langid",
        "typer",
        "amqtt",
        "matplotlib",
    ),
)
"""What a daemon that reads a file and tells a ntfy server on SQLite has no use for."""
DAEMON = """
import listener.service
from listener.catalogs import CATALOGS
CATALOGS.sources.spec("file"), CATALOGS.rules.spec("spike"), CATALOGS.channels.spec("ntfy")
"""


def test_help_lists_the_commands_that_exist(badbuzz: Badbuzz) -> None:
    run = badbuzz("--help")
    assert (run.code, "check " in run.out, "Write a short configuration" in run.out) == (0, True, True)


def test_an_unknown_command_is_a_usage_error(badbuzz: Badbuzz) -> None:
    assert [badbuzz("chekc").code, badbuzz().code, badbuzz("check", "--nonsense").code] == [2, 2, 2]


def test_the_frame_imports_nothing_heavy() -> None:
    program = f"import sys, listener.cli.main; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_daemon_imports_nothing_that_only_others_need() -> None:
    program = f"{DAEMON}\nimport sys; print([name for name in {OF_OTHERS!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("line", [["config", "schema"], ["incidents", "list", "--json"], ["listen", "file", "path=f"]])
def test_a_reader_that_goes_away_is_no_error_to_report(tmp_path: Path, line: list[str]) -> None:
    stocked(tmp_path)
    (tmp_path / "f").write_text('{"id": "1", "text": "a"}\n')
    program = f"import sys; sys.argv[1:] = {line}; from listener.cli.main import main; main()"
    command, environ = [sys.executable, "-c", program], {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, b"")


def test_help_is_short_and_whole_everywhere(badbuzz: Badbuzz) -> None:
    lines = [("-h",), *((command, "-h") for command in COMMANDS if command not in {"doctor", "mock"})]
    lines += [("incidents", "resolve", "-h"), ("db", "backup", "-h")]
    runs = [badbuzz(*line) for line in lines]
    assert [0] * len(runs) == [run.code for run in runs]
    said = [line for run in runs for line in run.out.splitlines() if not line.startswith("Usage:")]
    assert [] == [line for line in said if line.endswith("...")]


def test_version_says_which_it_is(badbuzz: Badbuzz) -> None:
    run = badbuzz("version")
    assert run.out.startswith(f"badbuzz {version('badbuzz')} ")
    assert badbuzz("--version").out == run.out


def test_version_warns_of_a_package_that_another_distribution_owns(
    badbuzz: Badbuzz, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = {"config": ["badbuzz", "python-config"], "rules": ["badbuzz"]}
    monkeypatch.setattr("listener.cli.version.packages_distributions", lambda: owners)
    run = badbuzz("version")
    assert (run.code, run.err.startswith("warning: the package 'config' also belongs to python-config")) == (0, True)


def test_explain_lists_every_kind_by_role(badbuzz: Badbuzz) -> None:
    lines = badbuzz("explain").out.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    kinds = {line.split()[0] for line in lines if line.startswith(" ")}
    assert heads == ["source kinds", "rule kinds", "channel kinds"]
    assert {"feed", "spike", "slack"} <= kinds


def test_explain_shows_options_an_example_and_capabilities(badbuzz: Badbuzz) -> None:
    out = badbuzz("explain", "slack").out
    assert "  webhook (secret, required)\n" in out
    assert "      webhook: !secret env:SLACK_WEBHOOK\n" in out
    assert "  wakes: " in out


def test_explain_of_an_unknown_kind_suggests_one(badbuzz: Badbuzz) -> None:
    run = badbuzz("explain", "slak")
    assert (run.code, run.err) == (2, "badbuzz: unknown kind 'slak'; did you mean 'slack'?\n")


def test_a_query_that_looks_like_an_option_is_told_its_place(badbuzz: Badbuzz) -> None:
    run = badbuzz("match", "-acme")
    assert (run.code, "badbuzz match -- '-acme ...'" in run.err) == (2, True)


def test_a_copy_that_cannot_be_written_blames_its_place(badbuzz: Badbuzz, tmp_path: Path) -> None:
    run = badbuzz("db", "backup", "/nonexist/x.db", "--config", stocked(tmp_path))
    assert (run.code, run.err) == (1, "badbuzz: cannot write /nonexist/x.db: No such file or directory\n")


def test_a_file_of_texts_is_told_its_place(badbuzz: Badbuzz, tmp_path: Path) -> None:
    (tmp_path / "texts.jsonl").touch()
    run = badbuzz("score", tmp_path / "texts.jsonl")
    assert (run.code, "badbuzz score ... < FILE" in run.err) == (2, True)


def test_a_stop_while_a_command_is_loaded_is_no_traceback(badbuzz: Badbuzz, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("listener.cli.main.import_module", stopped)
    assert (badbuzz("version").code, badbuzz("version").err) == (130, "")
