"""All queries in one index."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.mention import Author, Mention
from rules.query.compiled import Query, compile_query
from rules.query.content import Content
from rules.query.errors import QueryError
from rules.query.index import Index, index_of

WORDS = [
    "acme",
    "Acmé",
    "acmes",
    "beta",
    "bêta",
    "rappel",
    "東京",
    "C++",
    "école",
    "3,14",
    "cheval",
    "😡",
    "œuvre",
    "a",
]
ATOMS = [
    *WORDS,
    *("#acme", "#BoycottAcme", "@acme", "@acme@fedi.example", "$acme", "acm*", "#boyc*", "éco*", "bet?", "boyc?tt*"),
    *("boycott~1", "rappels~1", "conference~2", "#boycott~1", '"acme beta"', '"rappel de produit"~2', '"boycott acme"'),
    *('+"Acmé"', '++"Acmé"', 'raw:"C++"', "raw:cme", 'plural:"cheval"', 'plural:"rappels"', '"東京"', "plural:journal"),
    *(
        "author:acme",
        "author:(beta OR ac*)",
        "site:acme.example",
        "site:acme.example/news",
        "source:said",
        "source:fi*",
    ),
    *("lang:fr", "is:reply", "has:link", "followers:>5", "title:acme", "text:(acme OR beta)", "link:acme.example"),
    *("acme NEAR/2 beta", "(acme OR bet?) ONEAR/3 rappel", "acme SENTENCE beta", "ATLEAST/2 acme", "to:acme"),
]
SAID = [
    *WORDS,
    *("#acme", "#BoycottAcme", "#boycottacmé", "@Acme", "@acme@fedi.example", "@acme.bsky.social", "$ACME", "acmeair"),
    *(
        "boycot",
        "boycotts",
        "boyycott",
        "#BoycotsAcme",
        "konference",
        "l'Acme",
        "d’Acmé",
        "acme-beta",
        "wi_acme",
        "C++",
    ),
    *(
        "xacme",
        "acmex",
        "chevaux",
        "journaux",
        "rappels",
        "RAPPEL DE PRODUIT",
        "私は東京にいる",
        "ac\u200bme",
        "аcme",
        "beta.",
    ),
    *(
        "https://acme.example/acme",
        "acme.fr",
        "acmé/bêta",
        "de",
        "produit",
        "ACME²",
        "ﬁacme",
        "acme東京",
        "boycot৴acme",
        "\n",
        ".",
        "B.eta",
    ),
]
QUERIES = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" ", " OR ", " -", " AND "]), inner).map(lambda each: f"({''.join(each)})"),
    ),
    max_leaves=6,
)
TEXTS = st.lists(st.sampled_from(SAID), max_size=8).map(" ".join)
TIGHT = st.lists(st.sampled_from(SAID), max_size=4).map("".join)
MENTIONS = st.builds(
    Mention,
    id=st.just("1"),
    source=st.sampled_from(["said", "heard"]),
    platform=st.sampled_from(["file", "x"]),
    observed_at=st.just(datetime(2026, 11, 19, 12, tzinfo=UTC)),
    kind=st.sampled_from(["post", "reply"]),
    text=TEXTS | TIGHT,
    title=st.none() | TEXTS,
    language=st.sampled_from([None, "fr"]),
    url=st.sampled_from(
        [None, "https://www.acme.example/news/1", "https://news.acme.example", "https://other.example"]
    ),
    author=st.builds(
        Author,
        handle=st.sampled_from([None, "@Acme", "acme.bsky.social", "acme@fedi.example", "beta"]),
        name=st.sampled_from([None, "Acmé"]),
        followers=st.sampled_from([None, 9]),
    ),
)


def compiled(text: str) -> Query | None:
    try:
        return compile_query(text)
    except QueryError:
        return None


def true_of(queries: dict[str, Query], mention: Mention) -> list[str]:
    return [name for name, query in queries.items() if query.match(mention)]


def told(index: Index, queries: dict[str, Query], mention: Mention) -> list[str]:
    content = Content(mention)
    return [name for name in index.candidates(content) if queries[name].find(content)]


KNOWN = {text: query for text in ATOMS if (query := compiled(text))}
INDEX = index_of(KNOWN)


@given(st.lists(QUERIES, min_size=1, max_size=5), MENTIONS)
def test_an_index_never_misses_what_a_query_finds(texts: list[str], mention: Mention) -> None:
    queries = {text: query for text in texts if (query := compiled(text))}
    assert told(index_of(queries), queries, mention) == true_of(queries, mention)
    assert told(INDEX, KNOWN, mention) == true_of(KNOWN, mention)


@given(st.lists(st.lists(st.sampled_from(sorted(KNOWN)), unique=True, max_size=6), min_size=2, max_size=4), MENTIONS)
def test_a_changed_index_tells_what_a_new_one_does(sets: list[list[str]], mention: Mention) -> None:
    index = index_of({})
    for names in sets:
        queries = {name: KNOWN[name] for name in names}
        index = index.changed(queries)
        assert told(index, queries, mention) == told(index.merged(), queries, mention) == true_of(queries, mention)


@pytest.mark.parametrize("text", ["boycot৴acmes", "৴boycotts৴", "rappel de boyc\u0b72boycots"])
def test_a_word_between_signs_that_count_as_numbers_may_be_misspelt(text: str) -> None:
    queries = {"boycott~1": compile_query("boycott~1")}
    mention = Mention(id="1", source="said", platform="file", text=text, observed_at=datetime(2026, 11, 19, tzinfo=UTC))
    assert told(index_of(queries), queries, mention) == true_of(queries, mention) == ["boycott~1"]
