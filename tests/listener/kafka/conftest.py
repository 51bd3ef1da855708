"""Real brokers, and topics that no other test has."""

import itertools

import pytest

from config.kafka import Kafka
from tests.kafka import cluster
from tests.postgres import cluster as postgres

NAMES = itertools.count()


@pytest.fixture(scope="session")
def brokers():
    with cluster(3) as made:
        yield made


@pytest.fixture
def kafka(brokers):
    return Kafka(brokers=brokers.servers.split(","), topics=f"t{next(NAMES)}")


@pytest.fixture(scope="module")
def server():
    with postgres(lasting=True) as url:
        yield url
