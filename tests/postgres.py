"""A private PostgreSQL for tests: a throw-away cluster on a unix socket, gone with the test that asked for it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

_FAST = "-c fsync=off -c full_page_writes=off -c max_connections=100"
_FORGETFUL = "-c synchronous_commit=off"


def _programs() -> Path | None:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    elsewhere = shutil.which("initdb")
    return debian[-1].parent if debian else Path(elsewhere).parent if elsewhere else None


def _run(*words: str) -> None:
    """PostgreSQL refuses to run as root: its own account does it then."""
    account = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*account, *words], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd="/")


@contextmanager
def cluster(*, lasting: bool = False, host: str = "") -> Iterator[str]:
    """The URL of an empty database of a new cluster; a `lasting` one keeps what was committed when it is `crashed`. It
    is reached at `host` too, by everybody. Skips the test where PostgreSQL is not installed.
    """
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL not found: run `make servers`")
    folder = Path(tempfile.mkdtemp(prefix="bb-pg-"))  # short: a socket's path is
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    data, control = str(folder / "data"), str(programs / "pg_ctl")
    options = f"{_FAST} {'' if lasting else _FORGETFUL} -k {folder} -c listen_addresses='{host}'"
    try:
        _run(str(programs / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        if host:
            with (folder / "data" / "pg_hba.conf").open("a") as file:
                file.write("host all all all trust\n")
        _run(control, "start", "-w", "-D", data, "-l", str(folder / "log"), "-o", options)
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            _run(control, "stop", "-D", data, "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)


async def emptied(url: str) -> str:
    """The same database without a single table."""
    await execute(url, "drop schema public cascade; create schema public")
    return url


async def execute(url: str, statement: str) -> None:
    """Run a statement, or several, on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def crash(url: str) -> None:
    """End the server of a lasting cluster as a crash would, and start it again: every connection is lost."""
    folder = Path(url.partition("host=")[2])
    programs = _programs()
    assert programs
    _run(
        str(programs / "pg_ctl"),
        "restart",
        "-w",
        "-D",
        str(folder / "data"),
        "-l",
        str(folder / "log"),
        "-m",
        "immediate",
    )
