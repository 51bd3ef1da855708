"""Scenarios: what is said about made-up brands for some days, and what a detector should make of it. Files in YAML."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from config.document import Document, read
from config.model import Duration, Label, Model, TimeZone
from config.problems import ConfigError, Problem, closest, did_you_mean
from config.values import Severity, Text
from config.words import in_words
from listener.mock.growth import Shape
from rules.query.compiled import compile_query
from rules.query.errors import QueryError

Language = Literal["fr", "en"]
Trade = Literal["airline", "cosmetics"]
Where = Literal["bluesky", "hackernews", "mastodon", "reddit", "x", "youtube"]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=10_000)]

_DAY = (3, 2, 1.5, 1, 1, 1.5, 3, 5, 6.5, 7, 7, 7, 7.5, 7.5, 7, 6.5, 6.5, 7, 7.5, 8, 8.5, 8.5, 7, 5)
_WEEK = (1, 1, 1, 1, 1, 0.7, 0.65)


class Subject(Model):
    """A made-up brand."""

    name: Label
    trade: Trade
    """What people talk about when they talk about it."""
    account: Annotated[str, Field(pattern=r"^@\w+$")]
    """Its own account, on every platform."""
    hashtag: Annotated[str, Field(pattern=r"^\w+$")]
    query: Text
    """What its operator would look for."""
    products: dict[Language, Annotated[tuple[Text, ...], Field(min_length=1)]] = Field(default={})
    """What it sells, as a noun; masculine in French."""


class Speech(Model):
    """Those who speak one language."""

    share: Positive
    """How much of the talk is in it, against the other languages."""
    zone: TimeZone
    """Where they sleep and get up."""
    day: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=24, max_length=24)] = _DAY
    """How much they talk in each hour of their day, from midnight on."""
    week: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=7, max_length=7)] = _WEEK
    """How much they talk on each day, from Monday on."""

    @model_validator(mode="after")
    def _somebody_talks(self) -> "Speech":
        if not (sum(self.day) and sum(self.week)):
            raise ValueError("nobody ever talks: put a number above 0 into `day` and `week`")
        return self


class Tones(Model):
    """How people feel, each against the others."""

    negative: Share = 0.2
    neutral: Share = 0.5
    positive: Share = 0.3

    @model_validator(mode="after")
    def _somebody_feels(self) -> "Tones":
        if not (self.negative + self.neutral + self.positive):
            raise ValueError("no tone is left: give one of them a share")
        return self


class Background(Model):
    """What is said of a brand when nothing happens."""

    posts_per_hour: Positive
    """On average over a week."""
    tones: Tones = Tones()
    restless: Annotated[float, Field(ge=0, le=2)] = 0.35
    """How much the rate wavers from one quarter of an hour to the next, and half as much from day to day, beside chance
    and habit: standard deviation over mean."""
    threads: Annotated[float, Field(ge=0, le=1_000)] = 2
    """Harmless discussions a day, of neutral and positive posts that follow each other closely."""
    thread_posts: Annotated[float, Field(ge=2, le=1_000)] = 9
    """Posts of such a discussion, on average."""

    @model_validator(mode="after")
    def _is_enough(self) -> "Background":
        if self.threads * self.thread_posts / 24 > self.posts_per_hour:
            raise ValueError("discussions alone would be more: `threads` times `thread_posts` is for a day")
        return self


class Episode(Model):
    """Something happens, and somebody should be told of it, or nobody."""

    brand: str | None = None
    """Whom it concerns; the first brand when not given."""
    start: Annotated[Duration, Field(ge=timedelta())]
    """When it begins, from the beginning of the scenario."""
    latest: Duration | None = None
    """Each seed has another beginning between `start` and this."""
    expect: Literal["alert", "silence"]
    """What is right: that somebody is told, or that nobody is."""
    because: Text
    """Why."""
    within: Duration | None = None
    """How long after its beginning the alert must be there."""
    severity: Severity = "warning"
    """How serious the alert must have become, at least, while it lasts."""

    @model_validator(mode="after")
    def _is_judged(self) -> "Episode":
        if (self.within is None) == (self.expect == "alert"):
            raise ValueError("`within` says how soon an expected alert must come: give both or none")
        if self.latest is not None and self.latest < self.start:
            raise ValueError("`latest` is before `start`")
        return self


class Wave(Episode):
    """Talk that grows to a peak and falls again."""

    kind: Literal["crisis", "compliment", "campaign", "homonym"]
    """What is talked about; the last means something else that is called like the brand."""
    times: Positive
    """Its posts an hour at the peak, as a multiple of the background's `posts_per_hour`."""
    shape: Shape = "steady"
    """How it grows and falls."""
    ramp: Annotated[Duration, Field(gt=timedelta())]
    """From its beginning to the peak."""
    decay: Annotated[Duration, Field(gt=timedelta())]
    """From the peak to its end."""
    reply_after: Duration | None = None
    """When the brand answers in public, from the beginning of the wave; from then on all goes twice as fast."""
    newcomers: Share = 0.9
    """How many of its posts are by people who were not heard before; the others talk more than once."""
    reposts: Share = 0.2
    """How many of its posts only pass an earlier one on."""
    asides: Share = 0.15
    """How many of the posts of a crisis are no complaints: questions, news, advice."""

    @property
    def length(self) -> timedelta:
        """From its beginning to its end, when nobody answers."""
        return self.ramp + self.decay


class Burst(Episode):
    """So many posts within a stretch of time."""

    kind: Literal["flood", "own", "wire"]
    """The same complaint copied again and again, what the brand says itself, or one article on many sites."""
    posts: Annotated[int, Field(ge=1, le=100_000)]
    lasts: Annotated[Duration, Field(gt=timedelta())]
    accounts: Annotated[int, Field(ge=1)] = 1
    """How many people copy it."""

    @property
    def length(self) -> timedelta:
        """From its beginning to its end."""
        return self.lasts


class Scenario(Model):
    """Some days of talk about some brands. The same seed always draws the same posts of it."""

    about: Text
    begins: AwareDatetime = datetime(2026, 11, 2, tzinfo=UTC)
    length: Annotated[Duration, Field(gt=timedelta(), le=timedelta(days=60))]
    brands: Annotated[dict[str, Subject], Field(min_length=1)]
    platforms: Annotated[dict[Where, Positive], Field(min_length=1)]
    """Where people talk, and how much against the other places."""
    languages: Annotated[dict[Language, Speech], Field(min_length=1)]
    background: Annotated[dict[str, Background], Field(min_length=1)]
    """By brand."""
    waves: dict[str, Wave] = Field(default={})
    bursts: dict[str, Burst] = Field(default={})

    def episodes(self) -> Mapping[str, Wave | Burst]:
        """Everything that happens, by name."""
        return {**self.waves, **self.bursts}

    def brand_of(self, episode: Episode) -> str:
        """Whom it concerns."""
        return episode.brand or next(iter(self.brands))


def scenario_names() -> list[str]:
    """The scenarios that come with the program."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def load_scenario(name: str) -> Scenario:
    """The scenario of that name, or in the file of that name. Raises ConfigError with every problem and its place."""
    known = scenario_names()
    path = _folder() / f"{name}.yaml" if name in known else Path(name)
    if name not in known and not path.exists():
        message = f"there is neither a scenario nor a file '{name}'; scenarios: {', '.join(known)}"
        close = closest(name, known)
        raise ConfigError([Problem(message=message, hint=close and f"did you mean '{close}'?")])
    document = read(path, {})
    if document.is_incomplete:
        raise ConfigError(document.problems)
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError([*document.problems, *in_words(error, Scenario, (), document)]) from error
    if problems := [*document.problems, *_contradictions(scenario, document)]:
        raise ConfigError(problems)
    return scenario


def _folder() -> Path:
    return Path(str(files(__package__).joinpath("scenarios")))


def _contradictions(scenario: Scenario, document: Document) -> Iterator[Problem]:
    """What is right in each part and does not fit together."""
    for name in scenario.background.keys() ^ scenario.brands.keys():
        listed, missing = ("background", "brand") if name in scenario.background else ("brands", "background")
        yield document.problem((listed, name), f"has no {missing}", did_you_mean(name, scenario.brands))
    for name in scenario.waves.keys() & scenario.bursts.keys():
        yield document.problem(("bursts", name), "a wave is called so too", "name one of them otherwise")
    for section, episodes in (("waves", scenario.waves), ("bursts", scenario.bursts)):
        for name, episode in episodes.items():
            yield from _misplaced(scenario, document, section, name, episode)
    for name, brand in scenario.brands.items():
        try:
            compile_query(brand.query)
        except QueryError as error:
            yield document.problem(("brands", name, "query"), str(error))
        if brand.trade == "cosmetics" and not scenario.languages.keys() <= brand.products.keys():
            yield document.problem(("brands", name), "has no products in every language", "products: {fr: [baume]}")


def _misplaced(
    scenario: Scenario, document: Document, section: str, name: str, episode: Wave | Burst
) -> Iterator[Problem]:
    if scenario.brand_of(episode) not in scenario.brands:
        hint = did_you_mean(scenario.brand_of(episode), scenario.brands)
        yield document.problem((section, name, "brand"), f"no brand is named '{episode.brand}'", hint)
    elif episode.kind == "homonym" and scenario.brands[scenario.brand_of(episode)].trade != "airline":
        yield document.problem((section, name, "kind"), "nobody has written about a namesake of this trade", "airline")
    if (episode.latest or episode.start) + episode.length > scenario.length:
        yield document.problem((section, name), "ends after the scenario", "begin it earlier, or give it more length")
