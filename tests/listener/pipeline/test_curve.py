"""What was counted before a step, from what the store still knows."""

from datetime import timedelta

from listener.pipeline.curve import curve_of
from tests.listener.pipeline.world import opened

NEGATIVE = "many: {kind: threshold, of: negative, window: 5m, at_least: {posts: 3}}"


async def opening(world):
    (row,) = await world.views.incidents()
    return await world.views.transition(f"{row.id}.0")


async def said_over_time(world, *counts, minutes=15):
    """So many mentions at the end of each stretch."""
    for number, count in enumerate(counts):
        world.clock.move(minutes=minutes)
        await world.say(*(f"{number}-{each}" for each in range(count)))


async def test_each_stretch_is_as_long_as_the_window_and_the_last_is_what_is_told(tmp_path):
    async with opened(tmp_path) as world:
        await said_over_time(world, 1, 0, 2, 1, 0, 5)
        curve = await curve_of(await opening(world), world.views)

    assert timedelta(minutes=15) == curve.width
    assert (0, 2, 1, 0, 5) == curve.counts


async def test_only_what_the_rule_counts_is_counted(tmp_path):
    async with opened(tmp_path, rules=NEGATIVE) as world:
        await said_over_time(world, 4, 4, 4, 4, 4, minutes=5)
        await world.hear(*(world.said(f"bad{each}", "acme is a terrible disgrace, I hate it") for each in range(3)))
        curve = await curve_of(await opening(world), world.views)

    assert (0, 0, 0, 3) == curve.counts


async def test_no_course_is_told_of_what_is_only_beginning_to_be_heard(tmp_path):
    async with opened(tmp_path) as world:
        await said_over_time(world, 1, 5)

        assert await curve_of(await opening(world), world.views) is None
