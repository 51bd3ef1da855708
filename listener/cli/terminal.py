"""What commands share: where the configuration is, and who is spoken to."""

from pathlib import Path
from typing import Annotated

import typer

HERE, SYSTEM = Path("badbuzz.yaml"), Path("/etc/badbuzz/badbuzz.yaml")
AS_OPTION = ("allow_private: true", "allow_private=true")
"""A way out as it stands in a configuration, and as it is written on a command line."""
CONFIG_HELP = f"The configuration; when not given, $BADBUZZ_CONFIG, else {HERE} here, else {SYSTEM}."

ConfigPath = Annotated[
    Path | None,
    typer.Argument(
        metavar="CONFIG",
        envvar="BADBUZZ_CONFIG",
        show_envvar=False,
        help=CONFIG_HELP,
    ),
]


def config_path(given: Path | None, system: Path = SYSTEM) -> Path:
    """The configuration meant: the one given (by argument or BADBUZZ_CONFIG), else ./badbuzz.yaml, else the service's.

    Says where it looked when there is none; whoever reads it then fails.
    """
    if given is not None:
        return given
    for place in (HERE, system):
        if _is_there(place):
            return place
    say(f"no configuration was given, and there is neither {HERE} here nor {system}: name it, or set BADBUZZ_CONFIG")
    return HERE


def _is_there(place: Path) -> bool:
    try:
        return place.is_file()
    except PermissionError:
        return True  # reading it says what is in the way


def say(text: str) -> None:
    """Words for a person, on standard error."""
    typer.echo(text, err=True)
