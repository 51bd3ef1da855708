"""The Kafka between the roles, as it is written."""

from pathlib import Path

import pytest

from tests.config.test_load import GOOD, loaded, said


def written(kafka: str) -> str:
    return GOOD.replace("daemon: {", f"daemon: {{kafka: {kafka}, ")


def test_one_broker_is_enough_and_copies_are_kept_on_three(tmp_path: Path) -> None:
    found = loaded(tmp_path, written("{brokers: kafka1.example:9092}")).settings.daemon.kafka
    assert found
    assert (found.brokers, found.topics, found.copies, found.tls) == (("kafka1.example:9092",), "badbuzz", 3, False)


def test_a_password_is_a_secret(tmp_path: Path) -> None:
    text = written("{brokers: ['[::1]:9093'], tls: true, mechanism: plain, user: ann, password: !secret env:TOKEN}")
    found = loaded(tmp_path, text).settings.daemon.kafka
    assert found
    assert found.password
    assert found.password.get_secret_value() == "hunter22"
    assert "hunter22" not in repr(found)


@pytest.mark.parametrize(
    ("kafka", "word"),
    [
        ("{brokers: kafka1.example}", "host:port"),
        ("{brokers: 'kafka1.example:99999'}", "host:port"),
        ("{brokers: []}", "at least 1"),
        ("{brokers: 'k:1', user: ann}", "go together"),
        ("{brokers: 'k:1', user: ann, password: !secret env:TOKEN, mechanism: plain}", "tls: true"),
        ("{brokers: 'k:1', ca_file: badbuzz.yaml}", "tls: true"),
        ("{brokers: 'k:1', topics: 'a b'}", "topics"),
        ("{brokers: 'k:1', copies: 0}", "copies"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(tmp_path: Path, kafka: str, word: str) -> None:
    [(line, path, message, hint)] = said(tmp_path, written(kafka))
    assert line == 1
    assert path.startswith("daemon.kafka")
    assert word in f"{path} {message} {hint}"
