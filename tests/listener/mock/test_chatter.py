"""Small talk that never ends, the same for the same seed."""

from collections import Counter
from contextlib import suppress

import pytest

from listener.clock import Clock
from listener.mock.chatter import PAUSE, Chatter
from listener.mock.faults import FAULTS, Faults, Switch
from listener.mock.registry import PLATFORMS, known_faults
from listener.mock.world import World
from rules.instant import HOUR, MINUTE, SECOND

BEGIN = 1_794_690_000 * SECOND


def talked(seed, steps=400, worlds=1):
    made = [World(lambda: BEGIN) for _ in range(worlds)]
    chatter = Chatter(made, seed)
    chatter.begin(BEGIN)
    for _ in range(steps):
        chatter.step()
    return made


def test_the_same_seed_says_the_same_on_every_platform():
    one, other = talked(1, worlds=2)
    assert one.since(0) == other.since(0) == talked(1)[0].since(0) != talked(2)[0].since(0)


def test_it_talks_in_both_languages_and_answers_edits_and_deletes():
    changes = talked(1)[0].since(0)
    assert {change.op for change in changes} == {"create", "update", "delete"}
    assert {change.post.language for change in changes} == {"fr", "en"}
    assert {change.post.reply_to is None for change in changes} == {True, False}
    assert {change.post.title != "" for change in changes} == {True, False}
    assert changes[0].post.at == BEGIN - 60 * MINUTE


def test_old_posts_go_so_that_it_can_run_for_long():
    assert len(talked(1, steps=6_500)[0].posts()) == 5_000


async def test_a_flood_does_not_pile_up():
    clock = Hands(130 * MINUTE)
    world = World(clock.now)
    with suppress(TimeoutError):
        await Chatter([world], 1, faults=Faults(["flood"], chance=1.0)).run(clock)
    assert len(world.posts()) <= 5_000 + 60


class Hands(Clock):
    """A clock that whoever sleeps turns, up to an end."""

    def __init__(self, end):
        super().__init__()
        self.at, self.end = BEGIN, BEGIN + end

    def now(self):
        return self.at

    async def sleep(self, span):
        self.at += max(0, span)
        if self.at >= self.end:
            raise TimeoutError


async def said_in(minutes, *switches):
    clock = Hands(minutes * MINUTE)
    world = World(clock.now)
    faults = Faults(switches=switches, passed=lambda: clock.now() - BEGIN)
    with suppress(TimeoutError):
        await Chatter([world], 1, faults=faults).run(clock)
    return [[post for post in world.posts() if (post.at - BEGIN) // MINUTE == minute] for minute in range(minutes)]


async def test_a_surge_brings_five_to_ten_times_as_much_for_as_long_as_it_is_on():
    minutes = await said_in(6, Switch(name="surge", begin=2 * MINUTE, end=4 * MINUTE))
    usual = MINUTE // PAUSE
    assert all(len(minute) < 2 * usual for minute in (*minutes[:2], *minutes[5:]))
    assert all(3 * usual < len(minute) < 12 * usual for minute in minutes[2:4])


async def test_a_flood_is_the_same_words_from_many_accounts_and_not_again_for_a_minute():
    minutes = await said_in(4, Switch(name="flood", begin=MINUTE, end=2 * MINUTE))
    crowds = [max(Counter(post.text for post in minute).values()) for minute in minutes]
    assert [crowd >= 24 for crowd in crowds] == [False, True, False, False]
    text = max(minutes[1], key=lambda post: [each.text for each in minutes[1]].count(post.text)).text
    crowd = [post.author.handle for post in minutes[1] if post.text == text]
    assert len(set(crowd)) == len(crowd)


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_platform_of_the_table_can_be_made_and_knows_its_faults(name):
    entry = PLATFORMS[name]
    assert list(entry.build(World(lambda: BEGIN), Faults()).routes())
    assert set(entry.faults) <= FAULTS.keys()
    assert set(entry.faults) <= set(known_faults())
    assert all("{url}" in line for line in entry.commands)


async def test_talk_that_is_always_late_leaves_others_their_turn_nevertheless():
    class Hurried(Clock):
        looks = turns = 0

        def now(self):
            self.looks += 1
            assert self.looks < 10_000
            return BEGIN + self.looks * HOUR

        async def sleep(self, _):
            self.turns += 1
            if self.turns == 3:
                raise TimeoutError

    with pytest.raises(TimeoutError):
        await Chatter([], 1).run(Hurried())
