"""The scripted evening: the same for a seed, and of the promised shape."""

from collections import Counter
from datetime import UTC, datetime
from string import Formatter
from urllib.parse import quote

import feedparser
import pytest

from listener.mock.feeds import FORMATS, Channel, Entry
from listener.mock.show import Words
from listener.mock.story import LENGTH, OFFICIAL, acme_story
from rules.classify import BrandTerms, Classifier
from rules.instant import MINUTE, instant, moment
from rules.mention import Author, Mention
from rules.query import compile_query

BEGIN = 1_794_692_000_000_000


def test_the_same_seed_tells_the_same_story_and_another_seed_another():
    assert acme_story(7) == acme_story(7)
    assert acme_story(7) != acme_story(8)


@pytest.mark.parametrize("seed", range(5))
def test_every_stage_has_its_posts_in_both_languages(seed):
    story = acme_story(seed)

    assert Counter(post.stage for post in story) == {
        "before": 6,
        "calm": 17,
        "spark": 9,
        "fire": 31,
        "decay": 10,
        "after": 10,
        "noise": 5,
    }
    assert {(post.stage, post.language) for post in story} == {
        (stage, language)
        for stage in ("before", "calm", "spark", "fire", "decay", "after", "noise")
        for language in ("fr", "en")
    }
    assert [post.at for post in story] == sorted(post.at for post in story)
    assert all(post.at < LENGTH for post in story)


@pytest.mark.parametrize("seed", range(5))
def test_no_two_posts_share_a_guid_or_their_words(seed):
    story = acme_story(seed)

    assert len({post.guid for post in story}) == len(story)
    assert len({post.text for post in story}) == len(story)


def test_the_airline_answers_once_in_each_language_after_the_first_press_article():
    story = acme_story()
    answers = [post for post in story if post.author == OFFICIAL]
    article = next(post for post in story if post.stage == "fire" and post.feed == "press")

    assert sorted(post.language for post in answers) == ["en", "fr"]
    assert all(post.at > article.at for post in answers)


@pytest.mark.parametrize("seed", range(5))
def test_nobody_uses_the_hashtag_before_it_was_proposed(seed):
    first = next(post for post in acme_story(seed) if "#AcmeAirAbandon" in post.text)

    assert first.author == "lea_en_escale"


@pytest.mark.parametrize("seed", range(5))
def test_the_tone_that_is_heard_is_calm_then_rises_and_falls(seed):
    """Negative mentions per quarter of an hour, as the real classifier hears them."""
    terms = BrandTerms(query=compile_query('"Acme Air" OR @acmeair OR #acmeair'), languages=("fr", "en"))
    classifier, story = Classifier({"acme": terms}), acme_story(seed)
    negative = [
        post.at for post in story if any(each.tone.label == "negative" for each in classifier.classify(_mention(post)))
    ]
    quarters = Counter(at // (15 * MINUTE) for at in negative if at >= 0)

    assert max(quarters[0], quarters[1]) < quarters[2] < quarters[3]
    assert max(quarters[0], quarters[1], quarters[5]) <= 4
    assert 18 <= max(quarters.values()) < 30


def _mention(post):
    return Mention(
        id=post.guid,
        source=post.feed,
        platform="feed",
        author=Author(name=post.author),
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
    page = f"http://f.example/@{quote(post.author)}"
    return Entry(
        guid=post.guid,
        at=BEGIN + post.at,
        language=post.language,
        author=post.author,
        author_page=page,
        title=post.title,
        text=post.text,
        link=f"{page}/{post.guid}",
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
