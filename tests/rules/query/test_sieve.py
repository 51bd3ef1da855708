"""What a sieve lets through."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.mention import Author, Mention
from rules.query.compiled import compile_query
from rules.query.index import index_of
from rules.query.laying import APART, laid, signs
from rules.query.sieve import Sieve
from rules.query.words import unmasked
from rules.text import LONGEST, fold_whole
from tests.rules.query.test_index import QUERIES, TEXTS, TIGHT, compiled, true_of

BARE = Mention(
    id="",
    source="sky",
    platform="bluesky",
    url="https://bsky.app/profile/x/post/y",
    observed_at=datetime(2026, 11, 19, 12, tzinfo=UTC),
)
SAID = st.builds(
    Mention,
    id=st.just("1"),
    source=st.just(BARE.source),
    platform=st.just(BARE.platform),
    url=st.just(BARE.url),
    observed_at=st.just(BARE.observed_at),
    kind=st.sampled_from(["post", "reply"]),
    text=TEXTS | TIGHT | st.text(),
    title=st.none() | TEXTS | st.text(min_size=1),
    author=st.builds(
        Author,
        id=st.sampled_from(["did:plc:a", "beta"]),
        handle=st.sampled_from([None, "acme.bsky.social", "@Acme", "other.example"]),
    ),
)


def sieve_of(*queries: str) -> Sieve:
    return Sieve(index_of({query: compile_query(query) for query in queries}), BARE)


def written(mention: Mention) -> str:
    return "\n".join(filter(None, (mention.text, mention.title)))


ODD = st.text(st.sampled_from("aé\xff\u0100ж日…😡\ud800 "))


@given(ODD, ODD)
def test_what_is_in_latin_1_is_its_own_sign_and_all_else_two_wherever_it_stands(one: str, other: str) -> None:
    assert signs(one + other) == signs(one) + signs(other)
    assert all(signs(each) == each if each <= "\xff" else len(signs(each)) == 2 for each in one)


@given(st.lists(QUERIES, min_size=1, max_size=5), st.lists(SAID, max_size=6))
def test_a_sieve_lets_through_all_that_concerns_somebody(texts: list[str], said: list[Mention]) -> None:
    queries = {text: query for text in texts if (query := compiled(text))}
    sieve = Sieve(index_of(queries), BARE)
    places = sieve.places(list(map(written, said)))
    for number, mention in enumerate(said):
        heard = sieve.open or number in places or sieve.knows(mention.author.id or "", mention.author.handle)
        assert heard or not true_of(queries, mention)
        assert sieve.lets(mention) or not true_of(queries, mention)


def test_many_texts_at_once_are_told_apart() -> None:
    texts = [f"nothing {number} to see" for number in range(1_000)]
    texts[0], texts[250], texts[251], texts[999] = "Acmé!", "the acme", "acmex, b0yc0tt", "😡 #BoycottAcme"
    texts[500] = "they boycot"
    assert sieve_of("acme", "boycott~1").places(texts) == {0, 250, 500, 999}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("acme", "😡acme"),
        ("acme", "東京acme東京"),
        ("acme", "\u0430cme, \u0416\u0418\u0417\u041d\u042c"),
        ("acme", "жизнь \u0430\u0441me"),
        ("acme", "ac\u00adme"),
        ("acme", "a\u0301c\u200bme"),
        ("acme", "ACM\u00c9\u2026"),
        ("acme", "x\x1eacme\x1ey"),
        ("acme", "\x86acme\x87"),
        ("strasse", "Straße"),
        ("oeuvre", "\u0152UVRE"),
        ("thaes", "\u00de\u00c6s"),
        ("сбер", "(Сбер)"),
        ("東京", "私は東京にいる"),
        ("😡", "non😡"),
        ("boycott~1", "boycoft😡"),
        ("µtorrent", "\u03bcTorrent"),
        ('raw:"§12"', "le §12"),
    ],
)
def test_a_text_is_heard_however_it_is_written(query: str, text: str) -> None:
    assert compile_query(query).match(msgspec.structs.replace(BARE, text=text))
    assert sieve_of(query).places(["nothing", text, "\x1e", text]) == {1, 3}


def test_what_lacks_something_that_its_query_needs_is_passed_by() -> None:
    sieve = sieve_of("acme (strike OR boycott) -jobs", '"acme beta gamma"')
    said = ["acme", "a strike at acme", "a strike", "acme beta", "acme beta, gamma jobs"]
    assert sieve.places(said) == {1, 4}


@given(st.lists(st.text() | TEXTS | st.text(alphabet="aà😡ж\u00ad\x1e\u0430É ½"), max_size=6))
def test_texts_are_laid_as_they_are_folded(texts: list[str]) -> None:
    plain = [text.replace(APART, " ") for text in texts]
    assert laid(texts) == f"{APART} ".join(signs(fold_whole(unmasked(text))) for text in plain)


def test_a_text_that_is_cut_in_a_word_may_be_read_otherwise_at_its_end() -> None:
    text = f"{'x ' * (LONGEST // 2 - 2)}acmeair"
    assert true_of({"acme": compile_query("acme")}, msgspec.structs.replace(BARE, text=text))
    assert sieve_of("acme").places(["nothing", text]) == {1}


def test_what_somebody_may_be_told_by_more_than_words_opens_it() -> None:
    assert not sieve_of("acme", "acme lang:fr", "author:acme").open
    assert not sieve_of("site:acme.example OR acme").open
    assert sieve_of("acme", "lang:fr is:reply").open
    assert sieve_of("site:bsky.app").open
    assert sieve_of("source:bluesky").open
    assert sieve_of("thread:1234").open


def test_authors_who_are_asked_for_are_known_by_id_and_handle() -> None:
    sieve = sieve_of('author:(acme OR "did:plc:abc")', "author:beta.example rappel")
    assert sieve.knows("did:plc:abc", None)
    assert sieve.knows("did:plc:x", "acme.bsky.social")
    assert not sieve.knows("did:plc:x", "other.example")
    assert not sieve_of("acme").knows("did:plc:abc", "acme")
