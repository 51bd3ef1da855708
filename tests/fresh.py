"""Seeds that are new in every run of the tests: `FRESH_SEED=123 make test` runs those of another one again."""

import os

SEED = int(os.environ["FRESH_SEED"])


def seeds(count: int) -> list[int]:
    """So many seeds of this run, from its own on."""
    return list(range(SEED, SEED + count))
