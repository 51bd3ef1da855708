"""Filters that could never hold are refused with the way out; what is asked in another spelling is found."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from rules.mention import Author, Mention
from rules.query.compiled import Query, compile_query
from rules.query.errors import QueryError
from rules.query.reading import read

UNREAD = "that is not read from any source: leave it out, or write one of {}"


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("followers:10..5", "the smaller number stands first: 5..10"),
        ("followers:10k..5k", "the smaller number stands first: 5k..10k"),
        ("followers:<0", "nothing is below 0"),
        ("followers:many", "such as >=5000, <10k or 1000..5000"),
        ("confidence:>80", "from 0 to 1, such as >0.8"),
        ("confidence:>1", "from 0 to 1, such as >0.8"),
        ("confidence:2..3", "from 0 to 1, such as >0.8"),
        ("lang:fra", "write lang:fr"),
        ("lang:french", "write lang:fr"),
        ('lang:"français"', "write lang:fr"),
        ("lang:fr-CA", "write lang:fr"),
        ("lang:iw", "write lang:he"),
        ("lang:xx", "two letters, such as lang:fr"),
        ("lang:und", "two letters, such as lang:fr"),
        ("country:usa", "write country:us"),
        ("country:FRA", "write country:fr"),
        ("country:france", "write country:fr"),
        ('country:"Côte d\'Ivoire"', "write country:ci"),
        ("country:xx", "two letters, such as country:fr"),
        ("site:lemonde", "such as example.org or example.org/news"),
        ("site:.fr", "such as example.org or example.org/news, or write country:fr"),
        ("site:*.lemonde.fr", "leave * out: all that lies below is meant as well"),
        ("site:lemonde.fr/eco/*", "leave * out: all that lies below is meant as well"),
        ("link:lemonde.fr/?id=3", "leave out what begins with ? or #: it is not compared"),
        ('url:"*incident*"', "leave * out: it is looked for anywhere in the address"),
        ('author:""', "such as author:acme"),
        ('author:"@"', "such as author:acme"),
        ('to:" "', "such as to:acme"),
        ('source:""', "such as source:acme"),
        ('url:""', "such as url:word"),
        ('thread:" "', "such as thread:ID"),
        ("author:*", "* stands only at the end of a name, such as acme*"),
        ("author:a*e", "* stands only at the end of a name, such as acme*"),
        ("after:2026-02-30", "such as 2026-11-30 or 2026-11-30T18:00"),
        ("before:yesterday", "such as 2026-11-30 or 2026-11-30T18:00"),
        ("hour:24", "from 0 to 23, such as 9..18"),
        ("hour:9..25", "from 0 to 23, such as 9..18"),
        ("dow:someday", "such as mon..fri or lun..ven"),
        ("is:retweet", "write is:repost"),
        ("has:links", "write has:link"),
        ("has:video", "write is:video"),
        ("has:image", UNREAD.format("link, hashtag, handle, cashtag, emoji, number, question")),
        (
            "is:verified",
            UNREAD.format("post, comment, reply, repost, quote, review, article, video, question"),
        ),
    ],
)
def test_a_filter_that_never_holds_is_refused_with_the_way_out(written: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_query(f"acme {written}")
    assert (5, hint) == (caught.value.position, caught.value.hint)


@pytest.mark.parametrize(
    ("written", "at"),
    [('author:"a b"~5', 7), ('author:(b OR +"a")', 13), ('url:++"a b"', 4), ('raw:"a b"~2', 4), ('raw:+"a"', 4)],
)
def test_a_value_is_no_word_that_may_differ(written: str, at: int) -> None:
    with pytest.raises(QueryError, match=r"takes no \+ and no ~") as refused:
        compile_query(f"acme {written}")
    assert refused.value.position == len("acme ") + at


@pytest.mark.parametrize("written", ["before:0001-01-01", "after:9999-12-31T23:59"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_a_moment_beyond_all_calendars_is_no_crash(written: str, zone: str) -> None:
    with suppress(QueryError):
        assert read(f"acme {written}", zone=ZoneInfo(zone)).root


@pytest.mark.parametrize(("written", "why"), [("bio:chef", "what authors say of themselves"), ("place:x", "where")])
def test_a_field_that_nothing_fills_says_so(written: str, why: str) -> None:
    with pytest.raises(QueryError, match=rf"{why}.* is not read from any source \(leave it out\)"):
        compile_query(f"acme {written}")


AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("site:xn--caf-dma.example", {"url": "https://café.example/a"}),
        ("site:café.example", {"url": "https://xn--caf-dma.example/a"}),
        ("site:LeMonde.fr/économie", {"url": "https://www.lemonde.fr/%C3%A9conomie/1"}),
        ("link:https://www.lemonde.fr/a/", {"text": "voir https://lemonde.fr/a/b"}),
        ("country:uk", {"language": "en-GB"}),
        ("country:gb", {"url": "https://bbc.co.uk/a"}),
        ("lang:he", {"language": "iw"}),
        ("lang:sv", {"language": "swe"}),
        ("confidence:0.3..0.5 OR acme", {"text": "acme"}),
        ("author:@Acme", {"author": Author(handle="acme")}),
        ("followers:0..0", {"author": Author(followers=0)}),
    ],
)
def test_what_is_the_same_in_other_letters_is_found(query: str, told: dict[str, object]) -> None:
    mention = Mention(**{"id": "1", "source": "s", "platform": "file", "observed_at": AT, **told})
    assert Query(read(query).root, ()).match(mention)
