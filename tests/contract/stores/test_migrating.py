"""Several processes start at once on a store that is empty or of an older schema: one migrates, the others wait."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from listener.store.database import place, writing
from listener.store.migrate import config
from listener.store.port import SchemaError
from listener.store.store import open_store
from listener.store.tables import HEAD
from tests.postgres import emptied

PROGRAM = str(Path(sys.executable).with_name("badbuzz"))
CONFIGURATION = """
daemon: {data: .}
brands: {acme: {query: acme}}
sources: {news: {kind: feed, urls: [https://press.example/feed]}}
channels: {here: {kind: console}}
routes: [{to: [here]}]
"""


def at_first_revision(connection: Connection) -> None:
    command.upgrade(config(connection), "0001")


@pytest.fixture(params=["sqlite", "postgresql"])
async def place_of(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, str]]:
    """Where an empty store may be, and the environment that says so to a program."""
    if request.param == "sqlite":
        return str(tmp_path), {}
    url = await emptied(request.getfixturevalue("postgresql"))
    return url, {"BADBUZZ_DAEMON__DATABASE": url}


def to_come(connection: Connection) -> None:
    connection.execute(text("update alembic_version set version_num = '9999'"))


async def made(where: str, schema: Callable[[Connection], None]) -> None:
    engine = writing(place(where))
    await engine.run(schema)
    await engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "badbuzz.yaml"
    written.write_text(CONFIGURATION)
    return written


async def migrating(file: Path, environ: dict[str, str]) -> tuple[int | None, str]:
    words = ("db", "migrate", "-c", str(file))
    process = await asyncio.create_subprocess_exec(
        PROGRAM, *words, env=os.environ | environ, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    return process.returncode, said.decode().strip()


@pytest.mark.parametrize("is_old", [False, True], ids=["an empty store", "an older schema"])
async def test_of_several_programs_one_migrates_and_the_others_find_it_done(
    place_of: tuple[str, dict[str, str]], file: Path, is_old: bool
) -> None:
    where, environ = place_of
    if is_old:
        await made(where, at_first_revision)
    ran = await asyncio.gather(*(migrating(file, environ) for _ in range(4)))
    begun = "0001" if is_old else "none"
    done = f"the store is up to date: schema {HEAD}"
    assert sorted(ran) == [(0, f"schema {begun} -> {HEAD}"), *[(0, done)] * 3]
    store = open_store(where)
    assert (await store.open("a test")).epoch == 1
    await store.close()


async def test_a_program_that_finds_a_schema_to_come_refuses_and_changes_nothing(
    place_of: tuple[str, dict[str, str]], file: Path
) -> None:
    where, environ = place_of
    assert (await migrating(file, environ))[0] == 0
    await made(where, to_come)
    code, said = await migrating(file, environ)
    assert (code, "of a newer badbuzz" in said, "install the newer one again" in said) == (1, True, True), said
    with pytest.raises(SchemaError, match="newer badbuzz"):
        await open_store(where).open("a test")
