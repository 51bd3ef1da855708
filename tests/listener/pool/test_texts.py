"""What a worker makes of mentions is what the daemon's own classifier makes of them, to the last field."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from listener.pool.texts import answerer, answers, first_part, part, question
from rules.classify import BrandTerms, Classifier
from rules.live import Live
from rules.mention import Author, Mention
from rules.packs.own import ToneWords
from rules.query.compiled import compile_query
from tests.rules.query.test_index import TEXTS, TIGHT

NOW = datetime(2026, 11, 19, 12, 30, 1, 5, tzinfo=UTC)
SPRING, AUTUMN = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
LIVE = Live(query=compile_query("#live"), since=SPRING, until=AUTUMN)
BRANDS = {
    "acme": BrandTerms(
        query=compile_query('(acme OR "acme air" OR @acmeair OR #acme*) -job'),
        languages=("fr", "en"),
        own_accounts=("@acmeair",),
        keywords={"recall": ("boycott*", "fuite de données"), "strike": ("grève",)},
        tone=ToneWords(negative=("en retard",), positive=("à l'heure",)),
        terms=True,
    ),
    "beta": BrandTerms(query=compile_query("beta lang:fr"), languages=("nl",)),
    "gamma": BrandTerms(
        query=compile_query("gamma"),
        live=(
            Live(
                query=compile_query("#live"),
                since=datetime(2026, 3, 1, tzinfo=UTC),
                until=datetime(2026, 9, 1, tzinfo=UTC),
            ),
        ),
        terms=True,
    ),
}
SAYING = """
Acme acme @acmeair #acmeair beta Beta gamma #live boycotter grève fuite de données nul affreux hate love not
« » ' , . ! 😀 ÉTÉ job en retard à l'heure the is c'est pas
"""
WORDS = st.lists(st.sampled_from(SAYING.split()), max_size=12).map(" ".join)
TEXT = WORDS | TEXTS | TIGHT | st.text(st.characters(codec="utf-8"))
SAID = st.builds(
    Mention,
    id=st.just("1"),
    source=st.just("sky"),
    platform=st.just("bluesky"),
    op=st.sampled_from(["create", "update"]),
    kind=st.sampled_from(["post", "repost"]),
    text=TEXT,
    title=st.none() | TEXT,
    language=st.none() | st.sampled_from(["fr", "en", "nl", "ja"]),
    author=st.builds(Author, handle=st.sampled_from([None, "@acmeair", "@else"])),
    created_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    observed_at=st.datetimes(timezones=st.just(UTC)),
    counts=st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers(0, 2**53) | st.floats(0, 1e9)),
)


def plain(found):
    return [(each.match.spans, msgspec.structs.replace(each, match=None)) for each in found]


@given(st.lists(SAID, max_size=5))
def test_a_worker_answers_what_the_classifier_of_the_daemon_finds(mentions):
    worker = answerer([first_part("built-in"), *(part(name, terms) for name, terms in BRANDS.items())])
    ours = Classifier(BRANDS)
    told = answers(worker(question(mentions)))
    assert [plain(ours.by_words(each)) for each in mentions] == [plain(each) for each in told]
    for mention, found in zip(mentions, told, strict=True):
        assert plain(ours.classify(mention)) == plain(ours.heard(found, mention))


def test_what_a_worker_found_is_remembered_for_what_says_the_same():
    brands = {"acme": BRANDS["acme"], "gamma": BRANDS["gamma"]}
    ours = Classifier({"acme": BrandTerms(query=compile_query("acme"))}, remembered=10)
    said = Mention(id="1", source="sky", platform="bluesky", text="acme est nul", observed_at=NOW)
    words = ours.sameness(said)
    assert ours.recall(words) is None
    found = Classifier(brands).by_words(said)
    ours.remember(said, found)
    again = msgspec.structs.replace(said, id="2", observed_at=NOW + timedelta(hours=1))
    assert words == ours.sameness(again)
    assert plain(found) == plain(ours.recall(words))
