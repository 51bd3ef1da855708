"""What the rules of the demonstration make of its story: always the same three steps."""

import secrets
from datetime import timedelta

import pytest

from listener.app import load_checked
from listener.backtest import Backtest
from listener.clock import Clock
from listener.mock.stage import set_up
from listener.mock.story import acme_story
from listener.pipeline.setup import build_setup
from rules.instant import moment
from rules.mention import Author, Mention

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


@pytest.mark.parametrize("seed", [*range(4), *(secrets.randbelow(10**9) for _ in range(6))])
async def test_the_crisis_is_seen_small_gets_worse_and_ends_whatever_the_seed(seed):
    story = acme_story(seed)
    async with set_up(story, Clock(), "fr") as stage:
        setup = build_setup(load_checked(stage.config).settings)
    texts = {cue.name: cue.text for cue in story}
    said = [heard(cue, texts) for cue in story if cue.at >= 0 and cue.act in {"say", "repost"}]
    posts = sorted(said, key=lambda each: each[0].observed_at)
    steps = list(Backtest(setup).run(posts))

    assert [(step.rule, step.state, step.severity) for step in steps] == [
        ("bad-buzz", "open", "warning"),
        ("bad-buzz", "worse", "critical"),
        ("bad-buzz", "resolved", "critical"),
    ]
    assert steps[0].evidence.count <= 0.8 * steps[-1].evidence.peak
