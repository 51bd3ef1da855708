"""`badbuzz backtest`: recordings in, transitions out, whatever the lines hold."""

import gzip
import json
import os
import pty
import subprocess
import sys

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


def test_a_recording_alone_is_judged_by_the_configuration_that_is_found(badbuzz, tmp_path, config, monkeypatch):
    file = recording(tmp_path, *map(line, range(5)))
    named = badbuzz("backtest", config, file)
    monkeypatch.chdir(tmp_path)
    assert named == badbuzz("backtest", file.name)
    monkeypatch.chdir("/")
    monkeypatch.setenv("BADBUZZ_CONFIG", str(config))
    assert (named, 0) == (badbuzz("backtest", file), named.code)


@pytest.mark.parametrize("command", ["backtest", "tune"])
def test_what_is_missing_is_said_with_the_next_command(badbuzz, tmp_path, config, monkeypatch, command):
    run = badbuzz(command, config)
    assert (2, True) == (run.code, f"`badbuzz {command} badbuzz.yaml mentions.jsonl`" in " ".join(run.err.split()))
    assert 2 == badbuzz(command, config, "--from-store", recording(tmp_path, line(1))).code
    monkeypatch.chdir(tmp_path.parent)
    run = badbuzz(command, recording(tmp_path, line(1)))
    assert (1, True) == (run.code, "`badbuzz init` writes a starter" in run.err)


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


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b'{"id": "x", "text": "a", "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not JSON"),
        (b"\0\0\0", "not JSON"),
        (line(1, text="acm\u00e9").replace("\\u00e9", "\u00e9").encode("latin-1"), "not UTF-8"),
        (b'{"id": NaN}', "not JSON"),
        (b"[]", 'a list: write one object a line, {"id": "1", "text": "..."}'),
        (b"3", "not an object: write one object a line"),
        (
            b'{"id": ' + b"9" * 5_000 + b', "observed_at": "2026-11-14T22:00:00Z"}',
            "`id` must be text or a whole number",
        ),
        (line(1).replace('"id": "1", ', ""), 'no `id`, which must be text or a whole number: write "id": "1"'),
        (line(1).replace('"text": "acme is slow", ', ""), "no `text`"),
        (line(1, id=1.5), '`id` must be text or a whole number: write "id": "1"'),
        (line(1, text=3), '`text` must be text: write "text": "..."'),
        (line(1, url=["https://example.org"]), "`url` must be text: write"),
        (line(1, author="bob"), '`author` must be an object: write "author": {"handle": "bob", "followers": 1200}'),
        (line(1, author={"followers": "many"}), "`author.followers` must be a whole number: write"),
        (line(1, author={"handle": 3}), '`author.handle` must be text: write "author": {"handle": "..."}'),
        (line(1, kind="tweet"), "`kind` must be one of post, comment, "),
        (line(1, op=3), "`op` must be one of create, update, delete, counts: write"),
        (line(1, counts={"likes": "3"}), '`counts` must be an object of numbers: write "counts": {"likes": 3}'),
        (line(1, created_at="yesterday"), '`created_at` must be a time with its zone: write "created_at": "2026'),
        (line(1, observed_at=1_700_000_000), "`observed_at` must be a time with its zone: write"),
        (json.dumps({"id": "1", "text": "acme"}), "one of `at`, `observed_at`, `created_at` is needed"),
        (
            line(1, at="2026-11-14T22:00:00"),
            "one of `at`, `observed_at`, `created_at` is needed, each with its time zone",
        ),
        (line(1, at="0001-01-01T00:00:00+14:00"), "its time is before 1970 or after 2199"),
        (line(1, at="9999-12-31T23:59:59-14:00"), "its time is before 1970 or after 2199"),
        (line(1, at="2062-11-14T22:00:00Z"), "more than 366 days after the latest before it (2026-11-14)"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_rest_is_judged_as_without_it(badbuzz, tmp_path, config, bad, said):
    without = badbuzz("backtest", config, recording(tmp_path, *map(line, range(3))))
    run = badbuzz("backtest", config, recording(tmp_path, line(0), bad, line(1), line(2)))
    assert (1, lines(without)[:-1]) == (run.code, lines(run)[:-1])
    assert f"recording.jsonl:2: {said}" in run.err
    assert {**lines(without)[-1], "unreadable": 1} == lines(run)[-1]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: b"\xef\xbb\xbf" + text, id="bom"),
        pytest.param(lambda text: text.replace(b"\n", b"\r\n"), id="crlf"),
        pytest.param(lambda text: text.replace(b"\n", b"\n \n").rstrip(), id="blank lines and no end"),
        pytest.param(lambda text: text.replace(b"T22:", b"T23:").replace(b"00Z", b"00+01:00"), id="another zone"),
        pytest.param(lambda text: text.replace(b"observed_at", b"created_at"), id="when it was written alone"),
    ],
)
def test_the_same_recording_written_otherwise_is_judged_alike(badbuzz, tmp_path, config, change):
    file = recording(tmp_path, *map(line, range(5)), line(50))
    plain = badbuzz("backtest", config, file)
    file.write_bytes(change(file.read_bytes()))
    assert (0, plain.out, "") == (plain.code, badbuzz("backtest", config, file).out, plain.err)


def test_what_is_edited_or_deleted_before_it_was_made_counts_once_or_never(badbuzz, tmp_path, config):
    early = [line(0, op="update"), line(0), line(1, op="delete"), line(1), line(2), line(2)]
    summary = lines(badbuzz("backtest", config, recording(tmp_path, *early)))[-1]
    assert (2, {"duplicate": 2, "deleted": 1}) == (summary["counted"], summary["dropped"])


def test_an_earlier_line_is_taken_when_the_latest_before_it_was(badbuzz, tmp_path, config):
    run = badbuzz("backtest", config, recording(tmp_path, line(30), line(1), line(2)))
    assert "2026-11-14T22:30:00Z" == lines(run)[0]["at"]


@pytest.mark.parametrize("content", [b"", b"\n \r\n"])
def test_where_there_are_no_mentions_that_is_said(badbuzz, tmp_path, config, content):
    (tmp_path / "recording.jsonl").write_bytes(content)
    run = badbuzz("backtest", config, tmp_path / "recording.jsonl")
    assert (0, "there were no mentions\n", 0) == (run.code, run.err, lines(run)[-1]["mentions"])


def test_what_is_packed_is_refused_at_once(badbuzz, tmp_path, config):
    (tmp_path / "recording.jsonl").write_bytes(gzip.compress(line(1).encode(), mtime=0))
    run = badbuzz("backtest", config, tmp_path / "recording.jsonl")
    assert (2, "") == (run.code, run.out)
    assert "recording.jsonl is packed with gzip" in run.err


def test_somebody_at_a_terminal_sees_how_far_it_is(tmp_path, config):
    file, (ours, theirs) = recording(tmp_path, *map(line, range(3))), pty.openpty()
    command = [sys.executable, "-m", "listener.cli.main", "backtest", str(config), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs) as process:
        out, _ = process.communicate(timeout=60)
    os.close(theirs)
    assert ["transition", "summary"] == [json.loads(text)["type"] for text in out.splitlines()]
    assert b"100%" in os.read(ours, 100_000)
    os.close(ours)


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
