"""How many alerts were real by what spoke for them, over fresh seeds: `python -m tests.scenarios.confidence`.

Every scenario is heard by two `spike` rules, one as it comes and one that accepts eight false alarms a month, so that
there are false ones. Openings and worsenings of incidents are counted by the signs of `rules/confidence.py`; they are
real where something was to be told. Names of scenarios limit it to them.
"""

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from random import SystemRandom

from config.settings import Component
from listener.backtest import Backtest
from listener.mock.draw import draw
from listener.mock.scenario import load_scenario, scenario_names
from listener.mock.truth import AFTERMATH
from listener.pipeline.setup import build_setup
from rules.confidence import LEAST_MEASURED, MEASURED, balance_of, first_word, signs_of, word_of
from rules.labelling.quality import share
from rules.rule import RULES
from tests.build.tables import table
from tests.scenarios.judging import mentions, settings

HEAD = ("signs for, less those against", "word", "real", "false", "share (95 %)")
Key = tuple[int | str, bool]


def heard(name: str, seed: int) -> Counter[Key]:
    """Steps of one run, by balance of signs (or `learning`), and whether they were real."""
    scenario = load_scenario(name)
    drawn, options = draw(name, scenario, seed), RULES.spec("spike").options
    rules = {
        f"at-{budget}": Component(name=f"at-{budget}", kind="spike", options=options(budget=budget, fused=False))
        for budget in (1.0, 8.0)
    }
    found = Counter[Key]()
    for step in Backtest(build_setup(settings(scenario).model_copy(update={"rules": rules}))).run(mentions(drawn)):
        if step.state in {"open", "reopened", "worse"}:
            real = any(
                each.expect == "alert" and each.brand == step.brand and each.onset <= step.at <= each.ends + AFTERMATH
                for each in drawn.truth.episodes
            )
            learning = first_word(step.evidence) == "learning"
            found["learning" if learning else _least(balance_of(signs_of(step.evidence))), real] += 1
    return found


def _least(balance: int) -> int:
    """The least balance of its group; 0 where it is fewer than any."""
    return next((least for least in MEASURED if balance >= least), 0)


def row(key: int | str, real: int, false: int) -> tuple[str, str, str, str, str]:
    seen = share(real, real + false)
    word = key if isinstance(key, str) else word_of(MEASURED.get(key, LEAST_MEASURED))
    least = f"{key} or more" if isinstance(key, int) else ""
    return least, word, str(real), str(false), f"{seen.value:.2f} ({seen.low:.2f}-{seen.high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=scenario_names(), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    runs = list(product(asked.names, range(asked.first, asked.first + asked.seeds)))
    with ProcessPoolExecutor(asked.processes) as pool:
        found = sum(pool.map(heard, *zip(*runs, strict=True)), Counter[Key]())
    keys = [*MEASURED, 0, "learning"]
    shown = table(HEAD, (row(key, found[key, True], found[key, False]) for key in keys))
    print(f"`python -m tests.scenarios.confidence --seeds {asked.seeds} --first {asked.first}`\n", shown, sep="\n")  # noqa: T201  # the table is the point


if __name__ == "__main__":
    main()
