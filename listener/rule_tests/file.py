"""A file of tests of rules, in YAML: what is said when, and which steps are to follow from it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from config.document import Document, read
from config.load import Catalogs, Loaded, parts_of
from config.model import Duration, Model
from config.parse import Keys
from config.problems import ConfigError, Problem, did_you_mean
from config.schema import Generator, schema
from config.settings import Settings
from config.values import OneOrMore, Text
from config.words import in_words
from listener.checks import check, usable
from listener.rule_tests.times import Repeat, When, resolve
from rules.instant import Instant, instant, span
from rules.transition import Severity

MOST_MENTIONS = 2_000_000
"""Of one test."""
LONGEST = timedelta(days=732)
"""From the beginning of a test to its end."""
VARIES = "varies"
_FIRST, _LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_PARTS = ("brands", "rules")
_HELD = ("configuration", "tests", *_PARTS)
Step = Literal["open", "worse", "better", "resolved", "reopened"]
"""The states that come without a person's doing."""
Tone = Literal["negative", "neutral", "positive"]
Shape = Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=24, max_length=24)]
_EVEN = (1.0,) * 24
Passed = Annotated[Duration, Field(gt=timedelta())]


class Voice(Model):
    """Who says something, and where."""

    author: Text = VARIES
    """The handle of who wrote it; `varies`: each mention is another person's."""
    followers: Annotated[int, Field(ge=0, le=10**10)] | None = None
    """How many people each author reaches."""
    source: Text = "test"
    """The source that brings it; one that the configuration does not name is heard by every brand."""
    language: Text | None = None
    """Its language as the platform says it; found out when not given."""
    tone: Tone | None = None
    """The tone it is taken to have, whatever the words say."""
    reactions: dict[Passed, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """How many people had reacted when so much time had passed: `{5m: 3, 20m: 80}`."""


class History(Voice):
    """What is usual: an even stream, or so many mentions an hour by chance."""

    every: Annotated[Duration, Field(gt=timedelta())] | None = None
    """One mention after each such time, exactly."""
    per_hour: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    """So many mentions an hour on average, by chance."""
    hours: Shape = _EVEN
    """How much is said in each hour of the day in the zone of `start`, from midnight on; with `per_hour`."""
    seed: int = 0
    """Another seed, another chance; with `per_hour`."""
    begins: When = Field(default=timedelta(), alias="from")
    """When it begins."""
    lasts: Annotated[Duration, Field(gt=timedelta(), le=timedelta(days=366))] = Field(alias="for")
    """How long it goes on."""
    text: OneOrMore[Text]
    """What is said; of several texts one after the other."""

    @model_validator(mode="after")
    def _is_told(self) -> "History":
        if (self.every is None) == (self.per_hour is None):
            raise ValueError("give one of `every` and `per_hour`")
        if self.every is not None and self.model_fields_set & {"hours", "seed"}:
            raise ValueError("`hours` and `seed` go with `per_hour`")
        if not sum(self.hours):
            raise ValueError("nobody ever talks: put a number above 0 into `hours`")
        return self

    @property
    def mentions(self) -> int:
        """How many they are, about."""
        return math.ceil(self.lasts / self.every if self.every else self.lasts / timedelta(hours=1) * self._rate)

    @property
    def _rate(self) -> float:
        return self.per_hour or 0.0


class Said(Voice):
    """Mentions that make the test."""

    at: When
    """When it is said."""
    text: Text
    """What is said."""
    title: Text | None = None
    """Its title."""
    repeat: Repeat = (1, timedelta())
    """`30x20s`: so many times, each so long after the one before."""

    @model_validator(mode="after")
    def _is_some(self) -> "Said":
        if self.repeat[0] < 1 or self.repeat[1] < timedelta():
            raise ValueError("`repeat` is once at least, such as 30x20s")
        return self


class Expectation(Model):
    """A step of an incident that is to come, or a time in which nobody is to be rung."""

    rule: str | None = None
    """The rule whose step it is; with `silence`: of which nothing is to be heard, all when not given."""
    state: Step | None = None
    """The step."""
    severity: Severity | None = None
    """How serious it is; any when not given."""
    at: When | None = None
    """The very moment at which it is to come."""
    between: tuple[When, When] | None = None
    """The moments between which it is to come, both included."""
    silence: tuple[When, When] | None = None
    """From the first moment on, and before the second, no incident opens, reopens or gets worse."""

    @model_validator(mode="after")
    def _is_one(self) -> "Expectation":
        if self.silence is not None:
            if self.state or self.severity or self.at is not None or self.between is not None:
                raise ValueError("`silence` goes with `rule` alone: put a step into another entry")
        elif self.rule is None or self.state is None or (self.at is None) == (self.between is None):
            raise ValueError("write `silence`, or `rule`, `state` and one of `at` and `between`")
        return self

    def span(self, start: datetime) -> tuple[Instant, Instant]:
        """The first and the last moment that it is about."""
        first, last = self.between or self.silence or (self.at or timedelta(), self.at or timedelta())
        return resolve(first, start), resolve(last, start)


class Case(Model):
    """One test. Times count from `start`, when badbuzz begins to listen and knows nothing yet."""

    name: Annotated[Text, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    """What it shows."""
    brand: str | None = None
    """Whose incidents are looked at; the only brand when not given."""
    start: Annotated[AwareDatetime, Field(ge=_FIRST, le=_LAST)] = datetime(2026, 1, 5, tzinfo=UTC)
    """When it begins: an instant with its time zone; a Monday at midnight, UTC, when not given."""
    history: tuple[History, ...] = ()
    """What is usual."""
    mentions: tuple[Said, ...] = ()
    """What is said beside that."""
    expect: Annotated[tuple[Expectation, ...], Field(min_length=1)]
    """What is to follow. Steps that are named nowhere may come as well, outside of `silence`."""


class _File(Model):
    """Tests of rules. `brands` and `rules` are judged as in a configuration."""

    configuration: Text | None = None
    """The configuration whose brands and rules are tested; a relative path is beside this file."""
    brands: dict[str, Any] | None = None
    rules: dict[str, Any] | None = None
    tests: Annotated[tuple[Case, ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class Suite:
    """The tests of one file, and the settings they are about; every test has its `brand`."""

    path: Path
    settings: Settings
    tests: tuple[Case, ...]


def read_tests(path: Path, catalogs: Catalogs) -> Suite:
    """The tests in a file. Raises ConfigError with every problem, each with its line and column."""
    document = read(path, {})
    if document.is_incomplete:
        raise ConfigError(document.problems)
    settings, problems = _settings(document, catalogs)
    tests: tuple[Case, ...] = ()
    held = {key: value for key, value in document.data.items() if key in _HELD}
    problems += [
        document.problem((key,), "unknown key", did_you_mean(key, _HELD)) for key in document.data if key not in _HELD
    ]
    try:
        tests = _File.model_validate(held).tests
    except ValidationError as error:
        problems += in_words(error, _File, (), document)
    if settings is not None:
        problems += [
            problem for number, test in enumerate(tests) for problem in _misfits(document, number, test, settings)
        ]
    problems = [replace(problem, column=document.column(problem)) for problem in (*document.problems, *problems)]
    if settings is None or any(problem.level == "error" for problem in problems):
        raise ConfigError(sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column)))
    return Suite(path=path, settings=settings, tests=tuple(_with_brand(test, settings) for test in tests))


def tests_schema(catalogs: Catalogs) -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of such files, every kind's options included."""
    whole, own = schema(catalogs), _File.model_json_schema(schema_generator=Generator)
    parts = {section: whole["properties"][section] for section in _PARTS}
    return {
        "$schema": whole["$schema"],
        "title": "badbuzz tests of rules",
        **{key: own[key] for key in ("type", "additionalProperties", "required")},
        "properties": {**own["properties"], **parts},
        "$defs": {**whole["$defs"], **own["$defs"]},
    }


def _settings(document: Document, catalogs: Catalogs) -> tuple[Settings | None, list[Problem]]:
    named, written = document.data.get("configuration"), [key for key in _PARTS if document.data.get(key) is not None]
    if isinstance(named, str):
        if written:
            hint = "keep one of the two"
            return None, [document.problem((written[0],), "`configuration` says which they are", hint)]
        try:
            return usable(document.path.parent / named, catalogs), []
        except ConfigError as error:
            return None, list(error.problems)
    if written != list(_PARTS):
        hint = "or `configuration: badbuzz.yaml`, which holds both"
        missing = next(key for key in _PARTS if key not in written)
        return None, [document.problem((missing,), "is required", hint)]
    settings, problems = parts_of(document, catalogs, _PARTS)
    flawed = frozenset({"operator", "sources", "channels", "routes"} | {p.path.partition(".")[0] for p in problems})
    loaded = Loaded(settings=settings, document=document, warnings=(), flawed=flawed)
    return settings, problems + [problem for problem in check(loaded, catalogs) if problem.level == "error"]


def _with_brand(test: Case, settings: Settings) -> Case:
    return test.model_copy(update={"brand": test.brand or next(iter(settings.brands))})


def _misfits(document: Document, number: int, case: Case, settings: Settings) -> Iterator[Problem]:
    """What is right in itself and does not fit the brands, the rules or the time."""
    keys = ("tests", number)
    if case.brand is None and len(settings.brands) > 1:
        hint = f"brand: {next(iter(settings.brands))}"
        yield document.problem((*keys, "brand"), "is required where there are several brands", hint)
    if case.brand is not None and case.brand not in settings.brands:
        hint = did_you_mean(case.brand, settings.brands)
        yield document.problem((*keys, "brand"), f"no brand is named '{case.brand}'", hint)
    if sum(each.mentions for each in case.history) + sum(said.repeat[0] for said in case.mentions) > MOST_MENTIONS:
        yield document.problem(keys, f"more than {MOST_MENTIONS} mentions", "a shorter history, or a lower rate")
    for place, each in enumerate(case.expect):
        yield from _unknown_rule(document, (*keys, "expect", place, "rule"), each.rule, case.brand, settings)
        since, until = each.span(case.start)
        if until < since:
            yield document.problem((*keys, "expect", place), "ends before it begins", "write the earlier moment first")
    for written, at in _moments(keys, case):
        if not instant(case.start) <= at <= instant(case.start) + span(LONGEST):
            hint = "times count from `start`"
            yield document.problem(written, f"is before `start`, or more than {LONGEST.days} days after it", hint)


def _unknown_rule(
    document: Document, keys: Keys, name: str | None, brand: str | None, settings: Settings
) -> Iterator[Problem]:
    if name is None:
        return
    rule = settings.rules.get(name)
    if rule is None:
        yield document.problem(keys, f"no rule is named '{name}'", did_you_mean(name, settings.rules))
    elif brand not in (getattr(rule.options, "brands", None) or [brand]):
        yield document.problem(keys, f"'{name}' does not judge '{brand}'", "see its `brands`")


def _moments(keys: Keys, case: Case) -> Iterator[tuple[Keys, Instant]]:
    """All of them, with where each is written."""
    for number, usual in enumerate(case.history):
        begins = resolve(usual.begins, case.start)
        yield from (((*keys, "history", number), at) for at in (begins, begins + span(usual.lasts)))
    for number, said in enumerate(case.mentions):
        begins, (times, every) = resolve(said.at, case.start), said.repeat
        yield from (((*keys, "mentions", number, "at"), at) for at in (begins, begins + times * span(every)))
    for number, expected in enumerate(case.expect):
        yield from (((*keys, "expect", number), at) for at in expected.span(case.start))
