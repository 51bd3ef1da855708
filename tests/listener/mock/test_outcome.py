"""What the daemon of the demonstration makes of its story: all of it is heard, and always in the same three steps."""

import io
from datetime import timedelta

import pytest

from listener.app import load_checked
from listener.backtest import Backtest
from listener.cli.demo import ORIGIN, perform
from listener.clock import Clock
from listener.mock.show import JsonLines
from listener.mock.stage import set_up
from listener.mock.story import acme_story
from listener.pipeline.setup import build_setup
from rules.instant import moment
from rules.mention import Author, Mention
from tests.fresh import seeds

BEGIN = 1_794_691_220_000_000


def heard(cue, texts):
    """What a cue says, as it is heard: from streams at once, from the press within a minute."""
    written = moment(BEGIN + cue.at)
    late = timedelta(seconds=60 - written.second if cue.platform == "feed" else 0)
    mention = Mention(
        id=cue.name,
        source=cue.platform,
        platform=cue.platform,
        author=Author(handle=cue.author.handle),
        title=cue.title,
        text=cue.text or texts[cue.about],
        created_at=written,
        observed_at=written + late,
    )
    return mention, None


@pytest.mark.parametrize("seed", [*range(4), *seeds(6)])
async def test_the_crisis_is_seen_small_gets_worse_and_ends_whatever_the_seed(seed):
    story = acme_story(seed)
    async with set_up(story, Clock(), "fr") as stage:
        setup = build_setup(load_checked(stage.config).settings)
    texts = {cue.name: cue.text for cue in story}
    said = [heard(cue, texts) for cue in story if cue.at >= 0 and cue.act in {"say", "repost"}]
    posts = sorted(said, key=lambda each: each[0].observed_at)
    steps = list(Backtest(setup).run(posts))

    told = [(step.rule, step.state, step.severity) for step in steps]
    assert told[:2] == [("bad-buzz", "open", "warning"), ("bad-buzz", "worse", "critical")]
    assert told[2:] in (
        [("bad-buzz", "resolved", "critical")],
        [("bad-buzz", "worse", "critical"), ("bad-buzz", "resolved", "critical")],  # it doubled once more
    )
    assert steps[0].evidence.count <= 0.8 * steps[-1].evidence.peak


class Listening(JsonLines):
    """Remembers what was heard, as (source, text), and by which sources the airline itself."""

    def pulse(self, at, mentions):  # noqa: ARG002
        self.heard = {(each.mention.source, each.mention.text) for each in mentions}
        self.own = {each.mention.source for each in mentions if any(facts.own for facts in each.facts.values())}


def standing(story):
    """What stands in the end, and what does not any more, as (source, text)."""
    sources = {"mastodon": "mastodon", "bluesky": "bluesky", "feed": "press"}
    said, gone = dict[str, tuple[str, str]](), set()
    for cue in story:
        if cue.act in {"edit", "delete"}:
            gone.add(said.pop(cue.about))
        if cue.act != "delete":
            text = said[cue.about][1] if cue.act == "repost" else cue.text
            said[cue.about if cue.act == "edit" else cue.name] = (sources[cue.platform], text)
    return set(said.values()), gone


async def test_all_of_it_is_heard_in_both_languages_on_every_platform_as_it_stands_in_the_end():
    show = Listening(io.BytesIO().write)
    clock = Clock(origin=ORIGIN, started=Clock().now(), speed=600)
    assert await perform(show, clock, "en", 5, once=True) == []
    said, gone = standing([cue for cue in acme_story(5) if cue.part != "after"])
    assert (said - show.heard, gone & show.heard) == (set(), set())
    assert show.own == {"mastodon", "bluesky", "press"}
