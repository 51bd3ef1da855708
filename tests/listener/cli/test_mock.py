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

from listener.mock.draw import draw
from listener.mock.registry import PLATFORMS
from listener.mock.scenario import load_scenario

SCENARIO = """
about: Ten minutes.
length: 10m
brands: {acme: {name: Acme, trade: airline, account: "@acme", hashtag: Acme, query: acme}}
platforms: {hackernews: 3, youtube: 1}
languages: {en: {share: 1, zone: UTC}}
background: {acme: {posts_per_hour: 3000}}
"""


@pytest.fixture
def mock():
    """The command as a process of its own, up to the lines it prints first."""
    started = []

    def start(*args, more=0):
        command = [sys.executable, "-m", "listener.cli.main", "mock", *args]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        lines = sum(1 + len(entry.commands) for entry in PLATFORMS.values())
        return process, [process.stderr.readline() for _ in range(lines + more)]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_prints_commands_that_hear_the_talk_and_ends_quietly(mock, badbuzz):
    process, said = mock("--seed", "3", "--faults", "stall@1h..2h")
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
    assert (process.wait(5), process.stdout.read()) == (0, "")
    assert process.stderr.read() == "what goes wrong: stall@1h..2h\n"


def test_a_firehose_is_heard_from_the_past_on_and_few_of_it_name_the_airline(mock, badbuzz):
    _, said = mock("--firehose", "2000")
    [command] = [shlex.split(line) for line in said if "badbuzz listen bluesky" in line]
    run = badbuzz(*command[1:], "back=2s", "--limit", "3000")
    heard = [json.loads(mention) for mention in run.out.splitlines()]
    naming = [mention for mention in heard if "acme" in mention["text"].lower()]
    assert (run.code, len({mention["id"] for mention in heard})) == (0, 3_000)
    assert 20 <= len(naming) <= 60


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ("huge@1m..2m,nonsense", "unknown fault: nonsense; there are all, random, "),
        ("resett", "unknown fault: resett; did you mean reset?"),
        ("reset,random", "`random` stands alone"),
        ("all@1m..", "`all` stands alone"),
        ("stall@5", "stall@5: '5' is no time"),
        ("stall@1m..2m..3m", "stall@1m..2m..3m: '2m..3m' is no time"),
        ("stall@999999999999999d", "is no time"),
        ("stall@5m..2m", "stall@5m..2m: this is never on"),
    ],
)
def test_faults_that_cannot_be_are_refused_with_the_way_out(faults, said, badbuzz):
    run = badbuzz("mock", "--faults", faults)
    assert run.code == 2
    assert said in run.err


def test_a_port_that_is_taken_is_named(badbuzz):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = badbuzz("mock", "--port", port, "--faults", "all")
    assert run.code == 1
    assert f"port {port} of this machine cannot be used: Address already in use\n" in run.err


def test_a_scenario_is_played_to_its_end_at_the_pace_that_is_asked_for(mock, tmp_path):
    file = tmp_path / "short.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    _, said = mock("--scenario", str(file), "--speed", "1000", "--seed", "4", more=2)
    cues = draw("", load_scenario(str(file)), 4).cues
    heard = [cue for cue in cues if cue.platform == "hackernews"]
    assert f"seed 4: {len(cues)} posts in 10m, 1000 times as fast" in said[-2]
    assert "the scenario is over" in said[-1]
    url = re.fullmatch(r"hackernews: (\S+)\n", said[0])[1]
    with urlopen(f"{url}/v0/maxitem.json", timeout=5) as answer:
        assert json.load(answer) == len(heard)


def test_the_truth_of_a_scenario_is_told_and_nothing_served(badbuzz):
    run = badbuzz("mock", "--scenario", "crisis-small-brand-fr", "--seed", 7, "--truth")
    (burns,) = run.json["episodes"]
    quiet = run.json["quiet"]["nuarelle"]
    assert ("crisis-small-brand-fr", 7) == (run.json["scenario"], run.json["seed"])
    assert run.json["begins"] < burns["onset"] < burns["peak"] < burns["deadline"] < burns["ends"] < run.json["ends"]
    assert ("alert", "warning", "nuarelle") == (burns["expect"], burns["severity"], burns["brand"])
    assert [run.json["begins"], burns["onset"]] == quiet[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scenario", "calm-frr"], "did you mean 'calm-fr'?"),
        (["--scenario", "calm-frr"], "calm-en, calm-fr, "),
        (["--truth"], "give one with --scenario"),
        (["--speed", "2000"], "1000"),
    ],
)
def test_what_cannot_be_played_is_refused_with_a_way_out(badbuzz, arguments, said):
    run = badbuzz("mock", *arguments)
    assert 2 == run.code
    assert said in run.err
