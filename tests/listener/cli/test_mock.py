"""`badbuzz mock`: platforms to listen to, and the commands that do it."""

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from urllib.request import urlopen

import pytest

from listener.mock.registry import PLATFORMS


@pytest.fixture
def mock():
    """The command as a process of its own, up to the lines it prints first."""
    started = []

    def start(*args):
        command = [sys.executable, "-m", "listener.cli.main", "mock", *args]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        lines = sum(1 + len(entry.commands) for entry in PLATFORMS.values())
        return process, [process.stderr.readline() for _ in range(lines)]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_prints_commands_that_hear_the_talk_and_ends_quietly(mock, badbuzz):
    process, said = mock("--seed", "3")
    url = re.fullmatch(r"hackernews: (http://127\.0\.0\.1:\d+/hackernews)\n", said[0])[1]
    with urlopen(f"{url}/v0/maxitem.json", timeout=5) as answer:
        assert json.load(answer) >= 30
    for line in said:
        program, *words = shlex.split(line)
        if program != "badbuzz":
            continue
        run = badbuzz(*words, "--once")
        heard = [json.loads(mention) for mention in run.out.splitlines()]
        assert run.code == 0
        assert {mention["platform"] for mention in heard} == {words[1]}
        assert len(heard) > 10
    process.send_signal(signal.SIGINT)
    assert (process.wait(5), process.stdout.read(), process.stderr.read()) == (0, "", "")


def test_unknown_faults_are_refused_with_those_there_are(badbuzz):
    run = badbuzz("mock", "--faults", "huge@1m..2m,nonsense")
    assert run.code == 2
    assert "unknown faults: nonsense; there are all, random, " in run.err


def test_a_port_that_is_taken_is_named(badbuzz):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = badbuzz("mock", "--port", port, "--faults", "all")
    assert run.code == 1
    assert f"port {port} of this machine cannot be used" in run.err
