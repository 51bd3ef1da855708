"""Adding to a file: the rest stays as it was written."""

from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.edit import SecretReference, insert
from config.parse import parse

TEXT = """\
# ours
sources:
    press: {kind: feed,   urls: ['a']}   # the press

    web:   # the web
        kind: feed
        urls:
          - one
          - two   # second
    # more may come

routes:
- {to: team}
"""


def test_an_entry_goes_behind_the_last_one_at_its_indentation() -> None:
    added = insert(TEXT, "sources", "new", {"kind": "feed", "urls": ["x", "y"]})
    expected = TEXT.replace("- two   # second\n", "- two   # second\n    new:\n      kind: feed\n      urls: [x, y]\n")
    assert added == expected


def test_a_missing_section_is_made_at_the_end() -> None:
    added = insert(TEXT, "channels", "team", {"kind": "chat", "token": SecretReference("env:TOKEN")})
    assert added == TEXT + "\nchannels:\n  team:\n    kind: chat\n    token: !secret env:TOKEN\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "sources:\n  new:\n    kind: feed\n"),
        ("# only words\n", "# only words\n\nsources:\n  new:\n    kind: feed\n"),
        ("sources:\n# none yet\na: 1\n", "sources:\n  new:\n    kind: feed\n# none yet\na: 1\n"),
        ("sources:\n  a:\n    kind: x", "sources:\n  a:\n    kind: x\n  new:\n    kind: feed\n"),
        (
            "sources:\r\n  a: {kind: x}\r\nb: 1\r\n",
            "sources:\r\n  a: {kind: x}\r\n  new:\r\n    kind: feed\r\nb: 1\r\n",
        ),
        (
            "sources:\n  a:\n    q: |\n      x\n      y\nb: 1\n",
            "sources:\n  a:\n    q: |\n      x\n      y\n  new:\n    kind: feed\nb: 1\n",
        ),
        ("sources:\n  a:\nb: 1\n", "sources:\n  a:\n  new:\n    kind: feed\nb: 1\n"),
    ],
)
def test_other_shapes_of_a_file(text: str, expected: str) -> None:
    assert insert(text, "sources", "new", {"kind": "feed"}) == expected


def test_a_section_in_braces_keeps_comments_and_quotes() -> None:
    added = insert("a: 'x'  # why\nsources: {one: {kind: feed}}\n", "sources", "new", {"kind": "file"})
    assert added == "a: 'x'  # why\nsources: {one: {kind: feed}, new: {kind: file}}\n"


def test_what_looks_like_a_variable_is_kept_as_text() -> None:
    added = insert("", "sources", "new", {"query": "${X}"})
    assert parse(added.encode(), "f", {}).data == {"sources": {"new": {"query": "${X}"}}}


scalars = st.text(max_size=12) | st.integers(-5, 5) | st.booleans()
words = st.from_regex(r"[a-z]{1,5}", fullmatch=True)


@example(values={"a": ["?0"]}, before={})
@given(
    values=st.dictionaries(words, scalars | st.lists(scalars, max_size=3), max_size=3),
    before=st.dictionaries(words, st.dictionaries(words, st.integers() | words, max_size=3), max_size=3),
)
def test_the_file_holds_what_it_held_and_the_addition(values: dict[str, object], before: dict[str, object]) -> None:
    values = {key: value for key, value in values.items() if _is_plain(value)}
    text = _dumped({"sources": before, "tail": {"x": 1}} if before else {"tail": {"x": 1}})
    parsed = parse(insert(text, "sources", "a-new-one", values).encode(), "f", {})
    assert parsed.problems == []
    assert parsed.data == {"sources": before | {"a-new-one": values}, "tail": {"x": 1}}


def _is_plain(value: object) -> bool:
    """Control characters cannot be typed; they are not what this is about."""
    parts = value if isinstance(value, list) else [value]
    return all(character.isprintable() for part in parts for character in str(part))


def _dumped(data: object) -> str:
    out = StringIO()
    YAML().dump(data, out)
    return out.getvalue()
