"""What delivers: a job for each channel of a configuration."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from alerts.channel import CHANNELS, Channel, Tools
from alerts.dispatch import Dispatcher, Outbox
from config.settings import Component, Settings
from listener.clock import Clock
from listener.net.session import channel_session
from listener.observe.metrics import Metrics
from listener.pipeline.acting import Acting, place_of
from listener.pipeline.roster import Job, fingerprint
from listener.pipeline.supervise import Supervised
from listener.store.port import Views


@dataclass(frozen=True, kw_only=True)
class Delivering:
    """`settings` gives those in force, `outbox` that of a channel. Of the processes that deliver, one `serves`: it
    hears what people ask for in channels, and `wait` is as in `answer`.
    """

    views: Views
    settings: Callable[[], Settings]
    clock: Clock
    metrics: Metrics
    installation: str
    outbox: Callable[[str], Outbox]
    wait: Callable[[float], Awaitable[object]] | None = None
    serves: bool = True

    def jobs(self) -> dict[str, Job]:
        """One for each channel of the settings in force that may be delivered for here."""
        channels = self.settings().channels.items()
        return {name: self._job(each) for name, each in channels if self.serves or not _remembers(each)}

    def _job(self, configured: Component) -> Job:
        async def start() -> None:
            name, spec = configured.name, CHANNELS.spec(configured.kind)
            place = place_of(configured, self.settings())
            act = Acting(self.views, self.settings, self.clock.now, place, wait=self.wait)
            async with channel_session(configured.options) as http, asyncio.TaskGroup() as group:
                tools = Tools(
                    http=http,
                    now=self.clock.now,
                    installation=self.installation,
                    name=name,
                    language=place.language,
                    act=act,
                )
                channel: Channel = Supervised(name, spec.build(configured.options, tools))
                self.metrics.channel_added(name)
                dispatcher = Dispatcher(name, channel, spec.deadline, self.outbox(name), self.clock.now)
                if self.serves:
                    group.create_task(channel.serve(), name=f"serve:{name}")
                group.create_task(dispatcher.run(), name=f"dispatch:{name}")

        return Job(fingerprint=fingerprint(configured), start=start)


def _remembers(channel: Component) -> bool:
    return CHANNELS.spec(channel.kind).remembers
