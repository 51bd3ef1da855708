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
    assert "2: no match; acme missing, job missing" in result.stderr


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
