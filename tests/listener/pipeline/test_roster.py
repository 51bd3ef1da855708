"""A reload disturbs only what it changes."""

import asyncio

from listener.pipeline.roster import Job, Roster


class Jobs:
    """Jobs that note when they begin and end."""

    def __init__(self):
        self.began, self.ended = [], []

    def job(self, name, fingerprint="1", *, last=False):
        async def start():
            self.began.append(name)
            try:
                await (asyncio.sleep(0) if last else asyncio.Event().wait())
            finally:
                self.ended.append(name)

        return Job(fingerprint=fingerprint, start=start)


async def turns():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_only_what_changed_is_started_again():
    jobs = Jobs()
    async with asyncio.TaskGroup() as group:
        roster = Roster(group, "source")
        await roster.become({"a": jobs.job("a"), "b": jobs.job("b"), "c": jobs.job("c")})
        await turns()
        await roster.become({"a": jobs.job("a"), "b": jobs.job("b", "2"), "d": jobs.job("d")})
        await turns()
        assert (["a", "b", "c", "b", "d"], ["b", "c"]) == (jobs.began, jobs.ended)
        await roster.become({})
    assert ["a", "b", "b", "c", "d"] == sorted(jobs.ended)


async def test_what_has_finished_stays_finished_until_it_changes():
    jobs = Jobs()
    async with asyncio.TaskGroup() as group:
        roster = Roster(group, "source")
        for fingerprint in ("1", "1", "2"):
            await roster.become({"a": jobs.job("a", fingerprint, last=True)})
            await turns()
    assert ["a", "a"] == jobs.began


async def test_each_task_bears_its_role_and_name():
    jobs, names = Jobs(), set()
    async with asyncio.TaskGroup() as group:
        roster = Roster(group, "channel")
        await roster.become({"team": jobs.job("team")})
        names = {task.get_name() for task in asyncio.all_tasks()}
        await roster.become({})
    assert "channel:team" in names
