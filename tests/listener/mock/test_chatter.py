"""Small talk that never ends, the same for the same seed."""

import pytest

from listener.mock.chatter import Chatter
from listener.mock.faults import FAULTS, Faults
from listener.mock.registry import PLATFORMS, known_faults
from listener.mock.world import World
from rules.instant import MINUTE, SECOND

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


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_platform_of_the_table_can_be_made_and_knows_its_faults(name):
    entry = PLATFORMS[name]
    assert list(entry.build(World(lambda: BEGIN), Faults()).routes())
    assert set(entry.faults) <= FAULTS.keys()
    assert set(entry.faults) <= set(known_faults())
    assert all("{url}" in line for line in entry.commands)
