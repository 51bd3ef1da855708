"""Asking platforms how posts are received, of which a part counts reactions: whoever judges a post asks."""

from collections.abc import Mapping
from functools import partial
from random import Random

from config.settings import Component, Settings
from listener.clock import Clock
from listener.collector import COLLECTORS, Collector, Recounts, Tools
from listener.net.client import Client
from listener.observe.masking import Masking
from listener.observe.metrics import Metrics
from listener.pipeline.ledger import Ledger
from listener.pipeline.recount import Recounting
from listener.pipeline.roster import Job, fingerprint
from listener.pipeline.writer import Writer
from listener.store.port import Views


class Counting:
    """Makes the jobs of a part, a job for each source that can be asked."""

    def __init__(self, client: Client, clock: Clock, masking: Masking, views: Views, metrics: Metrics) -> None:
        self._client, self._clock, self._hide = client, clock, masking.hide
        self._views, self._metrics = views, metrics

    def jobs(self, settings: Settings, ledger: Ledger, writer: Writer) -> Mapping[str, Job]:
        """Those of a configuration, each until it is cancelled; none where no brand of the part counts reactions."""
        sources = settings.sources.values() if ledger.setup.engaged else ()
        made = ((source, self._collector(source, ledger)) for source in sources)
        return {
            source.name: Job(
                fingerprint=fingerprint(source), start=partial(self._ask, source.name, each, ledger, writer)
            )
            for source, each in made
            if isinstance(each, Recounts)
        }

    def _collector(self, source: Component, ledger: Ledger) -> Collector:
        tools = Tools(
            name=source.name,
            client=self._client.reporting(partial(self._metrics.source_request, source.name)),
            clock=self._clock,
            random=Random(source.name),
            hide=self._hide,
            index=lambda: ledger.setup.classifier.index,
        )
        collector: Collector = COLLECTORS.spec(source.kind).build(source.options, tools)
        return collector

    async def _ask(self, name: str, collector: Collector, ledger: Ledger, writer: Writer) -> None:
        asking = Recounting(name, collector, writer, ledger, self._views, self._clock, self._hide)
        await asking.run()
