"""The words: one for one thing, calm, and the same in every form of a message."""

import re

import pytest

from alerts.render import render
from tests.alerts.samples import ALERTS
from tests.alerts.speaking import PARIS, Page, everything_said, said, without_false_alarms

ALARMING = {
    "fr": r"crise|catastroph|scandale|explosion|déferle|haine|panique|urgent|attaque|alarme|certain",
    "en": r"crisis|disaster|outrage|storm|panic|urgent|attack|certain|(?<!false-)alarm",
}
NOT_IN_THE_GLOSSARY = {
    "fr": r"sentiment|baseline|seuil|anomalie|score|détracteur|hater|acquitt|résolu|escalad|notification|post\b|tweet",
    "en": r"sentiment|baseline|threshold|anomaly|score|hater|detractor|acknowledg|notification|tweet|z-score",
}


@pytest.mark.parametrize(("name", "message"), everything_said())
def test_no_word_spreads_fear_or_names_a_thing_twice(name, message):
    words = without_false_alarms(said(message))

    assert re.findall(ALARMING[message.language], words, re.IGNORECASE) == []
    assert re.findall(NOT_IN_THE_GLOSSARY[message.language], words, re.IGNORECASE) == []


def _spoken(text):
    return re.findall(r"\w+", text.lower())


@pytest.mark.parametrize(("name", "message"), everything_said())
def test_the_page_says_the_same_words_in_the_same_order_as_the_plain_text(name, message):
    plain = re.sub(r"^(?:\d\. |\[\d\] )|^https?://.*$| ?[\u00a0]?: https?://.*$", "", message.text, flags=re.MULTILINE)
    drawn = re.sub(
        r'<div class="chart">.*?</div>', "", message.html, flags=re.DOTALL
    )  # the text says all but its course
    page = [text for text in Page(drawn).texts if not text.startswith(("Voir le message sur", "See the post on"))]

    assert _spoken(" ".join(page)) == _spoken(plain)


@pytest.mark.parametrize(("name", "message"), everything_said())
def test_titles_and_lines_keep_their_budgets_and_the_text_its_sixty_lines(name, message):
    assert len(message.title) <= 60
    assert len(message.subject) <= 60
    assert len(message.line) <= 240
    assert len(message.text.splitlines()) <= 60
    assert len(message.html.encode()) < 100_000


@pytest.mark.parametrize(("name", "message"), everything_said())
def test_the_time_zone_is_named_once(name, message):
    place = "heure de Paris" if message.language == "fr" else "Paris time"

    assert message.text.count(place) == 1
    assert message.context.count(place) == 1
    assert len([text for text in Page(message.html).texts if place in text]) == 1


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_subject_is_the_same_for_the_whole_life(language):
    life = ["open", "worse", "acknowledged", "better", "resolved by calm", "resolved by a person", "reopened"]

    assert len({render(ALERTS[state], language, PARIS).subject for state in life}) == 1


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("state", [name for name, alert in ALERTS.items() if alert.drill])
def test_a_drill_says_so_first_and_last_in_every_part_a_person_may_see_alone(language, state):
    word = "EXERCICE" if language == "fr" else "DRILL"
    message = render(ALERTS[state], language, PARIS)

    for part in (
        message.title,
        message.subject,
        message.line,
        message.lead,
        message.text,
        " ".join(Page(message.html).texts),
    ):
        assert (part.strip().startswith(word), part.strip().endswith(word)) == (True, True)
    assert "Suspendre" not in message.text
    assert "Hold the posts" not in message.text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_words_for_levels_and_states_are_those_of_the_glossary(language):
    states = {name: Page(render(alert, language, PARIS).html).texts[0] for name, alert in ALERTS.items()}
    levels = {alert.severity: render(alert, language, PARIS).level for alert in ALERTS.values()}

    expected = {
        "fr": (
            ["Ouvert", "S’aggrave", "Reflue", "Pris en charge", "Clos", "Rouvert"],
            ["à suivre", "sérieux", "critique"],
        ),
        "en": (["Open", "Worse", "Easing", "Taken", "Resolved", "Reopened"], ["watch", "serious", "critical"]),
    }[language]
    names = ["open", "worse", "better", "acknowledged", "resolved by calm", "reopened"]
    assert [states[name] for name in names] == expected[0]
    assert [levels[severity] for severity in ("info", "warning", "critical")] == expected[1]
