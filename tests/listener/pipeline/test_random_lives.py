"""Incidents as they live: taken, given back, silenced and ended, while services fail, forget and are started anew."""

import os
from pathlib import Path

from tests.bench.lives import lived


async def test_each_incident_is_one_thread_with_nothing_lost_and_nothing_twice(tmp_path: Path) -> None:
    drawn, broken = await lived(tmp_path, 3, int(os.environ["FRESH_SEED"]))

    assert broken == []
    assert drawn.network.shown
