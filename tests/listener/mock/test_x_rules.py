"""Rules and queries of X: what they find, and what X refuses."""

import pytest

from listener.mock.x_rules import Facts, RuleError, compile_rule

TEXT = "Acme-Air m'a laissé à Orly 😡 #AcmeAirFail @AcmeAir quel scandale"


def fits(rule, text=TEXT, *, lenient=False, **how):
    facts = Facts(**{"text": text, "author": "Anna", "language": "fr", "kinds": frozenset(), **how})
    return compile_rule(rule, lenient=lenient)(facts)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ACME orly", True),
        ("acme paris", False),
        ("acme-air", True),
        ('"air acme"', False),
        ('"laissé à orly"', True),
        ("laisse", False),
        ("acmeair", True),
        ("#acmeairfail", True),
        ("#acmeair", False),
        ("@acmeair -#nothing", True),
        ("@acme", False),
        ("😡", True),
        ("acme -scandale", False),
        ("orly paris OR scandale", True),
        ("orly (paris OR lyon)", False),
        ("from:@anna", True),
        ("from:ben OR acme lang:fr", True),
        ("acme lang:en", False),
        ("acme -is:retweet -is:reply", True),
        ("acme is:quote", False),
    ],
)
def test_a_rule_finds(rule, expected):
    assert fits(rule) is expected


def test_in_a_search_a_word_with_accents_also_finds_one_without():
    assert fits("laissé", "laisse-moi", lenient=True)
    assert not fits("laissé", "laisse-moi")
    assert not fits("laisse", "laissé", lenient=True)
    assert fits("acme is:retweet", kinds=frozenset({"retweet"}))


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("", "input"),
        ("acme AND air", "Ambiguous use of and"),
        ("acme -(air OR orly)", "Negating a group"),
        ("(acme", "missing ')'"),
        ("acme)", "missing EOF"),
        ("acme OR", "input"),
        ('acme "air', "alternative at '\"air'"),
        ("lang:fr", "at least one positive"),
        ("acme OR lang:fr", "at least one positive"),
        ("-acme", "at least one positive"),
        ("acme near:paris", "invalid operator 'near:paris'"),
        ("acme is:nullcast", "invalid operator"),
    ],
)
def test_what_x_refuses_says_why(rule, why):
    with pytest.raises(RuleError, match=why.replace("(", r"\(").replace(")", r"\)")):
        compile_rule(rule)
