"""One transaction in the making: what works, commands and the passing of time come to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from alerts.ceiling import Load
from alerts.delivery import Outgoing, Present
from alerts.silence import Silence
from listener.errors import PARTLY
from listener.pipeline.canary import judged
from listener.pipeline.engines import Engines
from listener.pipeline.intake import Intake
from listener.pipeline.notify import TROUBLE, Heard, Languages, Notifier, Told, latest
from listener.pipeline.observing import NOT_HEARD
from listener.pipeline.pacing import Pacing
from listener.pipeline.setup import NOBODY, Setup
from listener.pipeline.slices import sliced
from listener.pipeline.work import Canary, Read, Recount, Reload, Settled, SourceChange, Taught, Tell, Work
from listener.store.port import LogEntry, SourceRow
from rules.engine import Engine
from rules.inputs import Coverage, Gap, Learnt, Missed
from rules.instant import MINUTE, Instant, Span
from rules.transition import Transition

DOWN = NOT_HEARD - {"starting"}
PATIENCE: Span = 30 * MINUTE
"""How long a source may be unreachable before the operator hears of it."""


class Turn:
    """Fills `commit`. Engines, `heard` and `silences` are changed on the way and must be thrown away when the commit
    fails; `setup`, `reads` and the rows of sources are to be taken up once it has succeeded.
    """

    def __init__(
        self,
        setup: Setup,
        engines: Engines,
        heard: dict[str, Heard],
        silences: dict[int, Silence],
        sources: Mapping[str, SourceRow],
        intake: Intake,
        behind: Iterable[str] = (),
        *,
        is_part: bool = False,
    ) -> None:
        self.setup, self.commit, self.intake = setup, intake.commit, intake
        self._engines, self._heard, self._sources = engines, heard, sources
        self.silences = silences
        self.loads: dict[str, Load] = {}
        self._notifier = Notifier(setup.settings, heard, silences, self.loads)
        self.reads: list[Read] = []
        self.behind: dict[str, None] = dict.fromkeys(behind)
        self._partly: dict[str, float] = {}
        self._is_part = is_part

    @property
    def at(self) -> Instant:
        """The one stamp of everything in this transaction, or in what it takes in now of what happened before."""
        return self.commit.last

    def date(self, at: Instant) -> None:
        """What is done from now on happened then."""
        self.commit.advanced = self.commit.last = at
        self.intake.date(at)

    def source(self, name: str) -> SourceRow:
        """A source as this transaction leaves it so far."""
        mine = next((row for row in self.commit.sources if row.name == name), None)
        return mine or self._sources.get(name) or starting(name, self.setup)

    async def do(self, work: Work) -> None:
        """Take in one piece of work. What still comes from a source that a reload has removed is dropped."""
        match work:
            case Settled():
                self.settle(work)
            case Reload():
                self.configure(work.setup)
            case Canary():
                self.commit.outgoing += judged(work.mention, self.at, work.channels, self.setup.settings)
            case Tell():
                self.commit.outgoing += work.outgoing
            case Taught() if work.row.brand in self.setup.plans:
                self._learn(work)
            case Read() if work.source in self.setup.listeners:
                await self._read(work)
            case Recount() if work.source in self.setup.listeners:
                self.apply(self.intake.take(work.mentions, None))
            case SourceChange() if work.source in self.setup.listeners:
                await self._change(work)

    def settle(self, work: Settled) -> None:
        """Remember what came of a delivery, and who is told instead."""
        self.commit.outcomes.append(work.outcome)
        self.pass_on(work.instead)
        if work.end:
            self.commit.outgoing.append(work.end)
            self.commit.unpark.append((work.end.id, self.at))
        for each in work.others:
            self.settle(each)

    def pass_on(self, instead: Sequence[Outgoing]) -> None:
        """Tell others in the place of a channel that does not deliver."""
        self.commit.outgoing += instead
        self._notifier.passed_on(instead)

    def configure(self, setup: Setup) -> None:
        """Put a configuration in force: only what differs becomes an input, before anything else of the same brand. The
        brands of which nothing comes are `behind`, and brought there by `catch_up`.
        """
        self.setup = self.intake.setup = setup
        for row in self._sources.values():
            if row.name not in setup.listeners and (row.reading_since, row.blind_since) != (None, None):
                self._save(replace(self.source(row.name), reading_since=None, blind_since=None, told_at=None))
        self._notifier = Notifier(setup.settings, self._heard, self.silences, self.loads)
        self.behind = dict.fromkeys(self._engines.unlike(setup.plans))

    async def catch_up(self, most: int | None = None) -> None:
        """Bring so many of those behind to what the configuration says, all when None."""
        async for brand in sliced(list(self.behind)[:most]):
            if brand in self.behind:
                self._bring(brand)

    def _bring(self, brand: str) -> None:
        del self.behind[brand]
        self.apply(self._engines.configured(brand, self.setup.plans.get(brand), self.at))
        if brand in self.setup.plans:
            self.apply(list(self._use_model(brand)))
        engine = self._engines.get(brand)
        for name in sorted({**self.setup.listeners, **self._sources}):
            self.apply(list(self._cover(name, self._share_of(name), [engine] if engine else ())))

    def _learn(self, work: Taught) -> None:
        brand, models = work.row.brand, dict(self.intake.models)
        models.pop(brand, None)
        self.intake.models = {**models, brand: work.model} if work.model else models
        self.commit.models.append(msgspec.structs.replace(work.row, at=self.at))
        self.apply(list(self._use_model(brand)))

    def _use_model(self, brand: str) -> Iterator[LogEntry]:
        """What the log must know: that the tones of a brand are judged in another way now."""
        model, engine = self.intake.models.get(brand), self._engines.get(brand)
        now = model.hash if model else None
        if engine and engine.model != now:
            yield LogEntry(brand=brand, entry=Learnt(at=self.at, hash=now))

    async def gap(self, since: Instant) -> None:
        """Nothing was heard from `since` until now. Of a source that is polled, its next answer tells how much it
        still knew.
        """
        for row in self._sources.values():
            if row.reading_since is not None and row.name not in self.setup.polled:
                self._save(replace(row, reading_since=self.at))
            if row.blind_since is not None and row.told_at is None:
                # what the operator is told of is how long it could not be reached while we tried
                self._save(replace(self.source(row.name), blind_since=row.blind_since + self.at - since))
        gap = Gap(at=self.at, since=since)
        await self._spread(LogEntry(brand=engine.brand, entry=gap) for engine in list(self._engines) if engine.plan)

    def apply(self, entries: Iterable[LogEntry]) -> None:
        """Put a few entries into the log, with what follows from them."""
        for each in entries:
            if each.brand in self.behind:
                self._bring(each.brand)
            self.commit.inputs.append(each)
            self._follow(self._engines.feed(each))

    async def _spread(self, entries: Iterable[LogEntry]) -> None:
        """The same of as many as there are brands."""
        async for each in sliced(entries):
            self.apply([each])

    async def advance(self) -> None:
        """Judge what was read, and let time pass until now."""
        self._follow(self._engines.settle())
        async for engine in sliced(self._engines.due(self.at)):
            self._follow(engine.advance(self.at))
        for name in self.setup.listeners:
            self._tell_of(name)

    def silence(self, silence: Silence) -> None:
        """Put a silence in force, or end it."""
        self.silences[silence.number] = silence
        self.commit.silences.append(silence)

    def news(self) -> list[Transition]:
        """The steps of this transaction that are worth telling."""
        return latest(self.commit.transitions)

    def tell(self, step: Transition, languages: Languages) -> None:
        """Tell those of a step who are to hear of it."""
        self._take(self._notifier.transition(step, languages))

    def tell_afterwards(self) -> None:
        """Tell what was held back so far, and is no more."""
        self._take(self._notifier.afterwards(self.at))

    def climb(self, after: Instant) -> None:
        """Remind or call people of what nobody has taken, for all that became due after a moment."""
        self.commit.outgoing += self._notifier.climb(after, self.at, self._counted)

    def _counted(self, brand: str, incident: str) -> Present | None:
        engine = self._engines.get(brand)
        evidence = engine.present(incident, self.at) if engine else None
        return None if evidence is None else Present(at=self.at, evidence=evidence)

    def pace(self, pacing: Pacing) -> None:
        """Settle when each delivery is sent, and with which others."""
        placed, moved = pacing.place(self.commit.outgoing, self.setup.settings, self._heard, self.at)
        self.commit.outgoing, self.commit.moved = placed, moved

    def _take(self, told: Told) -> None:
        self.commit.outgoing += told.outgoing
        self.commit.held_back += told.held_back
        self.commit.spared += told.spared

    def _follow(self, steps: Iterable[Transition]) -> None:
        self.commit.transitions += steps

    async def _read(self, work: Read) -> None:
        self.reads.append(work)
        row = self.source(work.source)
        cursor = row.cursor if work.cursor is None else work.cursor
        if not work.heard:
            self._save(replace(row, cursor=cursor))
            return
        since = self.at if self._begins(row) else row.reading_since
        if work.missed is not None:
            await self._miss(work.source, work.missed)
        self.apply(self.intake.take(work.mentions, since, work.judged))
        self.intake.dropped["unreadable"] += work.skipped
        self.intake.dropped["quarantined"] += work.judged.spared if work.judged else 0
        self._save(
            replace(
                row,
                cursor=cursor,
                reading_since=since,
                last_read=self.at,
                last_mention=self.at if work.mentions or work.taken else row.last_mention,
                mentions=row.mentions + len(work.mentions) + work.taken,
                skipped=row.skipped + work.skipped,
            )
        )

    def _begins(self, row: SourceRow) -> bool:
        """Whether nothing that was said before now was said while this source was being read."""
        if row.reading_since is None or row.state == "starved":
            return True
        missed = row.last_read is None or self.at - row.last_read > self.setup.lateness[row.name]
        return missed and row.name in self.setup.polled

    async def _miss(self, source: str, since: Instant) -> None:
        missed = Missed(at=self.at, source=source, since=min(since, self.at))
        await self._spread(LogEntry(brand=brand, entry=missed) for brand in self.setup.listeners[source])

    async def _change(self, work: SourceChange) -> None:
        row = self.source(work.source)
        # whoever waits for a person waits until it is heard again, or the operator would be told time and again
        waits = row.state in TROUBLE and work.state == "reconnecting"
        state = row.state if waits else work.state
        if state == "starting" and row.state != "starting":
            return  # what is known of it from before a restart tells more
        self._partly.pop(work.source, None)
        await self._spread(self._cover(work.source, 0.0 if state in DOWN else work.share, list(self._engines)))
        if (row.state, row.code, row.detail) == (state, work.code, work.detail):
            return
        blind, before = state in DOWN, row.state
        since = None if blind and work.source not in self.setup.polled else row.reading_since
        row = replace(row, state=state, code=work.code, detail=work.detail, reading_since=since)
        if blind:
            worse = state in TROUBLE and before not in TROUBLE
            began, told = row.blind_since or work.since or self.at, None if worse else row.told_at
            self._save(replace(row, blind_since=began, told_at=told))
            self._tell_of(work.source)
        else:
            self.commit.outgoing += self._notifier.source_heard(row, self.at) if row.told_at is not None else []
            self._save(replace(row, blind_since=None, told_at=None))

    def _tell_of(self, name: str) -> None:
        """Tell the operator once of a source that is blind: at once when that does not pass soon by itself. Of parts
        none does: it is told once for all of them.
        """
        row = self.source(name)
        if self._is_part or row.blind_since is None or row.told_at is not None:
            return
        if row.state in TROUBLE or self.at - row.blind_since >= PATIENCE:
            mine = self.setup.listeners[name]
            heard = {engine.brand: engine.coverage for engine in self._engines if engine.brand in mine}
            self.commit.outgoing += self._notifier.source_blind(row, self.at, heard)
            self._save(replace(row, told_at=self.at))

    def _share_of(self, name: str) -> float:
        """Which part of a source is heard; where its state does not say how much, as the brands know it so far."""
        row = self.source(name)
        if name in self.setup.listeners and row.code == PARTLY:
            if name not in self._partly:
                self._partly[name] = min((engine.heard(name) for engine in self._engines), default=1.0)
            return self._partly[name]
        return 0.0 if name in self.setup.listeners and row.state in DOWN else 1.0

    def _cover(self, source: str, share: float, engines: Iterable[Engine]) -> Iterator[LogEntry]:
        """What brands must know of a source: that another share of it is heard now."""
        listeners = self.setup.listeners.get(source, NOBODY)
        for engine in engines:
            mine = engine.brand in listeners
            now = share if mine else 1.0
            if engine.plan and engine.heard(source) != now:
                yield LogEntry(brand=engine.brand, entry=Coverage(at=self.at, source=source, share=now))

    def _save(self, row: SourceRow) -> None:
        self.commit.sources = [*(each for each in self.commit.sources if each.name != row.name), row]


def starting(name: str, setup: Setup) -> SourceRow:
    """A source that nothing is known of yet."""
    configured = setup.settings.sources.get(name)
    return SourceRow(name=name, kind=configured.kind if configured else "", state="starting")
