import pytest

from rules.query.native import Asked, authors, hashtags, languages, words
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
