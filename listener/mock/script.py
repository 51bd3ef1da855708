"""What happens on mock platforms, written beforehand, and its performance on their worlds at any pace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from listener.clock import Clock
from listener.mock.world import Account, Said, World
from rules.instant import Instant, Span

Act = Literal["say", "repost", "edit", "delete"]


@dataclass(frozen=True, kw_only=True)
class Cue:
    """One thing that happens on one platform. `at` counts from the beginning of the script, and is negative for what
    was there before. `name` is unique in a script; `about` names the earlier cue whose post is answered, reposted,
    edited or deleted. `part` says which part of the script it belongs to.
    """

    at: Span
    platform: str
    name: str
    author: Account
    part: str = ""
    act: Act = "say"
    about: str | None = None
    text: str = ""
    title: str = ""
    language: str | None = None


class Player:
    """Plays cues, in order of time, to the worlds of platforms by name. A cue whose platform is not among them, or that
    concerns a post which is no longer there, is left out.
    """

    def __init__(self, cues: Sequence[Cue], worlds: Mapping[str, World]) -> None:
        self._cues, self._worlds = sorted(cues, key=lambda cue: cue.at), worlds
        self._keys: dict[str, int] = {}
        self._next = 0

    def past(self, begin: Instant) -> None:
        """Say all that was there before the script begins."""
        self._until(begin, 0)

    async def play(self, clock: Clock, begin: Instant) -> None:
        """Say the rest, each at its moment after `begin`."""
        while self._next < len(self._cues):
            await clock.sleep(begin + self._cues[self._next].at - clock.now())
            self._until(begin, clock.now() - begin + 1)

    def _until(self, begin: Instant, end: Span) -> None:
        while self._next < len(self._cues) and self._cues[self._next].at < end:
            self._perform(self._cues[self._next], begin)
            self._next += 1

    def _perform(self, cue: Cue, begin: Instant) -> None:
        world = self._worlds.get(cue.platform)
        about = self._keys.get(cue.about) if cue.about else None
        post = world.post(about) if world and about else None
        if world is None or (cue.act != "say" and post is None):
            return
        if cue.act == "edit" and post:
            world.edit(post.key, cue.text)
        elif cue.act == "delete" and post:
            world.delete(post.key)
        else:
            self._keys[cue.name] = self._said(world, cue, post, begin + cue.at).key

    def _said(self, world: World, cue: Cue, post: Said | None, at: Instant) -> Said:
        about = post.key if post else None
        return world.say(
            cue.text,
            cue.author,
            title=cue.title,
            language=cue.language,
            reply_to=about if cue.act == "say" else None,
            repost_of=about if cue.act == "repost" else None,
            at=at,
        )
