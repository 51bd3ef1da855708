"""Who reads an alert finds the answers where there is room for them."""

import pytest

from alerts.channel import CHANNELS
from tests.build.questions import QUESTIONS, answered, plain

LONG = ["console", "email", "slack", "slackbot", "teams", "webhook"]


@pytest.mark.parametrize("kind", CHANNELS.kinds())
def test_every_channel_answers_the_first_questions_and_long_forms_all(kind):
    found = dict(zip(QUESTIONS, answered(kind), strict=True))

    assert [question for question in list(QUESTIONS)[:3] if found[question] != "yes"] == []
    assert "-" not in list(found.values()) or kind in ("mqtt", "ntfy")
    assert kind not in LONG or found["what first, what may I say?"] == "yes"


def test_what_is_hidden_from_a_reader_is_no_answer():
    assert plain('<p title="secret">a &amp; b</p>\\*c\\*') == " a & b *c*".replace("*", "")
