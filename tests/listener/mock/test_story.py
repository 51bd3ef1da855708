"""The scripted evening: the same for a seed, and of the promised shape."""

from collections import Counter
from datetime import UTC, datetime
from string import Formatter
from urllib.parse import quote

import feedparser
import pytest

from listener.mock.feeds import FORMATS, Channel, Entry
from listener.mock.show import Words
from listener.mock.story import LENGTH, OWN, PLATFORMS, acme_story, small_talk
from rules.classify import BrandTerms, Classifier
from rules.instant import MINUTE, instant, moment
from rules.mention import Author, Mention
from rules.query.compiled import compile_query

BEGIN = 1_794_692_000_000_000
LANGUAGES = {"fr", "en"}


def test_the_same_seed_tells_the_same_story_and_another_seed_another():
    assert acme_story(7) == acme_story(7)
    assert acme_story(7) != acme_story(8)


@pytest.mark.parametrize("seed", range(5))
def test_every_part_has_its_posts_in_both_languages_and_every_platform_too(seed):
    story = acme_story(seed)
    parts = {"before": 6, "calm": 17, "spark": 11, "fire": 35, "decay": 13, "after": 10}

    assert Counter(cue.part for cue in story) == parts
    assert {(cue.part, cue.language) for cue in story} == {(part, language) for part in parts for language in LANGUAGES}
    assert {(cue.platform, cue.language) for cue in story} == {(each, said) for each in PLATFORMS for said in LANGUAGES}
    assert {cue.language for cue in small_talk()} == LANGUAGES
    assert [cue.at for cue in story] == sorted(cue.at for cue in story)
    assert all(cue.at < LENGTH for cue in story)


@pytest.mark.parametrize("seed", range(5))
def test_names_and_words_are_unique_and_what_is_about_a_post_comes_after_it(seed):
    story = acme_story(seed)
    said = {cue.name: cue for cue in story}
    about = [(said[cue.about], cue) for cue in story if cue.about]

    assert len(said) == len(story)
    assert len({cue.text for cue in story if cue.text}) == sum(cue.text != "" for cue in story)
    assert {cue.act for _, cue in about} == {"say", "repost", "edit", "delete"}
    assert all(first.at < cue.at and first.platform == cue.platform for first, cue in about)


def test_the_airline_answers_on_every_platform_after_the_first_press_article():
    story = acme_story()
    answers = [cue for cue in story if cue.author == OWN[cue.platform]]
    article = next(cue for cue in story if cue.part == "fire" and cue.platform == "feed")

    assert {cue.platform for cue in answers} == set(PLATFORMS)
    assert {cue.language for cue in answers} == LANGUAGES
    assert all(cue.at > article.at for cue in answers)


@pytest.mark.parametrize("seed", range(5))
def test_nobody_uses_the_hashtag_before_it_was_proposed(seed):
    first = next(cue for cue in acme_story(seed) if "#AcmeAirAbandon" in cue.text)

    assert first.author.name == "lea_en_escale"


@pytest.mark.parametrize("seed", range(5))
def test_the_tone_that_is_heard_is_calm_then_rises_and_falls(seed):
    """Negative mentions per quarter of an hour, as the real classifier hears them."""
    terms = BrandTerms(query=compile_query('"Acme Air" OR @acmeair OR #acmeair'), languages=("fr", "en"))
    classifier, story = Classifier({"acme": terms}), acme_story(seed)
    negative = [
        post.at
        for post in story
        if post.act == "say" and any(each.tone.label == "negative" for each in classifier.classify(_mention(post)))
    ]
    quarters = Counter(at // (15 * MINUTE) for at in negative if at >= 0)

    assert max(quarters[0], quarters[1]) < quarters[2] < quarters[3]
    assert max(quarters[0], quarters[1], quarters[5]) <= 5
    assert 18 <= max(quarters.values()) < 30


def _mention(post):
    return Mention(
        id=post.name,
        source=post.platform,
        platform=post.platform,
        author=Author(handle=post.author.handle),
        title=post.title,
        text=post.text,
        observed_at=moment(BEGIN),
    )


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_a_feed_says_what_its_posts_say(kind):
    story = acme_story()
    entries = [_entry(post) for post in story]
    channel = Channel(
        title="Forum & « amis »", home="http://f.example/", here="http://f.example/feed", hub="http://f.example/hub"
    )

    feed = feedparser.parse(FORMATS[kind].write(channel, entries))

    assert feed.bozo == 0
    assert feed.feed.title == channel.title
    assert [
        (each.id, each.link, each.author, (each.get("content") or [{"value": each.summary}])[0]["value"])
        for each in feed.entries
    ] == [(each.guid, each.link, each.author, _shown(each.text, kind)) for each in entries]
    assert [_seconds(each.published_parsed) for each in feed.entries] == [each.at // 1_000_000 for each in entries]


def _entry(post):
    page = f"http://f.example/@{quote(post.author.handle)}"
    return Entry(
        guid=post.name,
        at=BEGIN + post.at,
        language=post.language,
        author=post.author.name,
        author_page=page,
        title=post.title,
        text=post.text,
        link=f"{page}/{post.name}",
    )


def _shown(text, kind):
    return f"<p>{text}</p>" if kind == "rss" else text


def _seconds(parsed):
    return instant(datetime(*parsed[:6], tzinfo=UTC)) // 1_000_000


def test_the_demonstration_says_the_same_things_in_both_languages():
    french, english = Words("fr").templates, Words("en").templates

    assert french.keys() == english.keys()
    assert {key: _fields(text) for key, text in french.items()} == {key: _fields(text) for key, text in english.items()}


def _fields(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)
