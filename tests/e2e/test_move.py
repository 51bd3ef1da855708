"""A daemon that began on SQLite goes on in PostgreSQL after `badbuzz db move`, as if nothing had been."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.e2e.world import KEY, check, lives, settle, talk, views_of, world
from tests.postgres import cluster

PROGRAM = str(Path(sys.executable).with_name("badbuzz"))
PASSWORD = "s3cret-of-the-database"


@pytest.fixture
def postgresql():
    with cluster() as url:
        yield url.replace("postgres@", f"postgres:{PASSWORD}@")


async def badbuzz(*words, **environ):
    secrets = {"PUSH_KEY": KEY, "HOOK_URL": "http://127.0.0.1:1/hook", "HOOK_KEY": "the webhook's own key"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        PROGRAM, *words, env=os.environ | secrets | environ, stdout=pipe, stderr=pipe
    )
    out, err = await process.communicate()
    assert PASSWORD not in (out + err).decode()
    return process.returncode, err.decode()


async def told(the_world):
    async with views_of(the_world) as views:
        return [step async for step in views.transitions()]


async def listened(the_world, config, mentions):
    stop = asyncio.Event()
    async with lives(the_world, config) as daemon, asyncio.TaskGroup() as group:
        talking = group.create_task(talk(the_world, stop, limit=mentions))
        assert await settle(the_world, daemon, after=talking)


@pytest.mark.timeout(200)
async def test_the_daemon_goes_on_in_postgresql_and_its_log_explains_every_step_of_before_and_after(
    tmp_path, postgresql
):
    async with world(tmp_path) as the_world:
        config = the_world.write_config()
        await listened(the_world, config, 60)
        before = await told(the_world)
        code, said = await badbuzz("db", "move", "--to", postgresql, "-c", str(config))
        assert (code, "each compared" in said, "set daemon.database" in said) == (0, True, True), said
        code, said = await badbuzz("run", str(config))
        assert (code, "was moved to PostgreSQL: set daemon.database" in said) == (1, True), said

        the_world.database = postgresql
        assert await told(the_world) == before
        await listened(the_world, the_world.write_config(), 120)
        after = await check(the_world)
        assert after[: len(before)] == before
        assert len(after) > len(before) > 0
        code, said = await badbuzz("db", "move", "-c", str(config), DATABASE=postgresql)
        assert (code, "was moved to PostgreSQL" in said) == (1, True), said
