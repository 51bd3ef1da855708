"""From a scenario and a seed to everything that happens, as cues, and what is true of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from listener.mock import people
from listener.mock.cast import ARTICLES, QUARTER, Cast, Habits
from listener.mock.chance import count, early, moments, moods
from listener.mock.growth import Growth
from listener.mock.scenario import Background, Burst, Scenario, Wave
from listener.mock.script import Cue
from listener.mock.truth import Happened, Truth
from listener.mock.voice import Part
from listener.mock.world import Account
from rules.instant import DAY, MINUTE, Instant, Span, instant, span

_PACE: Span = 4 * MINUTE
"""Between two posts of a discussion, on average."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """`cues` in the order of time, none before the beginning; `truth` about them."""

    cues: Sequence[Cue]
    truth: Truth


def draw(name: str, scenario: Scenario, seed: int) -> Drawn:
    """Everything that happens in the scenario called `name`, always the same for a seed. An episode that is added
    changes nothing of the rest.
    """
    habits, length = Habits(scenario), span(scenario.length)

    def cast(brand: str, part: str) -> Cast:
        return Cast(scenario, habits, brand, part, seed)

    cues, happened = list[Cue](), list[Happened]()
    for brand, background in scenario.background.items():
        cues += _Background(background, cast(brand, "background"), habits).cues(length)
    for episode_name, episode in scenario.episodes().items():
        made, told = _episode(scenario, episode_name, episode, cast(scenario.brand_of(episode), episode_name))
        cues += made
        happened.append(told)
    begins = instant(scenario.begins)
    truth = Truth(
        scenario=name,
        seed=seed,
        begins=begins,
        ends=begins + length,
        brands=tuple(scenario.brands),
        episodes=tuple(happened),
    )
    return Drawn(cues=sorted(cues, key=lambda cue: cue.at), truth=truth)


class _Background:
    """What is said when nothing happens: by habit, with moods, and now and then a harmless discussion."""

    def __init__(self, told: Background, cast: Cast, habits: Habits) -> None:
        self._told, self._cast, self._habits, self._random = told, cast, habits, cast.random
        tones = told.tones
        self._tones: dict[Part, float] = {
            "negative": tones.negative,
            "neutral": tones.neutral,
            "positive": tones.positive,
        }

    def cues(self, length: Span) -> Iterator[Cue]:
        mood = 1.0
        # what discussions say is part of the average
        alone = max(0.0, self._told.posts_per_hour - self._told.threads * self._told.thread_posts / 24)
        for quarter in range(0, length, QUARTER):
            if quarter % DAY == 0:
                mood = moods(self._random, self._told.restless / 2)
            activity = self._habits.activity(quarter)
            mean = alone / 4 * activity * mood * moods(self._random, self._told.restless)
            for _ in range(count(self._random, mean)):
                at = quarter + self._random.randrange(QUARTER)
                if at < length:
                    yield self._cast.says(at, self._tone(self._tones), people.regular(self._random))
            for _ in range(count(self._random, self._told.threads / 96 * activity)):
                yield from self._thread(quarter + self._random.randrange(QUARTER), length)

    def _thread(self, at: Span, length: Span) -> Iterator[Cue]:
        kind, language = self._tone({"neutral": 2, "positive": 1}), self._cast.language(at)
        if at >= length:
            return
        first = self._cast.says(at, kind, people.regular(self._random), language=language)
        yield first
        for _ in range(1 + count(self._random, self._random.expovariate(1 / (self._told.thread_posts - 2 + 1e-9)))):
            at += int(self._random.expovariate(1 / _PACE))
            if at >= length:
                return
            yield self._cast.says(
                at,
                self._tone({kind: 2, "neutral": 1}),
                people.regular(self._random),
                language=language,
                platform=first.platform,
                about=first.name,
            )

    def _tone(self, weights: dict[Part, float]) -> Part:
        return self._random.choices(list(weights), list(weights.values()))[0]


def _episode(scenario: Scenario, name: str, episode: Wave | Burst, cast: Cast) -> tuple[list[Cue], Happened]:
    start = span(episode.start)
    onset = cast.random.randrange(start, span(episode.latest or episode.start) + 1)
    if isinstance(episode, Wave):
        growth = _growth(episode)
        peak, end = growth.peak, growth.end
        cues = list(_wave(episode, growth, onset, scenario.background[scenario.brand_of(episode)].posts_per_hour, cast))
    else:
        peak, end = span(episode.lasts) // 2, span(episode.lasts)
        cues = list(_burst(episode, onset, cast))
    since: Instant = instant(scenario.begins) + onset
    return cues, Happened(
        episode=name,
        brand=scenario.brand_of(episode),
        kind=episode.kind,
        expect=episode.expect,
        because=episode.because,
        onset=since,
        peak=since + peak,
        ends=since + end,
        deadline=since + span(episode.within) if episode.within else None,
        severity=episode.severity if episode.expect == "alert" else None,
        posts=len(cues),
    )


def _growth(wave: Wave) -> Growth:
    return Growth(
        wave.shape,
        ramp=span(wave.ramp),
        decay=span(wave.decay),
        calmed=span(wave.reply_after) if wave.reply_after else None,
    )


def _wave(wave: Wave, growth: Growth, onset: Span, usual: float, cast: Cast) -> Iterator[Cue]:
    heard: list[Account] = []
    said: list[Cue] = []
    most = wave.times * usual
    for passed in moments(cast.random, lambda at: most * growth.at(at), growth.end, most):
        author = cast.somebody(wave.newcomers, heard)
        if said and cast.random.random() < wave.reposts:
            yield cast.shares(onset + passed, said[early(cast.random, len(said))], author)
        else:
            said.append(cast.says(onset + passed, _part(wave, cast), author))
            yield said[-1]
        heard.append(author)
    if wave.reply_after:
        yield cast.says(onset + span(wave.reply_after), "official", cast.owner)


def _part(wave: Wave, cast: Cast) -> Part:
    return "aside" if wave.kind == "crisis" and cast.random.random() < wave.asides else wave.kind


def _burst(burst: Burst, onset: Span, cast: Cast) -> Iterator[Cue]:
    moments_ = sorted(onset + cast.random.randrange(span(burst.lasts)) for _ in range(burst.posts))
    if burst.kind == "own":
        yield from (cast.says(at, "own", cast.owner) for at in moments_)
        return
    language = cast.language(onset)
    voice = cast.voices[language]
    if burst.kind == "wire":
        title, text = voice.article(cast.random)
        for number, at in enumerate(moments_):
            site = Account(handle=f"gazette{number}", name=f"Gazette {number}")
            yield cast.cue(at, author=site, title=title, text=text, language=language, platform=ARTICLES)
        return
    copiers = [people.newcomer(cast.random) for _ in range(burst.accounts)]
    text = voice.say("crisis", cast.random)
    for at in moments_:
        author = cast.random.choice(copiers)
        yield cast.cue(at, author=author, text=voice.again(text, cast.random), language=language)
