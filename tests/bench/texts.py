"""What the programs beside this file measure with: labelled texts, and processes that remember nothing yet."""

import gc
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import process_time
from typing import TypeVar

from rules.tone import supported_languages
from rules.toward import prepare
from tests.bench.tone import entries

Result = TypeVar("Result")
PAGE = 4096


def language_of(path: Path) -> str:
    """The language that a file's name says: `fr.val.tsv`, `regression-fr.jsonl`."""
    found = re.search(r"\b([a-z]{2})\b", path.name)
    if not found:
        raise SystemExit(f"{path}: its name says no language; call it fr.tsv")
    return found[1]


def texts_of(path: Path) -> list[str]:
    return [text for _, text in entries(path)]


def microseconds(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """Processor time a text."""
    begun = process_time()
    for text in texts:
        work(text)
    return (process_time() - begun) / len(texts) * 1e6


def read_packs() -> None:
    """Read what a process reads once, of all languages: some texts are of another one than was thought."""
    for language in supported_languages():
        prepare(language)


def resident() -> float:
    """MiB of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def afresh(work: Callable[..., Result], *arguments: object) -> Result:
    """What `work` gives in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def show(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table as the pages in docs/ hold it."""
    for row in (heads, ["---"] * len(heads), *rows):
        print(f"| {' | '.join(row)} |")  # noqa: T201  # the figures are the point
