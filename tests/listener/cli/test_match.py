from functools import partial

import pytest

from listener.cli.match import command
from tests.listener.cli.piped import answers, piped

run = partial(piped, command)


def test_what_matches_comes_back_as_it_came_with_its_places() -> None:
    entries = [
        {"id": 1, "text": "L’Acme", "url": "u"},
        {"id": 2, "text": "rien"},
        {"id": 3, "title": "Acme", "text": ""},
    ]
    result = run(entries, "acme OR #acme")
    expected = [
        {**entries[0], "spans": [{"field": "text", "start": 2, "end": 6, "term": "acme"}]},
        {**entries[2], "spans": [{"field": "title", "start": 0, "end": 4, "term": "acme"}]},
    ]
    assert (0, expected) == (result.exit_code, answers(result))


def test_why_tells_which_terms_were_found() -> None:
    result = run([{"id": 1, "text": "acme"}, {"id": 2, "text": "air"}], "acme -job", "--why")
    assert [{"acme": True, "job": False}] == [answer["why"] for answer in answers(result)]
    explained = ["2: no match", "  no  (acme AND NOT job)", "    no  acme: stands nowhere", "    yes NOT job"]
    assert explained == result.stderr.splitlines()[:4]


def test_filters_are_asked_of_the_whole_mention() -> None:
    entries = [
        {"id": 1, "text": "acme is late", "language": "en", "author": {"handle": "bob", "followers": 12}},
        {"id": 2, "text": "acme is late", "language": "fr", "author": {"handle": "bob"}},
        {"id": 3, "text": "acme is late", "author": {"followers": "many"}},
    ]
    result = run(entries, "acme lang:en followers:>=10 (late NEAR/0 acme OR author:bob)", "--why")
    assert [1] == [answer["id"] for answer in answers(result)]
    assert "    no  lang:en: it is fr" in result.stderr.splitlines()
    assert "    no  followers:>=10: nothing is known of that" in result.stderr.splitlines()
    assert "      no  (late NEAR/0 acme): 1 word apart" in result.stderr.splitlines()
    assert "3: only its words are looked at" in result.stderr


def test_the_tone_is_asked_for_where_it_decides() -> None:
    entries = [
        {"id": 1, "text": "acme is horrible and awful", "language": "en"},
        {"id": 2, "text": "acme is wonderful"},
    ]
    assert [1] == [answer["id"] for answer in answers(run(entries, "acme sentiment:negative"))]


def test_a_bad_line_is_said_and_skipped() -> None:
    result = run(["{", {"id": 1, "text": "acme"}, "", "[]", {"id": 2}], "acme")
    assert (1, [1]) == (result.exit_code, [answer["id"] for answer in answers(result)])
    assert ["line 1", "line 4", "line 5"] == [line.split(":")[0] for line in result.stderr.splitlines()]


def test_a_line_without_id_is_a_bad_one() -> None:
    result = run([{"text": "acme"}, {"id": None, "text": "acme"}], "acme")
    assert (1, [None]) == (result.exit_code, [answer["id"] for answer in answers(result)])
    assert "line 1: no `id`\n" == result.stderr


@pytest.mark.parametrize("query", ["acme (", "-acme", ""])
def test_a_bad_query_is_a_usage_error(query: str) -> None:
    result = run([], "--", query)
    assert 2 == result.exit_code
    assert "error: " in result.stderr


def test_doubts_about_a_query_are_said() -> None:
    assert "warning: AND and OR are mixed" in run([], "a b OR c").stderr
