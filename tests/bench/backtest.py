"""How long a backtest takes: `python -m tests.bench.backtest [--mentions N] [--said HOW] [--strangers N] [--copies N]`.

A made-up month of mentions of an airline in French and English by turns, through `badbuzz backtest`: read, told apart,
matched, judged, counted by three rules. What is `said` is one to three sentences of labelled texts, in which the brand
is named: `natural`, one word in 40 written wrongly, so that words are repeated as people repeat them and new ones keep
coming; or `new`, every word of four letters or more made up for it. No two texts are the same. With --strangers each of
them comes among N that do not concern the brand, as in a recording of a whole platform; with --copies each is passed on
N times. Processor time of the whole command, which other work does not change. With --keep the recording and the output
are left in a folder, and a recording that is there is not made again.
"""

import argparse
import cProfile
import io
import json
import pstats
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time

import msgspec

from listener.cli.main import run
from listener.lines import show
from rules.mention import Author, Mention
from tests.bench.daemon import CONFIG, ROOT

BEGINS, LASTS = datetime(2026, 10, 1, tzinfo=UTC), timedelta(days=30)
SOURCES = "  push: {kind: push, secrets: [!secret env:NOT_NEEDED]}"
FILES = {"fr": "*fr*.jsonl", "en": "*en*.jsonl"}
NAMES = "Acme Air", "@AcmeAir", "#AcmeAir", "acme", "Acme"
SENTENCE, WORD, SYLLABLES = re.compile(r"(?<=[.!?…])\s+"), re.compile(r"[^\W\d_]{4,}"), "bcdfglmnprstv"


def sentences(language: str) -> list[str]:
    found: dict[str, None] = {}
    for path in sorted((ROOT / "tests/data/tone").glob(FILES[language])):
        for line in path.read_text(encoding="utf-8").splitlines():
            found.update(dict.fromkeys(SENTENCE.split(json.loads(line)["text"])))
    return [said for said in found if "acme" not in said.lower()]


def made_up(draw: Random) -> str:
    return "".join(draw.choice(SYLLABLES) + draw.choice("aeiou") for _ in range(draw.randint(2, 5)))


def misspelt(word: str, draw: Random) -> str:
    at = draw.randrange(1, len(word) - 1)
    return word if draw.random() > 1 / 40 else word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def written(text: str, how: str, draw: Random) -> str:
    return WORD.sub(lambda found: misspelt(found[0], draw) if how == "natural" else made_up(draw), text)


def texts(how: str, *, named: bool) -> Iterator[tuple[str, str]]:
    """(language, text) without end."""
    draw, pools = Random(1), {language: sentences(language) for language in FILES}
    said = set[str]()
    while True:
        for language, pool in pools.items():
            parts = draw.sample(pool, draw.choice((1, 2, 2, 3)))
            words = written(" ".join(parts), how, draw).split(" ")
            if named:
                words.insert(draw.randrange(len(words)), draw.choice(NAMES))
            text = " ".join(words)
            if text not in said:
                said.add(text)
                yield language, text


def recorded(wanted: int, how: str, strangers: int, copies: int) -> Iterator[Mention]:
    about, others, draw = texts(how, named=True), texts(how, named=False), Random(2)
    said = next(about)
    for number in range(wanted):
        if number and number % ((1 + strangers) * (1 + copies)) == 0:
            said = next(about)
        spoken, text = next(others) if number % (1 + strangers) else said
        who, at = f"reader{draw.randrange(50_000)}", BEGINS + number * LASTS / wanted
        yield Mention(
            id=str(number),
            source="push",
            platform="push",
            author=Author(id=who, handle=who, followers=draw.randrange(5_000)),
            text=text,
            language=spoken if draw.random() < 0.5 else None,
            created_at=at,
            observed_at=at,
        )


def backtest(folder: Path, arguments: argparse.Namespace) -> None:
    config, recording = folder / "badbuzz.yaml", folder / "recording.jsonl"
    config.write_text(CONFIG.format(language="fr, en", sources=SOURCES), encoding="utf-8")
    if not recording.exists():
        with recording.open("wb") as file:
            for each in recorded(arguments.mentions, arguments.said, arguments.strangers, arguments.copies):
                file.write(msgspec.json.encode(show(each)) + b"\n")
    profile, begun = cProfile.Profile(), process_time()
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), write_through=True)) as out:
        if arguments.profile:
            profile.enable()
        run(["backtest", str(config), str(recording)])
        profile.disable()
    took = process_time() - begun
    steps = out.buffer.getvalue()
    (folder / "steps.jsonl").write_bytes(steps)
    sys.stdout.write(steps.splitlines()[-1].decode())
    sys.stdout.write(f"\n{took:.1f} s, {took / arguments.mentions * 1e6:.0f} µs a mention\n")
    if arguments.profile:
        pstats.Stats(profile, stream=sys.stdout).sort_stats(arguments.profile).print_stats(80)


def main(arguments: argparse.Namespace) -> None:
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        backtest(arguments.keep, arguments)
        return
    with TemporaryDirectory() as folder:
        backtest(Path(folder), arguments)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=1_000_000)
    parser.add_argument("--said", choices=("natural", "new"), default="natural")
    parser.add_argument("--strangers", type=int, default=0)
    parser.add_argument("--copies", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--profile", nargs="?", const="cumtime", choices=("cumtime", "tottime"))
    main(parser.parse_args())
