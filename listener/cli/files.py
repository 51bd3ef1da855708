"""Writing where a daemon may be reading: a file is whole or as it was, and a secret is its owner's alone."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path


def keep_secret(folder: Path, name: str, value: str) -> Path:
    """A new file `secrets/<name>` in `folder` that only its owner can read; with a number behind it when taken."""
    place = folder / "secrets"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in count(1):
        path = place / (name if number == 1 else f"{name}-{number}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(value + "\n")
        return path
    raise AssertionError


def drop_secret(path: Path) -> None:
    """Take a secret back, and its folder when nothing else is in it."""
    path.unlink()
    with suppress(OSError):
        path.parent.rmdir()


@contextmanager
def draft(path: Path, text: str) -> Iterator[Path]:
    """`text` in a hidden file beside `path`, for as long as the block lasts or until it is moved away."""
    hidden = path.with_name(f".{path.name}.{os.getpid()}.draft")
    with hidden.open("x", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        yield hidden
    finally:
        hidden.unlink(missing_ok=True)


def put_in_place(hidden: Path, path: Path) -> None:
    """The draft becomes `path` in one step, with the permissions `path` had; a link is followed."""
    shutil.copymode(path, hidden)
    hidden.replace(path.resolve())


def create(path: Path, text: str) -> None:
    """A new file. Raises FileExistsError when there is one."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
