"""Whatever is committed, fails, is cancelled or opened again: the store shows what a plain model in memory shows."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from alerts.delivery import Outcome
from listener.store.port import Commit, LogEntry, SourceRow, Store, StoredMention, StoreError
from listener.store.rows import emptied as bare
from listener.store.store import open_store
from listener.store.upkeep import migrate
from listener.store.views import open_views
from tests.postgres import emptied
from tests.stores import T0, commit, heard, outgoing, stored, transition

NAMES = [f"n{number}" for number in range(6)]
BRANDS = ("acme", "zen")
names = st.sampled_from(NAMES)


@dataclass
class Model:
    """What the port promises, in the plainest words."""

    seen: dict[str, set[str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    mentions: dict[str, StoredMention] = field(default_factory=dict)
    log: list[LogEntry] = field(default_factory=list)
    steps: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    lines: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, SourceRow] = field(default_factory=dict)

    def apply(self, commit: Commit) -> None:
        for identity, revision, _ in commit.seen:
            self.seen.setdefault(identity, set()).add(revision)
        self.mentions |= {kept.mention.identity: kept for kept in commit.mentions}
        self.deleted |= set(commit.tombstones)
        for identity in set(commit.tombstones) & set(self.mentions):
            self.mentions[identity] = bare(self.mentions[identity])
        self.log += commit.inputs
        for step in commit.transitions:
            self.steps.setdefault(step.id, step)
            self.numbers.setdefault(step.incident, len(self.numbers) + 1)
        for line in commit.outgoing:
            self.lines.setdefault(line.id, [line.channel, line.thread, "due"])
        for outcome in commit.outcomes:
            if outcome.delivery in self.lines:
                self.lines[outcome.delivery][2] = outcome.state
        self.sources |= {row.name: row for row in commit.sources}

    def shown(self) -> dict[str, Any]:
        blocked, ready = set(), []
        for name, (channel, thread, state) in self.lines.items():
            if state == "due" and (channel, thread) not in blocked:
                blocked.add((channel, thread))
                ready.append(name)
        return {
            "seen": {
                f"feed:{name}": (self.seen.get(f"feed:{name}", set()), f"feed:{name}" in self.deleted)
                for name in NAMES
                if {f"feed:{name}"} & (self.seen.keys() | self.deleted | self.mentions.keys())
            },
            "mentions": self.mentions,
            "log": {
                brand: list(enumerate((entry.entry for entry in self.log if entry.brand == brand), 1))
                for brand in BRANDS
            },
            "steps": list(self.steps.values()),
            "numbers": self.numbers,
            "states": {name: state for name, (_, _, state) in self.lines.items()},
            "ready": sorted(ready),
            "sources": self.sources,
        }


async def shown(store: Store, where: str) -> dict[str, Any]:
    views = open_views(where)
    found = await store.lookup([f"feed:{name}" for name in NAMES])
    try:
        return {
            "seen": {name: (set(seen.revisions), seen.deleted) for name, seen in found.items()},
            "mentions": {kept.mention.identity: kept for kept in await views.mentions()},
            "log": {brand: [numbered async for numbered in views.log(brand)] for brand in BRANDS},
            "steps": [step async for step in views.transitions()],
            "numbers": {row.id: row.number for row in await views.incidents()},
            "states": {line.id: line.state for line in await views.deliveries()},
            "ready": sorted([line.id for channel in ("team", "phone") for line in await store.due(channel, T0)]),
            "sources": {row.name: row for row in await views.sources()},
        }
    finally:
        await views.close()


mentions = st.builds(
    lambda name, brands, text: stored(name, *sorted(brands), text=text),
    names,
    st.sets(st.sampled_from(BRANDS), min_size=1),
    st.text(max_size=9),
)
sources = st.builds(SourceRow, name=names, kind=st.just("feed"), state=st.just("live"), mentions=st.integers(0, 9))
outcomes = st.builds(
    lambda name, state: Outcome(delivery=name, at=T0, attempt=1, state=state),
    names,
    st.sampled_from(["sent", "parked", "cancelled"]),
)
commits = st.builds(
    commit,
    seen=st.lists(st.tuples(names.map("feed:{}".format), st.sampled_from(["1", "2"]), st.just("press")), max_size=4),
    mentions=st.lists(mentions, max_size=4),
    tombstones=st.lists(names.map("feed:{}".format), max_size=2),
    inputs=st.lists(st.builds(heard, names, st.sampled_from(BRANDS)), max_size=4),
    transitions=st.lists(st.builds(transition, st.sampled_from(["i1", "i2", "i3"]), st.integers(0, 3)), max_size=3),
    outgoing=st.lists(
        st.builds(outgoing, names, st.sampled_from(["team", "phone"]), st.sampled_from(["i1", "i2"])), max_size=3
    ),
    outcomes=st.lists(outcomes, max_size=2),
    sources=st.lists(sources, max_size=2),
)
Ending = tuple[Literal["whole", "failed", "cancelled", "reopened"], int]
endings = st.tuples(st.sampled_from(["whole", "failed", "cancelled", "reopened"]), st.integers(0, 30))


async def attempt(store: Store, given: Commit, how: str, when: int) -> None:
    """Commit, and break it at the `when`-th statement or turn of the loop."""
    if how == "cancelled":
        async with asyncio.TaskGroup() as group:
            task = group.create_task(store.commit(given))
            for _ in range(when):
                await asyncio.sleep(0)
            task.cancel()
        return
    left = [when]

    def fail(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OperationalError("statement", None, OSError("pulled the plug"))

    if how == "failed":
        event.listen(Engine, "before_cursor_execute", fail)
    try:
        await store.commit(given)
    except StoreError:
        assert how == "failed"
    finally:
        if how == "failed":
            event.remove(Engine, "before_cursor_execute", fail)


async def play(where: str, script: list[tuple[Commit, Ending]]) -> None:
    model, store = Model(), open_store(where)
    await store.open("a test")
    try:
        for number, (given, (how, when)) in enumerate(script, 1):
            await attempt(store, replace(given, last=T0 + number), how, when)
            position = await store.position()
            if position and position.last == T0 + number:
                model.apply(given)
            if how == "reopened":
                await store.close()
                store = open_store(where)
                await store.open("a test")
            assert await shown(store, where) == model.shown()
    finally:
        await store.close()


scripts = st.lists(st.tuples(commits, endings), min_size=1, max_size=6)
slow = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    max_examples=15,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@slow
@given(scripts)
def test_sqlite_shows_what_the_model_shows(tmp_path_factory: Any, script: list[tuple[Commit, Ending]]) -> None:
    asyncio.run(play(str(tmp_path_factory.mktemp("model")), script))


@slow
@given(scripts)
def test_postgresql_shows_what_the_model_shows(postgresql: str, script: list[tuple[Commit, Ending]]) -> None:
    async def fresh() -> None:
        await migrate(await emptied(postgresql))
        await play(postgresql, script)

    asyncio.run(fresh())
