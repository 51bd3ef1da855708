from dataclasses import dataclass, field

import msgspec
import pytest

from rules.classify import BrandTerms, Classifier
from rules.engine import Engine
from rules.inputs import Missed
from rules.query.compiled import compile_query
from rules.series import MOST_SERIES
from tests.rules.test_classify import mention
from tests.rules.worlds import configured, fold, heard, plan

HOUR, DAY = 60, 24 * 60
RULE = {"kind": "new_term", "at_least": {"posts": 5, "authors": 4}}
LISTENING = Classifier({"acme": BrandTerms(query=compile_query("acme OR acmeair*"), languages=("fr",), terms=True)})


@dataclass
class Said:
    """Complaints on delays, three a day for five days, and then what the test says."""

    log: list = field(default_factory=lambda: [configured(plan(new=RULE))])

    def __post_init__(self):
        self.say(15, ("retard",), since=0, every=8 * HOUR)

    def say(self, count, terms, *, since=5 * DAY, every=1, **changes):
        first = len(self.log)
        self.log += [heard(first + n, since + n * every, terms=terms, **changes) for n in range(count)]


def opened(log, until=5 * DAY + 3 * HOUR):
    return [step for step in fold(log, until=until) if step.state == "open"]


def test_a_word_that_is_new_is_named_with_what_was_said_of_it_alone():
    said = Said()
    said.say(4, ("retard", "panne"))
    said.say(6, ("listeria", "retard"), since=5 * DAY + 6)
    (step,) = opened(said.log)
    assert {"listeria": 5} == step.evidence.words
    assert ("term:listeria", "feed:20") == (step.evidence.of, step.evidence.mentions["first"])
    assert "'listeria'" in step.reasons[0]


def test_it_is_told_within_ten_seconds_though_the_minute_began_in_peace():
    said = Said()
    said.say(6, ("listeria",), since=5 * DAY + 5 / 60, every=5 / 60)
    (step,) = opened(said.log)
    assert heard(0, 5 * DAY + 30 / 60).at == step.at


@pytest.mark.parametrize(
    "changes",
    [
        {"terms": ("retard",)},
        {"terms": ("listeria",), "author": "ann"},
        {"terms": ("listeria",), "label": "neutral"},
        {"terms": ("listeria",), "every": 30},
        {"terms": ("listeria",), "since": 2 * DAY},
    ],
    ids=["known", "one author", "not negative", "slowly", "too early"],
)
def test_no_other_word_is_told(changes):
    said = Said()
    said.log = [entry for entry in said.log if entry.at < heard(0, changes.get("since", 5 * DAY)).at]
    said.say(8, **changes)
    assert [] == opened(said.log)


def test_what_was_told_is_not_new_again_the_next_day():
    said = Said()
    said.say(6, ("listeria",))
    said.say(6, ("listeria",), since=6 * DAY)
    assert 1 == len(opened(said.log, until=7 * DAY))


def test_minutes_that_were_not_learnt_are_no_part_of_what_was_before():
    said = Said()
    said.say(4, ("panne",), since=4 * DAY + 18 * HOUR, every=HOUR)
    said.say(4, ("panne",), since=5 * DAY)
    said.log.append(Missed(at=heard(0, 5 * DAY + 9).at, source="press", since=heard(0, 5 * DAY).at))
    said.say(1, ("panne",), since=5 * DAY + 50)
    assert [] == opened(said.log)  # 5 now, 4 in the days before: not five times as many


@pytest.mark.parametrize(("days", "told"), [(2.5, 0), (3.5, 1)])
def test_a_rule_that_came_later_waits_for_three_days_of_its_own(days, told):
    said = Said()
    said.log = [configured(plan(bad={"kind": "spike"})), *said.log[1:]]
    late = configured(plan(new=RULE), heard(0, 5 * DAY).at)
    said.log = sorted([*said.log, late], key=lambda entry: entry.at)
    said.say(6, ("listeria",), since=int((5 + days) * DAY))
    assert told == len(opened(said.log, until=9 * DAY))


def test_a_restart_changes_nothing():
    said = Said()
    said.say(8, ("#boycott", "retard"))
    whole = fold(said.log, until=6 * DAY)
    assert ["open", "resolved"] == [step.state for step in whole]
    for cut in range(0, len(said.log), 3):
        engine = Engine("acme")
        steps = [step for entry in said.log[:cut] for step in engine.apply(entry)]
        steps += fold(said.log[cut:], engine=Engine("acme", engine.dump()), until=6 * DAY)
        assert whole == steps


def test_many_words_make_room_for_each_other_and_not_for_what_many_say():
    said = Said()
    said.say(5, ("#boycott",), every=0)
    for number in range(MOST_SERIES // 4):
        said.say(1, tuple(f"w{number}{letter}" for letter in "abcdefgh"), since=5 * DAY + 1)
    engine = Engine("acme")
    (step,) = fold(said.log, engine=engine, until=5 * DAY + 2)
    assert {"#boycott": 5} == step.evidence.words
    assert MOST_SERIES >= len(msgspec.json.decode(engine.dump())["counts"]["bins"])


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Acme, une honte : intoxication à la listeria ! #BoycottAcme", ("#boycottacme", "intoxication", "listeria")),
        ("Acme @AcmeAir arnaque arnaque https://example.org/arnaque", ("arnaque",)),
        ("Acme " + "#nul" * 30 + " scandale", ("scandale",)),
        ("Merci Acme, super intervention", ()),
    ],
)
def test_the_words_that_tell_something_are_kept_of_complaints(text, terms):
    (found,) = LISTENING.classify(mention(text))
    assert found.terms[: len(terms)] == terms
    assert len(found.terms) <= (8 if terms else 0)


def test_a_new_word_is_explained_beside_how_often_each_was_said_before():
    said, engine = Said(), Engine("acme")
    said.say(5, ("listeria", "retard"), since=5 * DAY + 6)
    steps = [step for entry in said.log for step in engine.apply(entry)] + engine.settle()
    assert [] == steps  # it is judged on the grid
    (why,) = engine.explain(at := said.log[-1].at)
    new, known = why.account.terms
    assert ("listeria", 5, 5, 0) == msgspec.structs.astuple(new)
    assert ("retard", 5) == (known.term, known.count)
    assert 10 < known.before < 15
    assert why.opens
    assert why.verdict == engine.judge(at)["new"]
