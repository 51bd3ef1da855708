"""What a process that judges is configured as, and one at work."""

import asyncio
from contextlib import asynccontextmanager, suppress

CONFIGURATION = """
daemon:
  listen: 127.0.0.1:0
  database: "{database}"
  lease: 3s
  kafka: {{brokers: [{brokers}], topics: {kafka.topics}, parts: {kafka.parts}, copies: {kafka.copies}}}
operator: {{to: [here]}}
brands: {{acme: {{query: acme, languages: [en]}}}}
sources: {{press: {{kind: file, path: "-"}}}}
rules: {{bad-buzz: {{kind: spike}}}}
channels: {{here: {{kind: console}}}}
routes: [{{to: [here]}}]
"""


def written(folder, kafka, database):
    """The file of a configuration."""
    path, brokers = folder / "badbuzz.yaml", ", ".join(f'"{each}"' for each in kafka.brokers)
    path.write_text(CONFIGURATION.format(brokers=brokers, kafka=kafka, database=database))
    return path


@asynccontextmanager
async def running(work):
    """`work` goes on until the block ends."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
