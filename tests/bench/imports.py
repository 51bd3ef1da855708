"""What each package costs to import: `python -m tests.bench.imports` prints it for `version`, `check` and `run` with a
feed and a ntfy channel. Each in a fresh process; its own is without what its modules import themselves.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import ExtensionFileLoader, SourceFileLoader
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
CONFIGURATION = """
operator: {to: [phone]}
brands: {acme: {query: acme}}
sources: {press: {kind: feed, urls: [https://example.org/rss]}}
rules: {bad-buzz: {kind: spike}}
channels: {phone: {kind: ntfy, server: https://ntfy.example, topic: acme-1}}
routes: [{to: [phone]}]
"""
COMMANDS = {
    "version": "from listener.cli.main import run; run(['version'])",
    "check": "from listener.cli.main import run; run(['check', sys.argv[2]])",
    "run": "import listener.cli.run; from pathlib import Path; from listener.app import load_checked;"
    "import listener.service; load_checked(Path(sys.argv[2]))",
}
MOST = 12


class Costs:
    """Sees each module being run, and knows inside which others that happens."""

    def __init__(self) -> None:
        self.found: dict[str, list[float]] = {}
        self._inside: list[tuple[str, list[float]]] = []

    def watch(self, loader: type, name: str) -> None:
        original: Callable[[Any, ModuleType], None] = getattr(loader, name)

        def run(this: Any, module: ModuleType) -> None:
            self._run(module.__name__.partition(".")[0], lambda: original(this, module))

        setattr(loader, name, run)

    def _run(self, package: str, load: Callable[[], None]) -> None:
        outermost = package not in {name for name, _ in self._inside}
        begun, nested = (process_time() * 1e3, resident()), [0.0, 0.0]
        self._inside.append((package, nested))
        try:
            load()
        finally:  # some try what is not installed
            self._inside.pop()
            self._note(package, begun, nested, outermost=outermost)

    def _note(self, package: str, begun: tuple[float, float], nested: list[float], *, outermost: bool) -> None:
        whole = [process_time() * 1e3 - begun[0], resident() - begun[1]]
        figures = self.found.setdefault(package, [0.0] * 4)
        for place in (0, 1):
            figures[place] += whole[place] - nested[place]
            figures[place + 2] += whole[place] if outermost else 0
            if self._inside:
                self._inside[-1][1][place] += whole[place]


def resident() -> float:
    """MiB."""
    held = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(held[1]) / 1024 if held else 0.0


def inside(command: str) -> None:
    """Run a command's imports in this process, and tell what they cost on the last line of stderr."""
    costs, begun, before = Costs(), process_time(), resident()
    for loader in (SourceFileLoader, ExtensionFileLoader):
        costs.watch(loader, "exec_module")
    exec(COMMANDS[command])
    whole = [(process_time() - begun) * 1e3, resident() - before]
    print(json.dumps({"whole": whole, "packages": costs.found}), file=sys.stderr)  # noqa: T201


def main() -> None:
    with TemporaryDirectory() as folder:
        config = Path(folder) / "badbuzz.yaml"
        config.write_text(CONFIGURATION, encoding="utf-8")
        for command in COMMANDS:
            words = [sys.executable, "-m", "tests.bench.imports", command, str(config)]
            ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
            told = json.loads(ran.stderr.splitlines()[-1])
            shown(command, told["whole"], told["packages"])


def shown(command: str, whole: list[float], packages: dict[str, list[float]]) -> None:
    dearest = sorted(packages.items(), key=lambda each: -each[1][0])[:MOST]
    lines = [f"\n| `{command}`: {whole[0]:.0f} ms, {whole[1]:.0f} MiB | own | with what it imports |", "|---|---|---|"]
    for name, (own, held, in_all, held_in_all) in dearest:
        lines.append(f"| {name} | {own:.0f} ms, {held:.1f} MiB | {in_all:.0f} ms, {held_in_all:.1f} MiB |")
    print("\n".join(lines))  # noqa: T201 - the figures are the point


if __name__ == "__main__":
    inside(sys.argv[1]) if len(sys.argv) > 1 else main()
