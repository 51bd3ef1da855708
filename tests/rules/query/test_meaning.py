"""A translated query means what it meant: what each tool documents of its operators, said as plainly as possible, is
held against what comes out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.mention import Author, Mention
from rules.query.compiled import compile_query
from rules.query.dialects import translate

AT = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("alpha", "beta", "gamma", "delta")


@dataclass(frozen=True)
class Post:
    words: tuple[str, ...]
    language: str
    is_repost: bool
    followers: int
    unread: bool
    """Whether what only the other tool knows of it is so."""

    def mention(self) -> Mention:
        kind = "repost" if self.is_repost else "post"
        return Mention(
            id="1", source="s", platform="file", observed_at=AT, text=" ".join(self.words), language=self.language,
            kind=kind, author=Author(followers=self.followers),
        )  # fmt: skip


class Tool(NamedTuple):
    """How a tool writes what."""

    together: str
    without: str
    near: Callable[[int, bool], str] | None
    fields: dict[str, str]


TOOLS = {
    "brandwatch": Tool(
        " AND ", "NOT ", lambda words, ordered: f"NEAR/{words}{'f' if ordered else ''}",
        {
            "french": "language:french", "repost": "engagementType:RETWEET", "large": "authorFollowers:[100 TO *]",
            "unread": "authorGender:F", "french or unread": "language:(fr OR martian)",
        },
    ),
    "meltwater": Tool(
        " and ", "not ", lambda words, ordered: f"{'o' if ordered else ''}near/{words}",
        {
            "french": 'language:"French"', "repost": "is:retweet", "unread": "bio:chef",
            "french or unread": "lang:(fr or zz)",
        },
    ),
    "talkwalker": Tool(
        " AND ", "NOT ", lambda words, ordered: f"{'O' if ordered else ''}NEAR/{words}",
        {
            "french": "lang:fr", "repost": "is:retweet", "large": "followers:>=100", "unread": "authorcountry:fr",
            "french or unread": "(lang:fr OR device:BOT)",
        },
    ),
    "x": Tool(
        " ", "-", None,
        {
            "french": "lang:fr", "repost": "is:retweet", "large": "followers_count:100", "unread": "is:verified",
            "french or unread": "lang:(fr OR qme)",
        },
    ),
}  # fmt: skip


def write(tree: tuple, tool: Tool) -> str:
    match tree:
        case ("word", word):
            return word
        case ("phrase", *words):
            return f'"{" ".join(words)}"'
        case ("near", one, other, words, ordered):
            return f"({write(one, tool)} {tool.near(words, ordered)} {write(other, tool)})"
        case ("and" | "or", *parts):
            return f"({(tool.together if tree[0] == 'and' else ' OR ').join(write(part, tool) for part in parts)})"
        case ("not", part):
            return f"{tool.without}{write(part, tool)}"
    return tool.fields[tree[1]]


def places(tree: tuple, words: tuple[str, ...]) -> set[tuple[int, int]]:
    match tree:
        case ("word", word):
            return {(at, at) for at, each in enumerate(words) if each == word}
        case ("phrase", *wanted):
            starts = range(len(words) - len(wanted) + 1)
            return {(at, at + len(wanted) - 1) for at in starts if words[at : at + len(wanted)] == tuple(wanted)}
        case ("or", *parts):
            return set().union(*(places(part, words) for part in parts))
    return set()


def is_near(one: tuple[int, int], other: tuple[int, int], distance: int, *, ordered: bool) -> bool:
    between = [other[0] - one[1] - 1] + ([] if ordered else [one[0] - other[1] - 1])
    return any(0 <= each <= distance for each in between)


def holds(tree: tuple, post: Post) -> bool:
    match tree:
        case ("word" | "phrase", *_):
            return bool(places(tree, post.words))
        case ("near", one, other, distance, ordered):
            pairs = product(places(one, post.words), places(other, post.words))
            return any(is_near(*pair, distance, ordered=ordered) for pair in pairs)
        case ("and", *parts):
            return all(holds(part, post) for part in parts)
        case ("or", *parts):
            return any(holds(part, post) for part in parts)
        case ("not", part):
            return not holds(part, post)
    asked = {"french": post.language == "fr", "repost": post.is_repost, "large": post.followers >= 100}
    return asked.get(tree[1], post.unread or (tree[1] != "unread" and post.language == "fr"))


def trees(tool: Tool) -> st.SearchStrategy[tuple]:
    word = st.tuples(st.just("word"), st.sampled_from(WORDS))
    phrase = st.tuples(st.just("phrase"), st.sampled_from(WORDS), st.sampled_from(WORDS))
    stands = st.one_of(word, phrase, st.tuples(st.just("or"), word, phrase))
    near = st.tuples(st.just("near"), stands, stands, st.integers(0, 3), st.booleans())
    fields = st.tuples(st.just("field"), st.sampled_from(sorted(tool.fields)))
    leaves = st.one_of(stands, fields, *([near] if tool.near else []))
    return st.recursive(
        leaves,
        lambda part: st.one_of(
            st.tuples(st.just("and"), part, part),
            st.tuples(st.just("or"), part, part),
            st.tuples(st.just("not"), part),
        ),
        max_leaves=8,
    )


POSTS = st.builds(
    Post,
    words=st.lists(st.sampled_from(WORDS), max_size=8).map(tuple),
    language=st.sampled_from(["fr", "en"]),
    is_repost=st.booleans(),
    followers=st.sampled_from([5, 500]),
    unread=st.booleans(),
)


@pytest.mark.parametrize("dialect", TOOLS)
@given(data=st.data())
def test_a_translated_query_is_true_of_the_same_or_says_what_it_lost(dialect: str, data: st.DataObject) -> None:
    tree = data.draw(trees(TOOLS[dialect]))
    found = translate(write(tree, TOOLS[dialect]), dialect)
    if not found.query:
        assert found.lost or holds(tree, Post((), "", is_repost=False, followers=0, unread=False))
        return
    post = data.draw(POSTS)
    finds, found_there = compile_query(found.query).match(post.mention()) is not None, holds(tree, post)
    effects = {lost.finds for lost in found.lost}
    assert "" not in effects
    assert finds or not found_there or "less" in effects
    assert found_there or not finds or "more" in effects


@pytest.mark.parametrize("dialect", TOOLS)
def test_what_is_lost_of_each_tool_is_told(dialect: str) -> None:
    found = translate(f"alpha {TOOLS[dialect].fields['unread']}", dialect)
    assert ("alpha", ["more"]) == (found.query, [lost.finds for lost in found.lost])
