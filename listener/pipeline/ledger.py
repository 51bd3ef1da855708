"""What the store's log says, held in memory: the engines, the sources, the configuration in force."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from time import monotonic

import msgspec
import structlog

from alerts.silence import Silence
from listener.clock import Clock
from listener.garbage import in_the_background
from listener.observe.metrics import Metrics
from listener.pipeline.classifying import Classifying
from listener.pipeline.clean import fit
from listener.pipeline.commands import Commands
from listener.pipeline.desk import Desk
from listener.pipeline.engines import Engines
from listener.pipeline.handing import handed
from listener.pipeline.intake import Intake
from listener.pipeline.labels import Labels
from listener.pipeline.loads import loads_of
from listener.pipeline.models import usable
from listener.pipeline.notify import Heard
from listener.pipeline.observing import observe
from listener.pipeline.pacing import Pacing, recalled
from listener.pipeline.rates import Rates
from listener.pipeline.setup import Setup
from listener.pipeline.slices import sliced
from listener.pipeline.standing import heard_before, heard_of, spoken, told_since
from listener.pipeline.turn import Turn, starting
from listener.pipeline.watched import is_watched
from listener.pipeline.watches import Watches
from listener.pipeline.work import Dated, Happened, Read, Recount, Reload, SourceChange, Work, mentions_of
from listener.shares import DESK, Share
from listener.signal import Signal
from listener.store.asking import Command
from listener.store.port import Commit, Seen, SourceRow, Store, Views
from rules.engine import GRID
from rules.inputs import Imported
from rules.instant import HOUR, MINUTE, SECOND, Instant, Span
from rules.labelling.model import LabelModel
from rules.reactions import Followed
from rules.transition import Transition

SILENCE: Span = 5 * MINUTE
"""So long without a turn, the machine slept or the store took nothing: that time was not calm, it was not heard."""
_STALL: Span = 30 * SECOND
"""The same on the wall, for clocks that run faster."""
_AHEAD: Span = 5 * SECOND
_RECALLED = 5_000
"""So many mentions taken last are looked at in a start, for how many there were a minute."""
CAUGHT_UP = 100
"""Brands that one transaction brings to a new configuration; mentions do not wait for thousands."""

log = structlog.get_logger("ledger")


class Ledger:
    """Holds the engines and what else must agree with the store. Used by one task at a time, `start` first.

    `write` is all or nothing: `setup` and `source` always tell what is committed, and after a failure the engines are
    read back from the store. `moved` is when a long piece of work last got on, as `time.monotonic` tells. `outgoing`
    fires when there may be something to deliver, `committed` after each commit.

    With a `share` it is that of one part of the brands, which takes in what `Happened` at the time of that, and lets
    no time pass but up to there or to what `clock` says, which is 0 where only records tell the time; or that of the
    desk, which judges no brand.
    """

    def __init__(
        self,
        store: Store,
        views: Views,
        clock: Clock,
        metrics: Metrics,
        setup: Setup,
        classifying: Classifying | None = None,
        share: Share | None = None,
    ) -> None:
        self._store, self._views, self._clock, self._metrics = store, views, clock, metrics
        self.setup, self.classifying = setup, classifying or Classifying(clock)
        self.engines = Engines()
        self.outgoing, self.committed = Signal(), Signal()
        self.rates = Rates()
        self.models: Mapping[str, LabelModel] = {}
        self._commands = Commands(views)
        self._heard: dict[str, Heard] = {}
        self._silences: dict[int, Silence] = {}
        self._sources: dict[str, SourceRow] = {}
        self._salt = b""
        self._last: Instant = 0
        self._advanced: Instant = 0
        self._ran: Instant = 0
        self._snapshot_at: Instant = 0
        self.moved = 0.0
        self._stale = self._was_ahead = False
        self._pacing = Pacing()
        self._share = share
        self._is_part = share is not None and share.part != DESK
        self._watches = Watches(views)
        self._desk = None if self._is_part else Desk(store, views, self._watches, shared=share is not None)
        self._behind: Sequence[str] = ()

    @property
    def is_behind(self) -> bool:
        """Whether brands are still to be brought to the configuration in force: the next transaction goes on."""
        return bool(self._behind)

    @property
    def parts(self) -> int:
        """In how many parts other processes judge; 0 where brands are judged here."""
        return self._share.parts if self._share and self._desk else 0

    async def start(self) -> None:
        """Take up where the last process stopped: the engines as the log leaves them, a gap, the plans in force.

        Raises StoreError.
        """
        self._salt = await self._store.salt()
        await self._load()
        if not self._is_part:
            self._metrics.brands.watch(self.setup.settings.brands.keys())
            self.rates.recall(await self._views.mentions(limit=_RECALLED))
            self.rates.keep(self.setup.plans)
        turn = await self._turn([], [])
        if self._is_part:
            await self._mind_gap(turn)
        elif self._ran:
            await turn.gap(self._ran)
        turn.configure(self.setup)
        turn.behind |= dict.fromkeys(self.setup.plans)  # a model may be unreadable now, or a source heard otherwise
        await turn.catch_up()
        if self._desk:
            await self._desk.rehome(turn)
        await self._tell(turn)
        if self._desk:
            await self._watches.hand_over(turn, self._sources, self._advanced)
        await self._watches.nudge(turn, self.engines)
        await self._commit(turn)

    async def write(self, works: Sequence[Work], *, final: bool = False) -> None:
        """Commit works, in order, and what follows from them: commands, grid instants, hourly (or at the end) a
        snapshot. Raises StoreError when nothing of it happened.
        """
        much = self.is_behind or self._stale
        try:
            with in_the_background() if much else nullcontext():
                await self._write(works, final=final)
        except BaseException:
            self._stale = True
            raise

    def source(self, name: str) -> SourceRow:
        """What is known of a source, as of the last transaction."""
        return self._sources.get(name) or starting(name, self.setup)

    def due(self, source: str, at: Instant, asked: Mapping[str, Instant]) -> list[str]:
        """The posts of a source of which it is time to ask how they are received, the hottest first; `asked` is when
        each was asked for last.
        """
        posts = {name: post for engine in self.engines for name, post in engine.followed.posts.items()}
        return Followed(posts).due(source, at, asked)

    async def _write(self, works: Sequence[Work], *, final: bool) -> None:
        recovering = self._stale
        if recovering:
            await self._load()
            self._behind = self.engines.unlike(self.setup.plans)
        ready, commands = [_cleaned(work) for work in works], await self._store.commands()
        turn = await self._turn(ready, commands)
        ready = [await self._classified(work, turn) for work in ready]
        await self._mind_gap(turn)
        for work in ready:
            if isinstance(work, Happened):
                turn.commit.offset = work.offset
                for dated in work.dated:
                    await self._take(dated, turn)
            else:
                await turn.do(work)
        await turn.catch_up(CAUGHT_UP)
        if self._desk:
            await self._desk.pass_on(turn, anew=recovering or any(isinstance(work, Reload) for work in ready))
        await self._obey(turn, commands)
        await turn.advance()
        await self._tell(turn)
        await self._watches.nudge(turn, self.engines)
        if self._desk:
            await self._desk.report(turn, self._sources, self._advanced)
        turn.commit.outgoing += self.classifying.quarantine.due(turn.setup.settings, turn.at)
        self._ran = turn.at
        long = any(isinstance(each.entry, Imported) for each in turn.commit.inputs)  # to learn again at a start
        if final or long or turn.at - self._snapshot_at >= HOUR:
            turn.commit.snapshots = [
                (each.brand, turn.at, each.dump()) async for each in sliced(list(self.engines)) if each.plan
            ]
        commit = turn.commit
        # after a failure only a commit shows that the store is well again
        wanted = final or works or recovering or commit.outcomes or commit.outgoing
        carried_out = commit.answered or commit.handed or commit.split
        if wanted or commit.inputs or commit.transitions or carried_out or turn.at - self._advanced >= GRID:
            await self._commit(turn)

    async def _mind_gap(self, turn: Turn) -> None:
        if self._ran and turn.at - self._ran > max(SILENCE, int(_STALL * self._clock.speed)):
            await turn.gap(self._ran)

    async def _take(self, work: Dated, turn: Turn) -> None:
        """Take in what others heard, with the stamp that it gets whatever comes with it."""
        self._last = self._stamp(work)
        turn.date(self._last)
        await self._mind_gap(turn)
        self._ran = turn.at
        for each in work.works:
            await turn.do(each)

    def _stamp(self, work: Dated) -> Instant:
        """When it happened: never before what was told before it, and never with news that may be judged already."""
        at = max(work.at, self._last)
        judged = self.engines.judged
        if work.brands is not None:
            named = [engine for brand in work.brands if (engine := self.engines.get(brand))]
            judged = max((engine.judged for engine in named), default=0)
        return max(at, judged + 1)

    async def _classified(self, work: Work, turn: Turn) -> Work:
        """What follows finds the slow part done, during which others had the loop too."""
        if isinstance(work, Happened):
            return replace(work, dated=[await self._with_found(each, turn) for each in work.dated])
        if not isinstance(work, Read):
            return work
        self.moved = monotonic()
        return await self.classifying.rest(work, self.setup, turn.intake.known)

    async def _with_found(self, dated: Dated, turn: Turn) -> Dated:
        works = [await self._classified(each, turn) for each in dated.works]
        return replace(dated, works=[each for each in works if isinstance(each, Read | SourceChange)])

    async def _turn(self, works: Sequence[Work], commands: Sequence[Command]) -> Turn:
        at = max(self._last, self._clock.now())
        if not self._is_part or commands or not all(isinstance(work, Happened) for work in works):
            # no stamp has news in two transactions: what comes with one stamp is judged as one
            at = max(at, self.engines.judged + 1)
        self._last = at
        names = [each.identity for work in works for each in mentions_of(work)]
        known = self._ours(await self._store.lookup(list(dict.fromkeys(names)))) if names else {}
        commit, ahead = Commit(advanced=at, last=at), self._ahead(at)
        intake = Intake(self.setup, self._salt, known, commit, at, ahead=ahead, models=self.models)
        for number in [number for number, each in self._silences.items() if each.until <= at]:
            del self._silences[number]
        known_so_far = self._heard, self._silences, self._sources
        return Turn(self.setup, self.engines, *known_so_far, intake, self._behind, is_part=self._is_part)

    def _ours(self, known: Mapping[str, Seen]) -> Mapping[str, Seen]:
        """What is known, of our brands: whoever had them before may have had others too."""
        if self._share is None or not self._is_part:
            return known
        has = self._share.has
        return {
            name: msgspec.structs.replace(seen, facts={brand: each for brand, each in seen.facts.items() if has(brand)})
            for name, seen in known.items()
        }

    def _ahead(self, at: Instant) -> Span:
        """How far the stamp is before the wall, where that is more than a moment."""
        ahead = at - self._clock.wall()
        if ahead > _AHEAD and not self._was_ahead:
            log.warning("clock_was_set_back", seconds=ahead // SECOND)
        self._was_ahead = ahead > _AHEAD
        return ahead if self._was_ahead else 0

    async def _tell(self, turn: Turn) -> None:
        """Tell what happened, and then what was held back: what ends a critical incident lets others be told."""
        news = turn.news()
        if self._is_part:
            await self._hear_of_others(turn, news)
        if news or any(heard.waiting for heard in self._heard.values()):
            turn.loads.update(await loads_of(turn.setup.settings, self._views, turn.at))
        for step in news:
            if step.state == "reopened":
                self._heard |= await heard_before(step, turn.setup.settings, self._views)
            turn.tell(step, await spoken(step, turn.setup.settings, turn.commit.mentions, self._views))
        turn.tell_afterwards()
        turn.climb(self._advanced)

    async def _hear_of_others(self, turn: Turn, news: Sequence[Transition]) -> None:
        """What the desk put in force, and whom it told instead of others."""
        if news or self._heard:
            self._silences.clear()
            self._silences |= {each.number: each for each, _ in await self._views.silences(turn.at)}
        # where much is said no transaction is long after the one before
        looked = turn.at // GRID == self._advanced // GRID
        moved = {step.incident for step in news} if looked else {*self._heard}
        self._heard |= await told_since({name: self._heard[name] for name in moved & self._heard.keys()}, self._views)

    async def _obey(self, turn: Turn, commands: Sequence[Command]) -> None:
        labels = await Labels.prepare(turn, commands, self._store, self._views)
        for command in commands:
            answered = self._desk and await self._desk.obey(command, turn)
            if answered:
                turn.commit.answered.append(answered)
                continue
            if self._desk and self._share and await self._is_handed(command, self._share, turn):
                continue
            if command.verb == "label":
                turn.commit.answered.append(labels.carry_out(command))
                continue
            answer = await self._commands.carry_out(command, self.engines, turn.at, turn.silences)
            turn.commit.answered.append(answer.answered)
            turn.commit.unpark += answer.unpark
            turn.commit.judged += answer.judged
            turn.commit.remarks += answer.remarks
            if answer.silence:
                turn.silence(answer.silence)
            if answer.answered.refusal:
                log.info("command_refused", verb=command.verb, target=command.target, why=answer.answered.refusal)
            for entry in answer.entries:  # a history has many, and each takes a while to learn
                turn.apply([entry])
                self.moved = monotonic()
                await asyncio.sleep(0)

    async def _is_handed(self, command: Command, share: Share, turn: Turn) -> bool:
        return await handed(command, share, self._views, turn.setup.settings, turn.commit)

    async def _commit(self, turn: Turn) -> None:
        begun, commit = monotonic(), turn.commit
        if self._share and commit.outgoing:
            self._pacing = await recalled(self._store, turn.at)  # others plan for the same people
        turn.pace(self._pacing)
        await self._store.commit(commit)
        self._advanced = self._ran = commit.advanced
        is_new = turn.setup is not self.setup
        self.setup, self.models, self._behind = turn.setup, turn.intake.models, tuple(turn.behind)
        self._take_up(commit)
        if is_new:
            self.rates.keep(self.setup.plans)
        self.classifying.quarantine.told(commit.last)
        if self._desk:
            self._desk.committed(commit, self.setup.settings)
        self._metrics.committed(monotonic() - begun)
        observe(self._metrics, commit, turn.reads, turn.intake.dropped)
        for row in self._sources.values():
            if row.state == "live" and row.name in self.setup.attentive:
                self._metrics.source_event(row.name, commit.last)  # whoever listens hears that nothing is said
        if commit.snapshots:
            self._snapshot_at = commit.advanced
        if commit.outgoing or commit.unpark or commit.outcomes:
            self.outgoing.fire()
        self.committed.fire()

    def _take_up(self, commit: Commit) -> None:
        self.rates.take(commit.inputs)
        for row in commit.sources:
            before, self._sources[row.name] = self.source(row.name), row
            if (before.state, before.code, before.detail) != (row.state, row.code, row.detail):
                log.info("source_state", source=row.name, state=row.state, code=row.code, detail=row.detail)
            if (before.state, before.code) != (row.state, row.code):
                self._metrics.source_changed(row.name, row.state, row.code)
        for step in commit.transitions:
            held = step.severity != "critical" and is_watched(self.setup.settings, step.brand, step.rule, step.at)
            facts = {"incident": step.incident, "brand": step.brand, "rule": step.rule, "state": step.state}
            log.info("transition", **facts, held=held)
        for quiet in commit.held_back:
            why = {"silence": quiet.silence, "behind": quiet.behind}
            log.info("held_back" if quiet.told_at is None else "told_after_all", incident=quiet.incident, **why)

    async def _load(self) -> None:
        position = await self._store.position()
        self._advanced, self._last = (position.advanced, position.last) if position else (0, self._last)
        self._ran = self._advanced
        if self._desk:
            await self._desk.load(self.setup.settings, self._advanced)
        self._watches.begin()
        brands = await self._views.brands()
        await self.engines.load(self._store, [each for each in brands if self._share is None or self._share.has(each)])
        # what time alone brought since the last input was told with it: told anew, it might be told to others
        self.engines.advance(self._advanced)
        if self._is_part and position is None and self.engines.judged:
            self._ran, self._last = self.engines.judged, self.engines.judged + 1  # by one process that had all brands
        self._sources = {row.name: row for row in await self._store.sources()}
        self._silences = {each.number: each for each, _ in await self._views.silences(self._last)}
        incidents = {each.id for engine in self.engines for each in engine.open_incidents()}
        self.models = usable(await self._views.models())
        self._pacing = await recalled(self._store, self._last)
        self._heard = await heard_of(incidents, self.setup.settings, self._views, self._silences.values(), self._last)
        self._stale = False


def _cleaned(work: Work) -> Work:
    if not isinstance(work, Read | Recount) or (isinstance(work, Read) and work.judged):
        return work
    return replace(work, mentions=[fit(mention, work.source) for mention in work.mentions])
