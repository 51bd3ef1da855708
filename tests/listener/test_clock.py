"""Time of one process: it follows the wall, and never goes back with it."""

from listener.clock import Clock, Steady
from rules.instant import DAY, HOUR
from tests.listener.pipeline.world import START, Hands


def test_the_clock_of_a_process_follows_the_wall_forwards():
    wall = Hands()
    steady = Steady(wall, floor=0)
    assert START == steady.now()
    wall.move(hours=2)
    assert START + 2 * HOUR == steady.now()


def test_the_clock_of_a_process_never_shows_less_than_it_showed():
    wall = Hands()
    steady = Steady(wall, floor=0)
    before = steady.now()
    wall.move(hours=-3)
    shown = [before, *(steady.now() for _ in range(1_000))]
    assert sorted(shown) == shown
    assert shown[-1] < START + HOUR


def test_the_clock_of_a_process_goes_on_while_the_wall_is_behind_so_that_what_waits_becomes_due():
    steady = Steady(Clock(speed=1_000_000), floor=Clock(speed=1_000_000).now() + DAY)
    before = steady.now()
    while steady.now() == before:
        pass
    assert before < steady.now()


def test_the_clock_of_a_process_begins_no_earlier_than_the_last_one_stopped():
    assert START + DAY <= Steady(Hands(), floor=START + DAY).now()


def test_the_clock_of_a_process_runs_as_fast_as_the_one_it_follows():
    assert 60.0 == Steady(Clock(speed=60.0), floor=0).speed
