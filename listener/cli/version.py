"""`badbuzz version`."""

import platform
from collections.abc import Iterator
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

import typer

from listener.cli.terminal import say

PACKAGES = ("config", "rules", "alerts", "listener")


def command() -> None:
    """Say which badbuzz this is, and whether another distribution gets in its way."""
    typer.echo(f"badbuzz {version('badbuzz')} (Python {platform.python_version()}, {platform.system()})")
    for warning in conflicts():
        say(f"warning: {warning}")


def conflicts() -> Iterator[str]:
    """Packages of ours that another distribution owns, or that are imported from elsewhere."""
    owners = packages_distributions()
    home = Path(__file__).parents[2]
    way_out = "install badbuzz into an environment of its own (pipx, uv tool, a container)"
    for package in PACKAGES:
        others = sorted(set(owners.get(package, [])) - {"badbuzz"})
        if others:
            yield f"the package '{package}' also belongs to {', '.join(others)}: {way_out}"
        spec = find_spec(package)
        origin = Path(spec.origin) if spec and spec.origin else None
        if origin is None or origin.parents[1] != home:
            yield f"the package '{package}' is imported from {origin or 'somewhere else'}: {way_out}"
