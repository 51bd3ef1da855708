"""What `backtest` and `tune` are given: a configuration, which may be left out as everywhere, and recordings."""

import os
from pathlib import Path
from typing import Annotated

import typer

_ENDINGS = {".jsonl", ".ndjson"}

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE",
        help="Recordings: mentions as JSON Lines (.jsonl), - is stdin; a configuration is named before them.",
    ),
]
FromStore = Annotated[bool, typer.Option("--from-store", help="What the daemon stored instead of recordings.")]


def told_apart(config: Path | None, files: list[Path] | None) -> tuple[Path | None, list[Path]]:
    """The configuration and the recordings. What stands where a configuration would and is called as recordings are is
    one: then the configuration is looked for as if none was given.
    """
    if config is None or not (str(config) == "-" or _ENDINGS & set(config.suffixes)):
        return config, files or []
    meant = os.environ.get("BADBUZZ_CONFIG")
    return (Path(meant) if meant else None), [config, *(files or [])]


def choose(command: str, **given: bool) -> None:
    """Raise BadParameter unless one of the pasts that a command can look at is given: `recordings`, or an option."""
    options = [f"--{name.replace('_', '-')}" for name in given if name != "recordings"]
    others = " or ".join(options)
    if not any(given.values()):
        raise typer.BadParameter(
            f"there is nothing to look at: name recordings, such as `badbuzz {command} badbuzz.yaml mentions.jsonl`, "
            f"or give {others}"
        )
    if sum(given.values()) > 1:
        raise typer.BadParameter(f"recordings, {others}: give one of them, not several")
