"""The role `judge`: what others heard is judged and told here."""

from pathlib import Path

from config.settings import Component
from listener.clock import Clock
from listener.collector import Collector
from listener.kafka.access import quieten
from listener.kafka.following import Follower
from listener.parts import Parts
from listener.service import Beside, begun, serve


async def run(path: Path) -> None:
    """Judge what is in the topics of the sources, and tell, as `listener.service.run` does otherwise."""
    clock = Clock()
    start = begun(path, clock, apart=True)
    quieten()
    await serve(path, start, clock, Beside(follow=follower))


def follower(source: Component, parts: Parts) -> Collector:
    """Reads the topic of a source."""
    kafka = parts.ledger.setup.settings.daemon.kafka
    assert kafka
    return Follower(source.name, kafka, lag=lambda offsets: parts.metrics.source_lag(source.name, offsets))
