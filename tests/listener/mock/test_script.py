import pytest

from listener.clock import Clock
from listener.mock.script import Cue, Player
from listener.mock.world import Account, World
from rules.instant import HOUR, MINUTE, SECOND

ANNA, BEN = Account(handle="anna"), Account(handle="ben")
BEGIN = 1_794_690_000 * SECOND


class Turning(Clock):
    """Whoever sleeps turns it."""

    at = BEGIN

    def now(self):
        return self.at

    async def sleep(self, span):
        self.at += max(0, span)


@pytest.fixture
def clock():
    return Turning()


def cue(at, name, text="", **more):
    return Cue(**{"at": at, "platform": "fedi", "name": name, "author": ANNA, "text": text, **more})


async def test_what_was_before_is_there_at_once_and_the_rest_at_its_moment(clock):
    world = World(clock.now)
    player = Player([cue(MINUTE, "b", "later", author=BEN), cue(-HOUR, "a", "before")], {"fedi": world})
    player.past(BEGIN)
    assert [(post.at, post.text) for post in world.posts()] == [(BEGIN - HOUR, "before")]
    await player.play(clock, BEGIN)
    assert [(post.at, post.author) for post in world.posts()] == [(BEGIN - HOUR, ANNA), (BEGIN + MINUTE, BEN)]
    assert clock.now() == BEGIN + MINUTE


async def test_posts_are_answered_reposted_edited_and_deleted_by_name(clock):
    world = World(clock.now)
    cues = [
        cue(0, "a", "first"),
        cue(1, "b", "answer", about="a"),
        cue(2, "c", act="repost", about="a"),
        cue(3, "d", "second", act="edit", about="a"),
        cue(4, "e", act="delete", about="b"),
    ]
    await Player(cues, {"fedi": world}).play(clock, BEGIN)
    first, repost = world.posts()
    assert (first.text, repost.repost_of) == ("second", first.key)
    assert [(change.op, change.post.reply_to) for change in world.since(0)][1] == ("create", first.key)


async def test_what_concerns_a_post_or_platform_that_is_not_there_is_left_out(clock):
    world = World(clock.now)
    cues = [
        cue(0, "a", "first"),
        cue(1, "b", act="delete", about="a"),
        cue(2, "c", "again", act="edit", about="a"),
        cue(3, "d", act="repost", about="never"),
        cue(4, "e", "elsewhere", platform="nowhere"),
    ]
    await Player(cues, {"fedi": world}).play(clock, BEGIN)
    assert [change.op for change in world.since(0)] == ["create", "delete"]
