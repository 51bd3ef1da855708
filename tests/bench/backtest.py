"""How long a backtest takes: `python -m tests.bench.backtest [--mentions N] [--strangers N] [--copies N] [--profile]`.

A made-up month in which people speak of an airline in French and English, through `badbuzz backtest`: read, told apart,
matched, judged, counted by three rules. Nearly every text is another. With --strangers each of them comes among N that
are about something else, as in a recording of a whole platform; with --copies each is passed on N times. Processor time
of the whole command, which other work does not change.
"""

import argparse
import cProfile
import io
import pstats
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import timedelta
from itertools import islice
from pathlib import Path
from time import process_time

import msgspec

from listener.cli.main import run
from listener.lines import show
from listener.mock.draw import draw
from listener.mock.scenario import load_scenario
from rules.mention import Mention
from tests.bench.daemon import CONFIG
from tests.scenarios.judging import mentions

DAYS = 30
SOURCES = "  push: {kind: push, secrets: [!secret env:NOT_NEEDED]}"
SAID = "calm-en", "calm-fr"


def about_the_brand(wanted: int) -> Iterator[Mention]:
    """So many of a month, in French and English by turns."""
    drawn = []
    for name in SAID:
        scenario = load_scenario(name)
        busy = scenario.background["acme"].model_copy(update={"posts_per_hour": 0.6 * wanted / DAYS / 24})
        changes = {"length": timedelta(days=DAYS), "background": {"acme": busy}}
        drawn += [(at, name, each) for each, at in mentions(draw(name, scenario.model_copy(update=changes), 1))]
    for _, name, each in islice(sorted(drawn, key=lambda timed: timed[0]), wanted):
        yield msgspec.structs.replace(each, id=f"{name} {each.id}")


def recorded(wanted: int, strangers: int, copies: int) -> Iterator[Mention]:
    for each in about_the_brand(-(-wanted // ((1 + strangers) * (1 + copies)))):
        for copy in range(1 + copies):
            passed_on = msgspec.structs.replace(each, id=f"{each.id} {copy}")
            yield passed_on
            for number in range(strangers):
                other = f"The weather of the {number}th is what everybody talks about here, and the traffic"
                yield msgspec.structs.replace(passed_on, id=f"{passed_on.id} {number}", text=other, title=None)


def main(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config, recording = Path(folder, "badbuzz.yaml"), Path(folder, "recording.jsonl")
        config.write_text(CONFIG.format(language="fr, en", sources=SOURCES), encoding="utf-8")
        with recording.open("wb") as file:
            for each in islice(recorded(arguments.mentions, arguments.strangers, arguments.copies), arguments.mentions):
                file.write(msgspec.json.encode(show(each)) + b"\n")
        profile, begun = cProfile.Profile(), process_time()
        with redirect_stdout(io.TextIOWrapper(io.BytesIO(), write_through=True)) as out:
            if arguments.profile:
                profile.enable()
            run(["backtest", str(config), str(recording)])
            profile.disable()
        took = process_time() - begun
        sys.stdout.write(out.buffer.getvalue().splitlines()[-1].decode())
        sys.stdout.write(f"\n{took:.1f} s, {took / arguments.mentions * 1e6:.0f} µs a mention\n")
        if arguments.profile:
            pstats.Stats(profile, stream=sys.stdout).sort_stats("cumtime").print_stats(80)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=1_000_000)
    parser.add_argument("--strangers", type=int, default=0)
    parser.add_argument("--copies", type=int, default=0)
    parser.add_argument("--profile", action="store_true")
    main(parser.parse_args())
