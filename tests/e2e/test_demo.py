"""The demonstration as a first-time user runs it: a process, mock platforms, the real daemon, local inboxes."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "listener.cli.main", "demo"]
DEADLINE = 110


def played(tmp_path, *options):
    """A finished demonstration whose temporary files lie in `tmp_path`."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    return subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, env=environment, timeout=DEADLINE, check=False
    )


def test_the_whole_evening_is_told_as_json_lines_and_leaves_nothing_behind(tmp_path):
    done = played(tmp_path, "--once", "--json", "--speed", "150")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    steps = [line for line in lines if line["type"] == "transition"]
    deliveries = [line for line in lines if line["type"] == "delivery"]

    assert (done.returncode, done.stderr) == (0, "")
    assert [step["state"] for step in steps] == ["open", "worse", "resolved"]
    assert len({step["incident"] for step in steps}) == 1
    assert {line["kind"] for line in deliveries} == {"slack", "email", "mqtt"}
    assert {tuple(line) for line in deliveries} == {
        ("type", "at", "alert", "incident", "channel", "kind", "attempt", "outcome")
    }
    assert sum(line["outcome"] == "sent" for line in deliveries) == 3 * len(steps)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_of_french_sees_every_message_as_it_arrives(tmp_path):
    done = played(tmp_path, "--once", "--speed", "300", "--seed", "3")

    assert (done.returncode, done.stderr) == (0, "")
    shown = " ".join(done.stdout.split())
    beats = ["Une soirée ordinaire", "Incident ouvert", "L’incident s’aggrave", "Incident clos", "L’histoire est finie"]
    assert sorted(beats, key=shown.index) == beats
    for expected in ("Slack · #equipe", "OUVERT · niveau sérieux", "badbuzz/event", "retenu : effacé"):
        assert expected in shown


@contextmanager
def started(tmp_path, *options):
    """A demonstration whose story has begun; ended with the block, whatever happens in it."""
    running = subprocess.Popen(
        [*COMMAND, "--language", "en", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert any("An ordinary evening" in line for line in running.stdout), running.stderr.read()
        yield running
    finally:
        running.kill()
        running.communicate()


def test_ctrl_c_ends_it_quietly_and_removes_what_was_made(tmp_path):
    with started(tmp_path) as running:
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=DEADLINE)

    assert (running.returncode, said) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_once_says_what_is_missing_when_it_is_stopped(tmp_path):
    with started(tmp_path, "--once") as running:
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=DEADLINE)

    assert running.returncode == 1
    assert said == "The demonstration did not get to its end: no incident opened, it was stopped.\n"


def test_a_missing_extra_is_named_with_the_way_to_get_it(tmp_path):
    blocked = "import sys; sys.modules['aiosmtpd'] = None; from listener.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", blocked, "demo", "--language", "en"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert (done.returncode, done.stdout) == (2, "")
    wheel = f"./badbuzz-{version('badbuzz')}-py3-none-any.whl[demo]"
    assert done.stderr == f"aiosmtpd is missing: install the wheel with its demo extra, `pip install '{wheel}'`.\n"


@pytest.mark.parametrize("options", [["--speed", "0"], ["--language", "de"], ["--seed", "x"]])
def test_a_wrong_option_is_refused_at_once(tmp_path, options):
    done = played(tmp_path, *options)

    assert (done.returncode, done.stdout) == (2, "")
