"""What a listener makes of its configuration, and of a bug."""

import asyncio
from contextlib import asynccontextmanager

from structlog.testing import capture_logs

from config.kafka import Kafka
from listener.agenda.reading import setup_at
from listener.app import load_checked
from listener.clock import Clock
from listener.kafka.listening import Listening
from listener.kafka.publishing import ALIVE
from listener.net.client import open_client
from listener.observe.masking import Masking
from tests.listener.kafka.judges import running

CONFIGURATION = """
daemon: {{data: {data}, listen: "127.0.0.1:0", kafka: {{brokers: [{brokers}], topics: {topics}}}}}
operator: {{to: [here]}}
brands: {{acme: {{query: {query}}}}}
sources: {{news: {{kind: file, path: "{data}/in.jsonl", follow: true}}}}
rules: {{bad-buzz: {{kind: spike}}}}
channels: {{here: {{kind: console}}}}
routes: [{{to: [here]}}]
"""


@asynccontextmanager
async def listening(folder, kafka, clock):
    path = written(folder, kafka, "acme")
    setup = setup_at(clock.now(), load_checked(path).settings)
    async with open_client(clock=clock) as client:
        yield Listening(path, setup, client, clock, Masking([]))


def written(folder, kafka, query):
    path, brokers = folder / "badbuzz.yaml", ", ".join(f'"{each}"' for each in kafka.brokers)
    path.write_text(CONFIGURATION.format(data=folder, brokers=brokers, topics=kafka.topics, query=query))
    return path


async def test_what_calendars_say_meanwhile_does_not_undo_a_reload(tmp_path):
    nowhere = Kafka(brokers=["127.0.0.1:1"])
    async with listening(tmp_path, nowhere, Clock()) as listener:
        written(tmp_path, nowhere, "zenith")
        reloading = asyncio.ensure_future(listener.reload())
        while not reloading.done():
            await listener.renew()
        await listener.renew()
    assert listener.settings.brands["acme"].query == "zenith"


class Failing(Clock):
    """A clock that fails who waits for the next sign of life of a source, once."""

    def __init__(self):
        super().__init__()
        self.failed, self.goes_on = False, asyncio.Event()

    async def sleep(self, length):
        if length == ALIVE and not self.failed:
            self.failed = True
            raise RuntimeError("a bug")
        if length == ALIVE:
            self.goes_on.set()
        await super().sleep(length)


async def test_a_bug_in_reading_a_source_is_told_and_ends_no_listener(tmp_path, kafka):
    clock = Failing()
    with capture_logs() as logs:
        async with asyncio.timeout(60), listening(tmp_path, kafka, clock) as listener, running(listener.serve()):
            await clock.goes_on.wait()
    assert [each["source"] for each in logs if each["event"] == "bug"] == ["news"]
