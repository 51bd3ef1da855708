"""A scenario through the real classification and engine on a virtual clock, compared with its truth."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from config.settings import Brand, Component, Settings
from listener.backtest import Backtest
from listener.mock.cast import SHARING
from listener.mock.draw import Drawn, draw
from listener.mock.scenario import Scenario, load_scenario
from listener.mock.script import Cue
from listener.mock.truth import AFTERMATH, Happened
from listener.pipeline.setup import Setup, build_setup
from rules.instant import DAY, MINUTE, Instant, Span, instant, moment
from rules.mention import Author, Mention
from rules.rule import RULES
from rules.transition import SEVERITIES, Transition

RULE = RULES.spec("spike").options()
"""The rule that is measured: `spike` as it comes, as in what `badbuzz init` writes."""
WINDOW = 15 * MINUTE
RANG = frozenset({"open", "reopened"})
"""States that ring: what comes back rings once more, so it is an alarm like the first."""
_KINDS = {"feed": "article", "reddit": "comment", "youtube": "comment", "hackernews": "comment"}
Timed = list[tuple[Mention, datetime]]


@dataclass(frozen=True, kw_only=True)
class Episode:
    """What became of an episode: when it was first told of after its onset, how often an incident opened while it
    lasted, how serious they became, and, of an alert that did not come in time, why.
    """

    truth: Happened
    delay: Span | None
    opened: int
    serious: bool
    cause: str = ""

    @property
    def in_time(self) -> bool:
        return self.delay is not None and not self.cause


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One run. `false` are the openings where there was to be silence, which was for `quiet` days of all brands."""

    scenario: str
    seed: int
    episodes: Sequence[Episode]
    false: Sequence[Transition]
    quiet: float
    unmatched: int


def judge(name: str, seed: int) -> Outcome:
    scenario = load_scenario(name)
    drawn = draw(name, scenario, seed)
    setup, heard = build_setup(settings(scenario)), mentions(drawn)
    backtest = Backtest(setup)
    steps = list(backtest.run(heard))
    truth = drawn.truth
    quiet = [(brand, since, until) for brand in truth.brands for since, until in truth.quiet(brand)]
    return Outcome(
        scenario=name,
        seed=seed,
        episodes=[followed(each, steps, heard, setup) for each in truth.episodes],
        false=[
            step
            for step in steps
            for brand, since, until in quiet
            if step.state in RANG and step.brand == brand and since <= step.at < until
        ],
        quiet=sum(until - since for _, since, until in quiet) / DAY,
        unmatched=backtest.summary.dropped["unmatched"],
    )


def settings(scenario: Scenario) -> Settings:
    return Settings(
        brands={
            key: Brand(query=brand.query, languages=tuple(scenario.languages), own_accounts=(brand.account,))
            for key, brand in scenario.brands.items()
        },
        sources={},
        rules={"bad-buzz": Component(name="bad-buzz", kind="spike", options=RULE)},
        channels={},
        routes=(),
    )


def mentions(drawn: Drawn) -> Timed:
    """What careful collectors would make of the cues, each at once."""
    known: dict[str, Cue] = {cue.name: cue for cue in drawn.cues}
    moments = (moment(drawn.truth.begins + cue.at) for cue in drawn.cues)
    return [(mention(cue, known.get(cue.about or ""), at), at) for cue, at in zip(drawn.cues, moments, strict=True)]


def mention(cue: Cue, about: Cue | None, at: datetime) -> Mention:
    original = about if cue.act == "repost" else None
    shown = original or cue
    return Mention(
        id=cue.name,
        source=cue.platform,
        platform=cue.platform,
        kind="repost" if original else _KINDS.get(cue.platform, "post"),
        author=Author(handle=cue.author.handle, name=cue.author.name, followers=cue.author.followers),
        title=shown.title or None,
        text=shown.text,
        language=cue.language if cue.platform in SHARING else None,  # the others do not say
        created_at=at,
        observed_at=at,
        parent_id=None if original else cue.about,
        repost_of=original.name if original else None,
    )


def followed(truth: Happened, steps: Sequence[Transition], heard: Timed, setup: Setup) -> Episode:
    during = [step for step in steps if step.brand == truth.brand and truth.onset <= step.at <= truth.ends + AFTERMATH]
    # where one was open before, people hear of a crisis as of its getting worse
    told = [step.at for step in during if step.state in {*RANG, "worse"}]
    delay = told[0] - truth.onset if told else None
    late = truth.deadline is not None and (delay is None or truth.onset + delay > truth.deadline)
    return Episode(
        truth=truth,
        delay=delay,
        opened=sum(step.state in RANG for step in during),
        serious=any(SEVERITIES.index(step.severity) >= SEVERITIES.index(truth.severity or "info") for step in during),
        cause=reason(truth, heard, setup) if late else "",
    )


def reason(truth: Happened, heard: Timed, setup: Setup) -> str:
    """Why nobody was told of it in time, by the 15 minutes before the deadline in which most was said of it."""
    best: list[tuple[str, bool]] = []
    window: deque[tuple[Instant, str, bool]] = deque()
    for each, moment_ in heard:
        at = instant(moment_)
        if at > (truth.deadline or truth.ends) or not each.id.startswith(f"{truth.brand}/{truth.episode}/"):
            continue
        found = [one for one in setup.classifier.classify(each) if one.brand == truth.brand and not one.own]
        window += [(at, str(each.author.handle), one.tone.label == "negative") for one in found]
        while window and at - window[0][0] > WINDOW:
            window.popleft()
        if len(window) > len(best):
            best = [(author, negative) for _, author, negative in window]
    complaining = [author for author, negative in best if negative]
    return _in_words(len(best), len(complaining), len(set(complaining)))


def _in_words(posts: int, complaints: int, people: int) -> str:
    floor = RULE.at_least
    if posts < floor.posts:
        return f"too few posts in 15 min for the floor of {floor.posts}"
    if complaints < floor.posts:
        return f"enough posts, fewer than {floor.posts} in 15 min taken for negative"
    if people < floor.authors:
        return f"fewer than {floor.authors} authors"
    return "beyond the floor, not beyond the brand's own bursts"
