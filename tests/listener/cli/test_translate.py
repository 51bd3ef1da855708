import json

import pytest
import typer
from typer.testing import CliRunner, Result

from listener.cli.translate import command

PROGRAM = typer.Typer()
PROGRAM.command()(command)


def run(*args: str, text: str = "") -> Result:
    return CliRunner().invoke(PROGRAM, list(args), input=text)


def test_a_query_is_printed_in_the_words_of_badbuzz() -> None:
    result = run("--from", "x", "acme -is:retweet from:bob")
    assert (0, "acme AND NOT is:repost AND author:bob\n") == (result.exit_code, result.stdout)
    assert "from:bob is written author:bob here" in result.stderr


def test_what_was_lost_is_said_with_its_reason() -> None:
    result = run("--from", "x", "--json", "-", text="acme place_country:FR\n")
    answer = json.loads(result.stdout)
    assert (1, "acme") == (result.exit_code, answer["query"])
    assert [("place_country:FR", 5)] == [(each["written"], each["at"]) for each in answer["lost"]]


def test_what_follows_from_a_loss_is_said() -> None:
    result = run("--from", "brandwatch", "acme NOT (job AND authorGender:F)")
    assert (1, "acme\n") == (result.exit_code, result.stdout)
    assert "and with it NOT (job AND authorGender:F); more is found without it" in result.stderr


@pytest.mark.parametrize(("query", "code"), [("acme (", 2), ("sample:10", 1)])
def test_nothing_is_printed_where_nothing_can_be_looked_for(query: str, code: int) -> None:
    result = run("--from", "x", query)
    assert (code, "") == (result.exit_code, result.stdout)
    assert result.stderr


def test_a_rule_of_x_is_printed_and_said_to_find_more_where_it_does() -> None:
    result = run("--to-x", '("Acme Air" OR @acmeair) -job followers:>=100')
    assert (0, '("Acme Air" OR @acmeair) -job\n') == (result.exit_code, result.stdout)
    assert "never less" in result.stderr
    assert (1, "") == (run("--to-x", "boycott*").exit_code, run("--to-x", "boycott*").stdout)


@pytest.mark.parametrize("asked", [[], ["--from", "x", "--to-x"]])
def test_one_direction_is_asked_for(asked: list[str]) -> None:
    assert 2 == run(*asked, "acme").exit_code
