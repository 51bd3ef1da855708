"""Every figure of docs/figures.md and docs/performance.md anew: `make bench`, an hour or more, on a quiet machine.

Runs each command that the two pages name, one after the other, and shows what it prints. One that fails is told at the
end, and keeps no other from running.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence

from tests.bench.daemon import ROOT

PAGES = "figures", "performance"
_COMMAND = re.compile(r"`\.venv/bin/python\s+(-m\s+(?:pytest|tests\.bench)\b[^`]*)`")


def commands(page: str) -> list[list[str]]:
    """The arguments of Python in each command that measures, each once, in the order of the page."""
    return [shlex.split(each) for each in dict.fromkeys(" ".join(found.split()) for found in _COMMAND.findall(page))]


def run(arguments: Sequence[str]) -> bool:
    """Whether it went well."""
    print(f"\n$ python {shlex.join(arguments)}", flush=True)  # noqa: T201  # the figures are the point
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode == 0


def main() -> int:
    pages = "\n".join((ROOT / f"docs/{page}.md").read_text(encoding="utf-8") for page in PAGES)
    failed = [arguments for arguments in commands(pages) if not run(arguments)]
    for arguments in failed:
        print(f"failed: python {shlex.join(arguments)}", file=sys.stderr)  # noqa: T201  # same
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
