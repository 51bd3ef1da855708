"""Who says what where: turns "somebody says something like this now" into cues, for one part of a scenario."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from listener.mock import people
from listener.mock.scenario import Language, Scenario, Speech, Where
from listener.mock.script import Act, Cue
from listener.mock.voice import Part, Voice
from listener.mock.world import Account
from rules.instant import MINUTE, Span, duration

QUARTER: Span = 15 * MINUTE
ARTICLES = "feed"
"""Where articles appear; nobody talks there."""
SHARING: frozenset[Where] = frozenset({"bluesky", "mastodon", "x"})
"""Where one can pass on what somebody else wrote."""


class Habits:
    """When those who speak the languages of a scenario talk, each by their own day and week."""

    def __init__(self, scenario: Scenario) -> None:
        self._begins, self._speech = scenario.begins, scenario.languages
        self._whole = sum(speech.share for speech in self._speech.values())
        self._at = lru_cache(maxsize=64)(self._weights)

    def languages(self, at: Span) -> dict[Language, float]:
        """How much is said in each language around `at`; 1 is what all of them say on average over a week."""
        return self._at(at // QUARTER)

    def activity(self, at: Span) -> float:
        """How much is said around `at`; 1 is the average over a week."""
        return sum(self.languages(at).values())

    def _weights(self, quarter: int) -> dict[Language, float]:
        now = self._begins + duration(quarter * QUARTER)
        return {
            language: speech.share / self._whole * _talkative(speech, now.astimezone(ZoneInfo(speech.zone)))
            for language, speech in self._speech.items()
        }


def _talkative(speech: Speech, local: datetime) -> float:
    day, week = speech.day[local.hour], speech.week[local.weekday()]
    return day * len(speech.day) / sum(speech.day) * week * len(speech.week) / sum(speech.week)


class Cast:
    """Speaks for one part of a scenario: `random` decides for that part alone, so that what happens in one does not
    change what is drawn in another.
    """

    def __init__(self, scenario: Scenario, habits: Habits, brand: str, part: str, seed: int) -> None:
        self.random = Random(f"{seed}/{brand}/{part}")
        subject = scenario.brands[brand]
        self.voices = {language: Voice(subject, language) for language in scenario.languages}
        self.owner = Account(handle=subject.account.removeprefix("@"), name=subject.name, followers=50_000)
        self._habits, self._part, self._prefix, self._number = habits, part, f"{brand}/{part}", 0
        self._places, self._weights = list(scenario.platforms), list(scenario.platforms.values())

    def place(self) -> Where:
        """Where somebody talks."""
        return self.random.choices(self._places, self._weights)[0]

    def language(self, at: Span) -> Language:
        """What somebody speaks who talks at that time."""
        weights = self._habits.languages(at)
        total = sum(weights.values())
        return self.random.choices(list(weights), list(weights.values()) if total else None)[0]

    def says(self, at: Span, part: Part, author: Account, **known: Any) -> Cue:
        """Somebody says something of that sort, in a language of the hour."""
        language = known.pop("language", None) or self.language(at)
        text = self.voices[language].say(part, self.random)
        return self.cue(at, author=author, text=text, language=language, **known)

    def shares(self, at: Span, post: Cue, author: Account) -> Cue:
        """Somebody passes a post on, where one can; elsewhere they quote it."""
        act: Act = "repost" if post.platform in SHARING else "say"
        return self.cue(
            at,
            author=author,
            act=act,
            about=post.name,
            text="" if act == "repost" else f"> {post.text}",
            language=post.language,
            platform=post.platform,
        )

    def cue(self, at: Span, **known: Any) -> Cue:
        """A cue of this part, by a name of its own; somewhere, unless `platform` says where."""
        self._number += 1
        platform = known.pop("platform", None) or self.place()
        return Cue(at=at, name=f"{self._prefix}/{self._number}", part=self._part, platform=platform, **known)

    def somebody(self, newcomers: float, heard: Sequence[Account]) -> Account:
        """Who talks now: as often as `newcomers` says somebody new, else one of those `heard` already."""
        if heard and self.random.random() >= newcomers:
            return self.random.choice(heard)
        return people.newcomer(self.random)
