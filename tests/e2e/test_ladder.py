"""The ladder of real daemons, each killed between two rungs: who is called, in what time, and how often."""

import json
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from listener.store.port import StoreError
from listener.store.views import open_views
from rules.instant import MINUTE
from tests.e2e.daemon import until
from tests.e2e.world import World, lives
from tests.ntfy import ntfy_server
from tests.servers import free_port

CONFIG = """
daemon: {{data: data, listen: 127.0.0.1:{port}, log_level: warning}}
brands: {{acme: {{query: acme, languages: [en]}}}}
sources: {{lines: {{kind: file, path: in.jsonl, follow: true}}}}
rules: {{many: {{kind: threshold, of: posts, window: 15m, at_least: {{posts: 3}}}}}}
channels:
  ann: {{kind: ntfy, server: "{phones}", topic: ann, answers: ann-says}}
  bob: {{kind: ntfy, server: "{phones}", topic: bob, answers: bob-says}}
  chief: {{kind: ntfy, server: "{phones}", topic: chief}}
people: {{first-one: {{call_by: ann, name: Ann}}, other: {{call_by: bob, name: Bob}}, boss: {{call_by: chief}}}}
oncall:
  turns: [first-one]
  ladder: [{{after: 10m, remind: first}}, {{after: 20m, call: other}}, {{after: 35m, call: boss}}]
routes: [{{to: [oncall]}}]
"""


@pytest.mark.timeout(180)
async def test_each_rung_is_climbed_once_whoever_is_killed_and_none_once_somebody_has_it(tmp_path):
    said = [{"id": name, "text": "acme is slow", "author": {"handle": name}} for name in "123"]
    (tmp_path / "in.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in said))
    config, called = tmp_path / "badbuzz.yaml", ("told", "remind", "pass")
    async with ntfy_server() as phones, lives(World(tmp_path), config) as program:
        config.write_text(CONFIG.format(port=free_port(), phones=phones.url))
        await Life(program, tmp_path).until("told")
        await Life(program, tmp_path, minutes=12).until("told", "remind")

        async def take():
            await phones.press(next(each["actions"][0] for each in phones.shown if each["topic"] == "ann"))

        await Life(program, tmp_path, minutes=10, then=take).until(*called, "", "")
        rows = await Life(program, tmp_path, minutes=20).until(*called, "", "")

    ladder = next(each.call.ladder for each in rows if each.call)
    first, again, second = (each.due - ladder for each in reversed(rows) if each.call)
    assert first == 0
    assert 10 * MINUTE <= again < 20 * MINUTE <= second < 35 * MINUTE
    told = [(each["topic"], each["title"].split(" · ")[1]) for each in phones.shown]
    assert [("ann", "serious"), ("ann", "reminder, serious"), ("bob", "passed on, serious")] == told[:3]
    assert [("ann", "taken"), ("bob", "taken")] == sorted(told[3:])


@dataclass
class Life:
    """A daemon that lives `minutes` after the one before. `then` is done once Bob is called."""

    program: Any
    folder: Path
    minutes: int = 0
    then: Callable[[], Awaitable[None]] | None = None

    async def until(self, *whys):
        """Kill it once it is at work, all deliveries are of these sorts and none waits; what they are."""
        since = await self._looked(lambda views: views.position())
        pid = await self.program.order(later=self.minutes * 60)
        if self.then:
            await until("Bob is called", lambda: self._sent(Counter(("told", "remind", "pass")), since))
            await self.then()
        rows = await until(f"{whys} are sent", lambda: self._sent(Counter(whys), since))
        os.kill(pid, signal.SIGKILL)
        assert -9 == await self.program.stop()
        return rows

    async def _sent(self, whys, since):
        position = await self._looked(lambda views: views.position())
        if position is None or (since and position.last < since.last + self.minutes * MINUTE):
            return None
        rows = await self._looked(lambda views: views.deliveries())
        found = Counter(each.call.why if each.call else "" for each in rows)
        return rows if found == whys and all(each.state == "sent" for each in rows) else None

    async def _looked(self, ask):
        views = open_views(self.folder / "data")
        try:
            return await ask(views)
        except StoreError:  # it is not made yet
            return None
        finally:
            await views.close()
