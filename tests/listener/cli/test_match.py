from functools import partial
from pathlib import Path

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
    told = [{"part": "acme", "at": 0, "holds": True}, {"part": "job", "at": 6, "holds": False}]
    assert [told] == [answer["why"] for answer in answers(result)]
    explained = ["2: no match", "  no  (acme AND NOT job)", "    no  acme: stands nowhere", "    yes NOT job"]
    assert explained == result.stderr.splitlines()[:4]


def test_why_tells_what_nearly_holds() -> None:
    result = run([{"id": 1, "text": "une orange, sans fibre"}], "++Orange (fibre ONEAR/9 orange)", "--why")
    explained = [
        "    no  ++Orange: stands only in other letters, at text 4",
        "    no  (fibre ONEAR/9 orange): stands only the other way round",
    ]
    assert explained == [line for line in result.stderr.splitlines() if "only" in line]


def test_why_tells_parts_that_are_written_alike_apart() -> None:
    (answer,) = answers(run([{"id": 1, "title": "acme", "text": "air"}], "title:acme OR text:acme", "--why"))
    assert [("acme", 6, "title", True), ("acme", 19, "text", False)] == [tuple(each.values()) for each in answer["why"]]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "badbuzz.yaml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    return path


CONFIGURATION = """
daemon: {time_zone: Europe/Paris}
operator: {to: [here]}
lists: {rivals: [beta, gamma]}
brands:
  acme: {query: 'acme -@list(rivals)', own_accounts: ["@acmeair"], languages: [fr]}
  other: {query: other}
sources: {few: {kind: file, path: few.jsonl}}
rules: {bad-buzz: {kind: spike}}
channels: {here: {kind: console}}
routes: [{to: [here]}]
"""


def test_a_query_knows_the_lists_and_the_hours_of_a_configuration(config: Path) -> None:
    said = {"text": "acme", "created_at": "2025-11-26T08:30:00Z"}
    entries = [{"id": 1, **said}, {"id": 2, **said, "title": "gamma"}]
    result = run(entries, "acme -@list(rivals) hour:9..9", "--config", str(config))
    assert [1] == [answer["id"] for answer in answers(result)]
    assert "there is no list 'rivals'" in run(entries, "acme @list(rivals)").stderr


def test_a_brand_is_asked_for_its_own_query_and_knows_its_accounts(config: Path) -> None:
    entries = [
        {"id": 1, "text": "acme est en retard"},
        {"id": 2, "text": "acme et beta"},
        {"id": 3, "text": "acme", "author": {"handle": "acmeair"}},
    ]
    found = answers(run(entries, "--config", str(config), "--brand", "acme"))
    assert [(1, None), (3, True)] == [(each["id"], each.get("own")) for each in found]
    tried = answers(run(entries, "@list(rivals)", "--config", str(config), "--brand", "acme"))
    assert [2] == [each["id"] for each in tried]


def test_what_is_asked_must_be_said(config: Path) -> None:
    for args, said in (
        ((), "write a query, or name a brand"),
        (("--config", str(config)), "say which brand"),
        (("--config", str(config), "--brand", "acne"), "there is no brand acne"),
        (("acme", "--config", str(config.with_name("no.yaml"))), "cannot read"),
    ):
        result = run([], *args)
        assert (2, True) == (result.exit_code, said in " ".join(result.stderr.split())), result.stderr


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


def test_a_mention_is_of_the_thread_that_it_begins() -> None:
    entries = [{"id": 42, "text": "acme"}, {"id": "7", "text": "acme"}, {"id": "", "text": "acme", "parent_id": "42"}]
    assert [42, ""] == [answer["id"] for answer in answers(run(entries, "acme thread:42"))]
