"""Every scenario over fresh seeds, as a Markdown table: `python -m tests.scenarios.table --seeds 20`.

The seeds count up from one that is drawn anew, or from `--first`, which reproduces a table. Names of scenarios limit
it to them.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from random import SystemRandom
from statistics import median

from listener.mock.scenario import scenario_names
from rules.instant import MINUTE
from tests.build.tables import table
from tests.scenarios.judging import Episode, Outcome, judge

HEAD = ("scenario", "truth", "in time", "later", "median delay", "serious enough", "false alarms")


def measured(names: Sequence[str], seeds: Sequence[int], processes: int) -> Iterable[tuple[str, list[Outcome]]]:
    """Outcomes by scenario, as they come."""
    runs = [(name, seed) for name in names for seed in seeds]
    with ProcessPoolExecutor(processes) as pool:
        outcomes = pool.map(judge, *zip(*runs, strict=True))
        for name, of_name in groupby(outcomes, key=lambda outcome: outcome.scenario):
            yield name, list(of_name)
            print(name, file=sys.stderr, flush=True)  # noqa: T201  # it takes long


def rows(name: str, outcomes: Sequence[Outcome]) -> Iterable[Sequence[str]]:
    """One row an episode, or one for a scenario without any. False alarms stand in the first."""
    false, days = sum(len(outcome.false) for outcome in outcomes), sum(outcome.quiet for outcome in outcomes)
    alarms = f"{false} in {days:.0f} days" if false else f"none in {days:.0f} days"
    if not outcomes[0].episodes:
        yield name, "silence", "", "", "", "", alarms
    for number in range(len(outcomes[0].episodes)):
        yield name, *told([outcome.episodes[number] for outcome in outcomes]), "" if number else alarms


def told(episodes: Sequence[Episode]) -> Sequence[str]:
    first, runs = episodes[0].truth, len(episodes)
    if first.expect == "silence":
        rang = sum(each.opened > 0 for each in episodes)
        return f"silence: {first.kind}", f"rang in {rang}/{runs}" if rang else f"silent {runs}/{runs}", "", "", ""
    minutes = [each.delay / MINUTE for each in episodes if each.delay is not None]
    within = ((first.deadline or first.ends) - first.onset) // MINUTE
    in_time = sum(each.in_time for each in episodes)
    return (
        f"alert in {within} min, {first.severity}",
        f"**{in_time}/{runs}**",
        str(sum(each.delay is not None for each in episodes) - in_time),
        f"{median(minutes):.0f} min" if minutes else "never",
        f"{sum(each.serious for each in episodes)}/{runs}",
    )


def misses(measured: Mapping[str, Sequence[Outcome]]) -> Iterable[str]:
    """What was not told in time, with the cause."""
    for name, outcomes in measured.items():
        seeds: dict[str, list[str]] = {}
        for outcome in outcomes:
            for cause in {each.cause for each in outcome.episodes if each.cause}:
                seeds.setdefault(cause, []).append(str(outcome.seed))
        for cause, missed in seeds.items():
            yield f"- `{name}`, {len(missed)} of {len(outcomes)}: {cause} (seeds {', '.join(missed)})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=scenario_names(), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    results = dict(measured(asked.names, seeds, asked.processes))
    shown = table(HEAD, (row for name in results for row in rows(name, results[name])))
    command = f"`python -m tests.scenarios.table --seeds {asked.seeds} --first {asked.first}`\n"
    missed = "\n".join(misses(results)) or "Nothing was missed."
    print(command, shown, missed, sep="\n")  # noqa: T201  # the table is the point


if __name__ == "__main__":
    main()
