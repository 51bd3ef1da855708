"""What only a server can do: be empty, be away, be newer, be asked by several machines."""

from pathlib import Path

import pytest

from listener.store.port import SchemaError, SourceRow, StoreError
from listener.store.store import open_store
from listener.store.tables import HEAD
from listener.store.upkeep import backup, migrate
from listener.store.views import open_views
from tests.postgres import emptied, execute
from tests.stores import commit, opened


@pytest.fixture
async def empty(postgresql: str) -> str:
    return await emptied(postgresql)


async def test_a_database_is_migrated_only_when_told_to(empty: str) -> None:
    store, views = open_store(empty), open_views(empty)
    for use in (store.open("a test"), views.brands()):
        with pytest.raises(SchemaError, match="badbuzz db migrate"):
            await use
    assert await migrate(empty) == (None, HEAD)
    assert await views.brands() == []
    await views.close()
    async with opened(empty):
        assert await migrate(empty) == (HEAD, HEAD)


async def test_a_newer_schema_is_refused(empty: str) -> None:
    await migrate(empty)
    await execute(empty, "update alembic_version set version_num = '9999'")
    with pytest.raises(SchemaError, match="newer badbuzz"):
        await open_store(empty).open("a test")
    with pytest.raises(SchemaError, match="newer badbuzz"):
        await migrate(empty)


async def test_a_server_that_is_away_or_knows_no_such_database_is_named_without_the_password(empty: str) -> None:
    away = "postgresql://badbuzz:s3cret@127.0.0.1:1/postgres"
    unknown = empty.replace("postgres@/postgres", "postgres:s3cret@/none")
    for url, words in ((away, "is it running"), (unknown, "createdb")):
        views = open_views(url)
        for use in (open_store(url).open("a test"), views.brands()):
            with pytest.raises(StoreError, match=words) as raised:
                await use
            assert "s3cret" not in str(raised.value)
        await views.close()


async def test_words_that_the_server_refuses_hold_up_no_commit(empty: str) -> None:
    await migrate(empty)
    async with opened(empty) as store:
        await store.commit(commit(sources=[SourceRow(name="press", kind="feed", state="gone", detail="410: nul\0")]))
        found = await store.source("press")
    assert found is not None
    assert found.detail == "410: nul\ufffd"


async def test_a_database_is_not_copied_to_a_file(empty: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="pg_dump"):
        await backup(empty, tmp_path / "copy")
