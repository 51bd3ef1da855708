import pytest

from rules.query.native import LONGEST_X_RULE, Asked, authors, hashtags, languages, words, x_rule
from rules.query.reading import read


@pytest.mark.parametrize(
    ("query", "tags"),
    [
        ("#acme", Asked(("acme",), whole=True)),
        ("#Acmé OR #acmeair", Asked(("acme", "acmeair"), whole=True)),
        ("acme OR #acmeair", Asked(("acmeair",), whole=False)),
        ("(acme OR #acmeair) AND #panne", Asked(("panne",), whole=True)),
        ("acme -#job", Asked((), whole=False)),
        ("acme NEAR #late", Asked(("late",), whole=True)),
        ("#acme*", Asked((), whole=False)),
    ],
)
def test_the_hashtags_of_a_query(query: str, tags: Asked) -> None:
    assert tags == hashtags(read(query).root)


def test_languages_authors_and_words_that_alone_will_do() -> None:
    root = read('("Acme Air" OR @acmeair) lang:(fr OR en) -lang:de author:did:plc:x').root
    assert Asked(("fr", "en"), whole=True) == languages(root)
    assert Asked(("did:plc:x",), whole=True) == authors(root)
    assert Asked(("acme air", "acmeair"), whole=True) == words(root)
    assert not words(read("acme OR boycott*").root).whole
    assert not authors(read('author:("did:plc:x" OR je*) acme').root).whole


@pytest.mark.parametrize(
    ("query", "rule", "exact"),
    [
        ('("Acme Air" OR @acmeair) -job', '("Acme Air" OR @acmeair) -job', True),
        ("acme lang:fr -is:repost author:bob", "acme lang:fr -is:retweet from:bob", True),
        ("acme NOT (job OR stage)", "acme (-job -stage)", True),
        ("acme NOT (job stage)", "acme", False),
        ("acme NEAR/3 late", "acme late", False),
        ("acme followers:>=10", "acme", False),
        ("title:acme", "acme", False),
        ("Acmé", "Acmé", False),
    ],
)
def test_a_rule_of_x_finds_what_the_query_finds(query: str, rule: str, *, exact: bool) -> None:
    assert (rule, exact) == x_rule(read(query).root)


@pytest.mark.parametrize("query", ["followers:>=10", "acme OR boycott*", " OR ".join(f"acme{at}" for at in range(200))])
def test_what_x_cannot_look_for_has_no_rule(query: str) -> None:
    assert x_rule(read(query).root) is None


def test_the_longest_rule_of_x_is_kept_to() -> None:
    found = x_rule(read(" OR ".join(f"acme{at}" for at in range(80))).root)
    assert found
    assert len(found.value) <= LONGEST_X_RULE
