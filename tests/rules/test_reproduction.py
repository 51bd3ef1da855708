"""How many more posts each draws."""

import pytest

from rules.instant import MINUTE
from rules.reproduction import Post, drawn


def cascade(each, generations, first=1):
    """Every post of a generation draws `each` more ten minutes later."""
    posts = [Post(name=f"0.{n}", at=0) for n in range(first)]
    for generation in range(1, generations):
        above = [post for post in posts if post.at == (generation - 1) * 10 * MINUTE]
        posts += [
            Post(name=f"{post.name}.{n}", at=generation * 10 * MINUTE, about=post.name)
            for post in above
            for n in range(each)
        ]
    return posts


@pytest.mark.parametrize(("each", "generations", "first"), [(1, 6, 5), (2, 6, 1), (3, 4, 2)])
def test_it_is_known_how_many_more_each_draws(each, generations, first):
    found = drawn(cascade(each, generations, first))
    assert found is not None
    assert found.each == pytest.approx(each)


def test_nothing_is_said_of_few_answers_or_of_answers_to_what_was_not_heard():
    assert drawn([]) is None
    assert drawn(cascade(1, 5)) is None
    assert drawn([Post(name=str(n), at=n * MINUTE, about="elsewhere") for n in range(50)]) is None
