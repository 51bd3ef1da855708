"""Workers: processes that work beside the daemon, started when there is work that pays, and again when one is lost."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Literal

import structlog

from listener.pool.line import Line, LostError, line_to

DEADLINE = 20.0
"""Seconds that one piece of work may take: less than the writer may stand still."""
IDLE = 600.0
"""Seconds without work after which workers are let go."""
MOST_FAILURES = 3
"""Of starts in a row, until nothing more is tried with the same recipe."""

_MOST = 4
_AT_ONCE = 2
"""Jobs that one worker has: what it works on, and what comes next."""

Recipe = Callable[[], AsyncIterator[bytes]]
"""What an answerer is made of, part by part; none is empty."""
log = structlog.get_logger("workers")


def workers(wanted: int | Literal["auto"]) -> int:
    """How many there may be at once: `auto` is one for each core that we may use, of several, up to 4."""
    if wanted != "auto":
        return wanted
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST) if cores > 1 else 0


class NobodyError(Exception):
    """There is no worker who could do it."""


@dataclass(eq=False)
class _Job:
    said: bytes
    done: "asyncio.Future[bytes]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(eq=False)
class _Crew:
    """Those who work by the same recipe."""

    recipe: Recipe
    jobs: "asyncio.Queue[_Job | None]" = field(default_factory=asyncio.Queue)
    alive: int = 0
    ready: int = 0
    idle: int = 0
    failures: int = 0
    is_over: bool = False

    def spare(self) -> _Job | None:
        """What waits though nobody is idle."""
        return None if self.is_over or self.jobs.qsize() <= self.idle else self.jobs.get_nowait()

    def dismiss(self) -> None:
        """Let all of them go once they have done what they have begun."""
        self.is_over = True
        self.turn_down()
        for _ in range(self.alive):
            self.jobs.put_nowait(None)

    def turn_down(self) -> None:
        """Nobody takes up what waits."""
        for _ in range(self.jobs.qsize()):
            if job := self.jobs.get_nowait():
                _settle(job, NobodyError())


class Pool:
    """At most `most` workers, whose answerers are made by `target` (a module and its function) of a recipe. While `run`
    runs, they can be asked for. `lost` is called whenever one ends before it should.
    """

    def __init__(
        self,
        target: str,
        most: int,
        *,
        deadline: float = DEADLINE,
        idle: float = IDLE,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._target, self._most, self._deadline, self._idle = target, most, deadline, idle
        self._lost = lost
        self._wanted = asyncio.Event()
        self._crew: _Crew | None = None

    @property
    def ready(self) -> int:
        """How many could take something up now."""
        return self._crew.ready if self._crew else 0

    @property
    def has_given_up(self) -> bool:
        """Whether workers ended at each start, or over too much, so that none is tried any more with this recipe."""
        return self._crew is not None and self._crew.failures >= MOST_FAILURES

    def renew(self, recipe: Recipe) -> None:
        """From now on work by another recipe. Those who work by the one before finish what they have begun."""
        if self._crew:
            self._crew.dismiss()
        self._crew = _Crew(recipe)

    def give_up(self, why: str) -> None:
        """No more with this recipe: it is not the work that is at fault."""
        if self._crew and not self.has_given_up:
            self._crew.failures = MOST_FAILURES
            self._crew.dismiss()
            log.error("workers_given_up", why=why)

    def want(self) -> None:
        """There is work that pays for workers."""
        if self._crew and not self.has_given_up and self._crew.alive < self._most:
            self._wanted.set()

    def post(self, said: bytes) -> "asyncio.Future[bytes]":
        """What will be the answer of a worker by the present recipe: of one that is idle, else of the first that has
        room for what comes next, which then waits for what that one works on, `deadline` at most. Raises NobodyError
        when there is none, as the answer may, too, and LostError when the worker ended over this.
        """
        crew = self._crew
        if crew is None or not crew.alive:
            raise NobodyError
        job = _Job(said)
        crew.jobs.put_nowait(job)
        return job.done

    async def run(self) -> None:
        """Keep workers until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._wanted.wait()
                    self._wanted.clear()
                    crew = self._crew
                    while crew and crew.alive < self._most:
                        crew.alive += 1
                        group.create_task(self._keep(crew), name="worker")
        finally:
            if self._crew:
                self._crew.dismiss()

    async def _keep(self, crew: _Crew) -> None:
        """One worker, and another in its place as often as it is lost."""
        try:
            while not crew.is_over and crew.failures < MOST_FAILURES:
                try:
                    await self._live(crew)
                except LostError as error:
                    self._tell(crew, str(error))
                else:
                    return
        finally:
            crew.alive -= 1
            if not crew.alive:
                crew.turn_down()

    def _tell(self, crew: _Crew, why: str) -> None:
        self._lost()
        log.warning("worker_lost", why=why)
        if crew.failures == MOST_FAILURES:
            log.error("workers_given_up", why=why)

    async def _live(self, crew: _Crew) -> None:
        is_ready = False
        try:
            async with line_to(self._target, self._deadline) as line:
                await line.prepare(crew.recipe())
                is_ready = True
                if not crew.is_over:  # those that were given up while this one started stay so
                    crew.failures = 0
                crew.ready += 1
                try:
                    await self._serve(crew, line)
                finally:
                    crew.ready -= 1
        except LostError:
            crew.failures += not is_ready
            raise

    async def _serve(self, crew: _Crew, line: Line) -> None:
        begun = deque[_Job]()
        try:
            while job := await self._next(crew):
                self._begin(job, line, begun)
                while begun:
                    # it goes on with another while we find the time to hear what it said
                    while len(begun) < _AT_ONCE and (another := crew.spare()):
                        self._begin(another, line, begun)
                    answer = await line.answer()
                    _settle(begun.popleft(), answer)
        except LostError as error:
            _settle(begun.popleft(), error)
            for each in begun:
                crew.jobs.put_nowait(each)
            raise
        except asyncio.CancelledError:
            for each in begun:
                _settle(each, NobodyError())
            raise

    def _begin(self, job: _Job, line: Line, begun: deque[_Job]) -> None:
        if not job.done.done():
            line.ask(job.said)
            begun.append(job)

    async def _next(self, crew: _Crew) -> _Job | None:
        crew.idle += 1
        try:
            async with asyncio.timeout(self._idle):
                return await crew.jobs.get()
        except TimeoutError:
            return None
        finally:
            crew.idle -= 1


def _settle(job: _Job, answer: bytes | Exception) -> None:
    if job.done.done():
        return  # whoever asked waits no more
    if isinstance(answer, Exception):
        job.done.set_exception(answer)
        job.done.exception()  # whoever asked may have gone: it is no news to anybody else
    else:
        job.done.set_result(answer)
