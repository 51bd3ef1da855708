"""A changing set of named tasks: what a reload leaves as it was goes on undisturbed."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any

from config.model import secrets_in
from config.settings import Component


@dataclass(frozen=True, kw_only=True)
class Job:
    """What should run. Two jobs with one `fingerprint` are the same job."""

    fingerprint: str
    start: Callable[[], Coroutine[Any, Any, None]]


class Roster:
    """Runs jobs in a task group, each under its name."""

    def __init__(self, group: asyncio.TaskGroup, role: str) -> None:
        self._group, self._role = group, role
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}

    async def become(self, jobs: Mapping[str, Job]) -> None:
        """Make `jobs` what runs: end what is gone or different, start what is new, leave the rest alone."""
        leaving = [
            name
            for name, (fingerprint, _) in self._running.items()
            if name not in jobs or jobs[name].fingerprint != fingerprint
        ]
        tasks = [self._running.pop(name)[1] for name in leaving]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for name, job in jobs.items():
            if name not in self._running:
                task = self._group.create_task(job.start(), name=f"{self._role}:{name}")
                self._running[name] = (job.fingerprint, task)


def fingerprint(component: Component) -> str:
    """Tells whether a component changed; holds a digest, never the secrets themselves."""
    content = f"{component.kind}\n{component.options.model_dump_json()}\n{list(secrets_in(component.options))}"
    return blake2s(content.encode()).hexdigest()
