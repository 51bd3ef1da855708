"""The same engine on a virtual clock: over recorded mentions, or over what the daemon itself stored."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from listener.charts.picture import Panel
from listener.charts.sampling import Sampling
from listener.pipeline.engines import Engines
from listener.pipeline.setup import Setup
from listener.recorded import Recorded
from listener.shares import DESK, part_of
from listener.store.marks import Marking
from listener.store.port import Views
from listener.store.reached import Position
from rules.engine import Engine
from rules.inputs import Heard
from rules.instant import Instant, instant
from rules.mention import Mention
from rules.rule import Verdict
from rules.transition import Transition


@dataclass
class Summary:
    """What a backtest went through."""

    mentions: int = 0
    counted: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    transitions: Counter[str] = field(default_factory=Counter)
    since: Instant | None = None
    until: Instant | None = None


class Backtest:
    """Runs mentions through intake and engines as the daemon would have at their time.

    A mention is taken at `at`, or else at the running maximum of `observed_at`; stamps never decrease.
    """

    def __init__(self, setup: Setup, sampling: Sampling | None = None) -> None:
        self._sampling = sampling
        self.summary = Summary()
        self._plans = setup.plans
        self._recorded = Recorded(setup)
        self._engines = Engines()

    def run(self, mentions: Iterable[tuple[Mention, datetime | None]]) -> Iterator[Transition]:
        """The transitions, as they come. Mentions are (mention, `at` when the record has one)."""
        for mention, at in mentions:
            yield from self.hear(mention, instant(at or mention.observed_at))
        yield from self.settle()

    def hear(self, mention: Mention, at: Instant) -> list[Transition]:
        """What follows from a mention that is taken at `at`."""
        return list(self._counted(self._take(mention, at)))

    def begin(self, at: Instant) -> list[Transition]:
        """Listen from `at` on; the first mention does so when nobody has."""
        self.summary.since = at
        return self._engines.apply(self._engines.configure(self._plans, at))

    def advance(self, to: Instant) -> list[Transition]:
        """What follows from nothing more being said up to `to`."""
        self.summary.until = max(to, self.summary.until or to)
        return list(self._counted(self._engines.advance(to)))

    def settle(self) -> list[Transition]:
        """What follows from nothing more being said at the last moment."""
        return list(self._counted(self._engines.settle()))

    def judge(self, brand: str, at: Instant) -> tuple[dict[str, Verdict], dict[str, int]]:
        """What each rule of a brand says of the moment `at`, without consequences, and how many people wrote what it
        counts. Nothing later may have been heard.
        """
        engine = self._engines.get(brand)
        verdicts = engine.judge(at) if engine else {}
        return verdicts, {name: engine.authors(verdict, at) for name, verdict in verdicts.items() if engine}

    def mark(self, marking: Marking) -> None:
        """A person says what the tone of a mention is before it is heard."""
        self._recorded.mark(marking)

    def _take(self, mention: Mention, at: Instant) -> list[Transition]:
        at = max(at, self.summary.until or at)
        steps = [] if self.summary.since is not None else self.begin(at)
        steps += self._look(at)
        self.summary.until = at
        self.summary.mentions += 1
        entries = self._recorded.take(mention, at, self.summary.since)
        self.summary.dropped = self._recorded.dropped
        self.summary.counted += sum(isinstance(each.entry, Heard) for each in entries)
        return [*steps, *self._engines.advance(at), *self._engines.apply(entries)]

    def _look(self, to: Instant) -> list[Transition]:
        steps: list[Transition] = []
        if self._sampling:
            for at in self._sampling.due(to):
                steps += self._engines.advance(at)
                self._sampling.look(self._engines, at)
        return steps

    def panels(self) -> Sequence[Panel]:
        """What a chart shows, once all was run."""
        return self._sampling.panels(self._engines, self.summary.until or 0) if self._sampling else ()

    def _counted(self, steps: Iterable[Transition]) -> Iterator[Transition]:
        for step in steps:
            self.summary.transitions[step.state] += 1
            if self._sampling:
                self._sampling.note(step)
            yield step


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A brand's stored log run again: `stored` is what the daemon did, `replayed` what the log gives now."""

    brand: str
    inputs: int
    stored: tuple[Transition, ...]
    replayed: tuple[Transition, ...]

    @property
    def equal(self) -> bool:
        """Whether the daemon did exactly what its log says."""
        return self.stored == self.replayed


async def replay_store(views: Views, parts: int = 0) -> AsyncIterator[Replay]:
    """Every brand of a store as it is now, replayed from its oldest snapshot; a daemon may go on writing meanwhile, and
    where brands are judged in so many `parts`, several may.
    """
    positions = await views.positions()
    stored: dict[str, list[Transition]] = {}
    async for step in views.transitions():
        stored.setdefault(step.brand, []).append(step)
    for brand in await views.brands():
        part = part_of(brand, parts) if parts else DESK
        position = positions.get(part) or positions.get(DESK)
        if position is not None:
            done = [step for step in stored.get(brand, ()) if step.at <= position.last]
            yield await _replay(views, brand, position, done)


async def _replay(views: Views, brand: str, position: Position, stored: list[Transition]) -> Replay:
    snapshot = await views.first_snapshot(brand)
    engine = Engine(brand, snapshot.state if snapshot else None)
    inputs, steps = 0, list[Transition]()
    async for seq, entry in views.log(brand):
        if entry.at <= position.last and (snapshot is None or seq > snapshot.seq):
            inputs += 1
            steps += engine.apply(entry)
    steps += engine.settle() + engine.advance(position.advanced)
    again = {step.id for step in steps}
    # when the clock has stepped back, steps before and after a snapshot bear one stamp
    done = [step for step in stored if snapshot is None or step.at > snapshot.at or step.id in again]
    return Replay(brand=brand, inputs=inputs, stored=tuple(done), replayed=tuple(steps))
