"""What of a brand's sources is heard, and how much of what it usually hears that is."""

from collections.abc import Collection, Sequence

import msgspec

from rules.series import Counts

PATIENCE = 24 * 60
"""Minutes for which nothing is learnt because a source is down while others are heard."""
MEMORY = 14 * 24 * 60
"""Heard minutes after which what a source usually brings is remembered at half its weight."""
ENOUGH = 20
"""Mentions below which nobody knows which source usually brings how many: all count the same."""


class Usual(msgspec.Struct, array_like=True):
    """What one source usually brings: its mentions in the minutes in which it was heard in full."""

    mentions: int = 0
    minutes: int = 0

    @property
    def rate(self) -> float:
        """Mentions a minute."""
        return self.mentions / self.minutes if self.minutes else 0.0

    def learn(self, mentions: int) -> None:
        """One more minute. Both counts are halved now and then, so that what was long ago matters less and less."""
        self.mentions, self.minutes = self.mentions + mentions, self.minutes + 1
        if self.minutes >= MEMORY:
            self.mentions, self.minutes = self.mentions // 2, self.minutes // 2


class Hearing(msgspec.Struct, kw_only=True):
    """`unheard` are the stretches of minutes not to learn from, `down` the sources that are not heard and the minute
    since when, `partly` the share that is heard of those that are heard in part, `usual` what each usually brings.
    """

    unheard: list[tuple[int, int]] = []
    down: dict[str, int] = {}
    partly: dict[str, float] = {}
    usual: dict[str, Usual] = {}

    def share_of(self, source: str) -> float:
        """Which part of a source is heard, 0 to 1."""
        return 0.0 if source in self.down else self.partly.get(source, 1.0)

    def coverage(self, sources: Sequence[str]) -> float:
        """How much of what is usually heard through `sources` is heard, 0 to 1, to the hundredth. A source that never
        brought anything is not missed.
        """
        if not self.down and not self.partly:
            return 1.0
        rates = {source: self.usual[source].rate for source in sources if source in self.usual}
        if sum(self.usual[source].mentions for source in rates) < ENOUGH:
            rates = dict.fromkeys(sources, 1.0)
        total = sum(rates.values())
        return round(sum(rate * self.share_of(source) for source, rate in rates.items()) / total, 2) if total else 1.0

    def cover(self, source: str, share: float, minute: int) -> int | None:
        """From `minute` on that share of a source is heard. When it was down: since when."""
        self.partly.pop(source, None)
        if share <= 0:
            self.down.setdefault(source, minute)
            return None
        if share < 1:
            self.partly[source] = share
        since = self.down.pop(source, None)
        if since is not None:
            self.skip(since, minute)
        return since

    def skip(self, since: int, to: int) -> None:
        """Do not learn from these minutes. What follows on what was skipped last makes it longer: a source that comes
        and goes all the time leaves one stretch.
        """
        if self.unheard and self.unheard[-1][0] <= since <= self.unheard[-1][1] + 1:
            since, last = self.unheard.pop()
            to = max(to, last)
        self.unheard.append((since, to))

    def is_unheard(self, minute: int, sources: Collection[str]) -> bool:
        """Whether a minute says nothing of what is usual: inside a gap, while a source was down, or while all of them
        are. One that is down for longer than PATIENCE counts as gone.
        """
        if self.is_skipped(minute) or any(since <= minute < since + PATIENCE for since in self.down.values()):
            return True
        return bool(sources) and self.down.keys() >= set(sources) and minute >= max(self.down.values())

    def is_skipped(self, minute: int) -> bool:
        """Whether a minute lies in a stretch not to learn from."""
        return any(since <= minute <= to for since, to in self.unheard)

    def is_reduced(self, minute: int) -> bool:
        """Whether a source is down that counts as gone."""
        return any(minute >= since + PATIENCE for since in self.down.values())

    def learn(self, counts: Counts, minute: int, sources: Collection[str]) -> None:
        """Take in what each of `sources` brought in a closed minute, if it was heard in full."""
        cell = counts.bins.get("posts", {}).get(minute)
        for source in sources:
            if source not in self.partly and minute < self.down.get(source, minute + 1):
                usual = self.usual.get(source)
                if usual is None:
                    usual = self.usual[source] = Usual()
                usual.learn(cell.sources.get(source, 0) if cell else 0)

    def forget(self, minute: int, sources: Collection[str]) -> None:
        """Drop what no later minute needs, and sources that are no more."""
        self.unheard = [stretch for stretch in self.unheard if stretch[1] >= minute]
        if self.usual.keys() - set(sources):
            self.usual = {source: usual for source, usual in self.usual.items() if source in sources}
