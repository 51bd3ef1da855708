from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.query.naive import case


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_a_query_is_true_of_what_its_operators_are_defined_to_mean(random: Random) -> None:
    _, difference = case(random).tried()
    assert not difference
