"""`badbuzz run`, where it cannot start: plain words, exit 1, and no traceback."""

import subprocess

import pytest

from tests.e2e.daemon import PROGRAM
from tests.listener.pipeline.world import configured


@pytest.fixture
def config(tmp_path):
    configured(tmp_path)
    return tmp_path / "badbuzz.yaml"


def test_a_configuration_that_is_not_there(badbuzz, tmp_path):
    run = badbuzz("run", tmp_path / "nowhere.yaml")
    assert 1 == run.code
    assert "nowhere.yaml" in run.err


def test_every_problem_of_a_configuration_is_said_at_once(badbuzz, config):
    config.write_text(config.read_text().replace("kind: threshold", "kind: treshold").replace("[boss]", "[bos]"))
    run = badbuzz("run", config)
    assert 1 == run.code
    assert "did you mean" in run.err
    assert "badbuzz: 2 errors in the configuration" in run.err


def test_a_data_directory_that_cannot_be_made(config):
    config.write_text(config.read_text().replace("/data,", "/no/such/place,"))
    # a process of its own: a daemon sets up the log of its whole process
    run = subprocess.run([PROGRAM, "run", config], capture_output=True, text=True, timeout=30, check=False)
    assert 1 == run.returncode
    assert "does not exist: create it, or set another data directory" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("role", ["listen", "judge", "notify"])
def test_a_role_of_its_own_without_the_kafka_between_them(badbuzz, config, role):
    run = badbuzz("run", config, "--role", role)
    assert 1 == run.code
    assert "badbuzz.yaml:" in run.err
    assert "needs daemon.kafka" in run.err


def test_a_role_that_there_is_not(badbuzz, config):
    run = badbuzz("run", config, "--role", "watch")
    assert 2 == run.code
    assert "listen" in run.err
