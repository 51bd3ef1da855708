"""`badbuzz backtest`: recordings in, transitions out, whatever the lines hold."""

import json

import pytest
import typer
from typer.testing import CliRunner

from listener.cli.backtest import command
from tests.listener.cli.stocked import stocked
from tests.listener.pipeline.world import configured

PROGRAM = typer.Typer()
PROGRAM.command()(command)


@pytest.fixture
def config(tmp_path):
    configured(tmp_path)
    return tmp_path / "badbuzz.yaml"


def line(number, **changes):
    known = {"id": str(number), "text": "acme is slow", "observed_at": f"2026-11-14T22:{number:02}:00Z"}
    return json.dumps(known | {"author": {"handle": f"by {number}"}} | changes)


def recording(folder, *lines):
    file = folder / "recording.jsonl"
    file.write_bytes(b"\n".join(part if isinstance(part, bytes) else part.encode() for part in lines) + b"\n")
    return file


def lines(run):
    return [json.loads(text) for text in run.out.splitlines()]


def test_transitions_come_as_json_lines_and_a_summary_last(badbuzz, tmp_path, config):
    run = badbuzz("backtest", config, recording(tmp_path, *map(line, range(5)), line(50)))
    opened, resolved, summary = lines(run)
    assert ("transition", "2026-11-14T22:02:00Z", "open", "many") == tuple(
        opened[key] for key in ("type", "at", "state", "rule")
    )
    assert "resolved" == resolved["state"]
    assert {"type": "summary", "mentions": 6, "counted": 6, "unreadable": 0}.items() <= summary.items()
    assert 0 == run.code


def test_two_runs_are_the_same_byte_for_byte(badbuzz, tmp_path, config):
    file = recording(tmp_path, *map(line, range(5)), line(3, op="update", text="acme edited"), line(50))
    assert badbuzz("backtest", config, file).out == badbuzz("backtest", config, file).out


def test_at_wins_over_when_it_was_seen(badbuzz, tmp_path, config):
    run = badbuzz("backtest", config, recording(tmp_path, *(line(n, at="2026-12-24T18:00:00Z") for n in range(3))))
    assert "2026-12-24T18:00:00Z" == lines(run)[0]["at"]


def test_lines_that_are_no_mentions_are_named_counted_and_left_out(badbuzz, tmp_path, config):
    bad = [b"{", b"\xff\xfe", b"[]", b'{"id": "x"}', line(1, observed_at="2026-11-14T22:00:00"), b"[" * 50_000]
    bad += [b'{"id": "' + b"a" * 5_000_000 + b'"}', *[b"?"] * 20]
    run = badbuzz("backtest", config, recording(tmp_path, *bad, *map(line, range(3))))
    summary = lines(run)[-1]
    assert (1, 27, 3) == (run.code, summary["unreadable"], summary["counted"])
    assert "recording.jsonl:1: " in run.err
    assert "further lines are left out silently" in run.err
    assert len(run.err.splitlines()) == 11


def test_a_dash_is_standard_input(tmp_path, config):
    text = "".join(f"{line(number)}\n" for number in range(3))
    run = CliRunner().invoke(PROGRAM, [str(config), "-"], input=text)
    assert "open" == json.loads(run.stdout.splitlines()[0])["state"]


def test_several_recordings_are_one(badbuzz, tmp_path, config):
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    first.write_text(line(0) + "\n" + line(1) + "\n")
    second.write_text(line(2) + "\n")
    assert "open" == lines(badbuzz("backtest", config, first, second))[0]["state"]


def test_a_recording_that_is_not_there_is_a_usage_error(badbuzz, tmp_path, config):
    run = badbuzz("backtest", config, tmp_path / "nowhere.jsonl")
    assert 2 == run.code
    assert "nowhere.jsonl" in run.err
    assert 2 == badbuzz("backtest", config).code


def test_credentials_are_not_needed_and_queries_must_compile(badbuzz, tmp_path, config):
    good = config.read_text()
    hook = "channels: {hook: {kind: webhook, url: !secret env:NOT_SET, secret: !secret env:NOR_THIS}, "
    config.write_text(good.replace("channels: {", hook))
    assert 0 == badbuzz("backtest", config, recording(tmp_path, line(1))).code
    config.write_text(good.replace("query: acme", "query: 'acme ('"))
    run = badbuzz("backtest", config, recording(tmp_path, line(1)))
    assert (1, "") == (run.code, run.out)
    assert "badbuzz.yaml:" in run.err


def test_what_the_daemon_stored_is_what_its_log_says(badbuzz, tmp_path):
    run = badbuzz("backtest", stocked(tmp_path), "--from-store")
    step, summary = lines(run)
    assert ("open", True, 1) == (step["state"], summary["equal"], summary["replayed"])
    assert 0 == run.code


def test_the_store_of_the_configuration_found_here_is_replayed(badbuzz, tmp_path, monkeypatch):
    monkeypatch.chdir(stocked(tmp_path).parent)
    assert 0 == badbuzz("backtest", "--from-store").code
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setenv("BADBUZZ_CONFIG", str(tmp_path / "badbuzz.yaml"))
    assert 0 == badbuzz("backtest", "--from-store").code
