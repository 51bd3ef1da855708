"""Documents: what is read, where it stands, and everything that is wrong with it."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.document import Document, read


def write(folder: Path, text: str | bytes, name: str = "badbuzz.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def load(folder: Path, text: str | bytes, environ: dict[str, str] | None = None) -> Document:
    return read(write(folder, text), environ or {})


def said(document: Document) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in document.problems]


def test_plain_values_keep_their_types(tmp_path: Path) -> None:
    document = load(tmp_path, "a: [1, 2.5, true, ~, yes, 2026-11-03, 'x', 0o17]\n2024: {b: no}\n")
    assert document.data == {"a": [1, 2.5, True, None, "yes", "2026-11-03", "x", 15], "2024": {"b": "no"}}
    assert document.problems == []


def test_every_key_and_item_knows_its_line(tmp_path: Path) -> None:
    document = load(tmp_path, "a:\n  b: 1\n  c:\n    - x\n    - {d: 2}\n")
    places = {keys: document.locate(keys)[1] for keys in [("a",), ("a", "b"), ("a", "c", 1), ("a", "c", 1, "d")]}
    assert places == {("a",): 1, ("a", "b"): 2, ("a", "c", 1): 5, ("a", "c", 1, "d"): 5}


def test_a_missing_key_is_located_at_what_surrounds_it(tmp_path: Path) -> None:
    document = load(tmp_path, "x: 1\na:\n  b: 1\n")
    assert document.locate(("a", "nothing", 3)) == (str(tmp_path / "badbuzz.yaml"), 2)
    assert document.locate(("nothing",)) == (str(tmp_path / "badbuzz.yaml"), 0)


def test_broken_yaml_says_where_and_what_to_do(tmp_path: Path) -> None:
    cases = {
        "a:\n\tb: 1\n": (2, "tabs"),
        "a: 1\nb: [@acme]\n": (2, "starts with @"),
        "a: 1\nb: x: y\n": (2, "holds ': '"),
        "a: 1\n---\nb: 2\n": (2, "second ---"),
        "a: *acme\n": (1, "starts with *"),
        "a: 1\nb: [x, #acme]\nc: 1\n": (2, "# in a list needs quotes"),
        "a: 'x\n": (1, "quotes"),
        "a: \x07\n": (1, "plain text"),
    }
    for text, (line, hint) in cases.items():
        (problem,) = load(tmp_path, text).problems
        assert (problem.line, hint in problem.hint) == (line, True), (text, str(problem))


def test_bytes_that_are_not_utf8_are_refused_with_their_line(tmp_path: Path) -> None:
    assert said(load(tmp_path, b"a: 1\nb: caf\xe9\n")) == [(2, "not UTF-8 text")]
    assert load(tmp_path, b"\xef\xbb\xbfa: caf\xc3\xa9\n").data == {"a": "café"}


def test_a_configuration_is_a_map(tmp_path: Path) -> None:
    assert said(load(tmp_path, "- a\n")) == [(1, "a configuration is a map of keys and values")]
    assert load(tmp_path, "# nothing\n").data == {}


def test_a_key_written_twice_names_both_lines(tmp_path: Path) -> None:
    document = load(tmp_path, "a:\n  b: 1\n  c: 2\n  b: 3\n")
    assert said(document) == [(4, "written twice, first on line 2")]


def test_unknown_tags_and_unusable_numbers_are_problems(tmp_path: Path) -> None:
    document = load(tmp_path, "a: !!python/object:os.system x\nb: !x {c: 1}\nc: .nan\nd: !!int z\n? [k]\n: v\n")
    assert [line for line, _ in said(document)] == [1, 2, 3, 4, 5]


def test_merge_keys_fill_in_what_a_map_does_not_say(tmp_path: Path) -> None:
    document = load(tmp_path, "base: &base {every: 5m, kind: feed}\nx:\n  <<: *base\n  every: 1m\n")
    assert document.data["x"] == {"every": "1m", "kind": "feed"}
    assert document.locate(("x", "every"))[1] == 4
    assert document.problems == []


def test_aliases_that_multiply_are_bounded(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert said(load(tmp_path, "\n".join(lines))) == [(1, "more than 500000 values")]


def test_aliases_of_themselves_and_deep_nests_are_bounded(tmp_path: Path) -> None:
    for text in [
        "a: &x [*x]",
        "a: &x {<<: *x}",
        "a: &x {b: *x, c: *x}",
        "[" * 5000,
        "a: " + "{b: " * 60 + "1" + "}" * 60,
    ]:
        assert load(tmp_path, text).problems != []


def test_merges_that_multiply_are_bounded(tmp_path: Path) -> None:
    keys = ", ".join(f"k{number}: 1" for number in range(1_000))
    text = f"a: &a {{{keys}}}\nb: {{<<: [{', '.join(['*a'] * 1_000)}]}}\n"
    assert said(load(tmp_path, text)) == [(1, "more than 500000 values")]


@pytest.mark.parametrize("text", ["a: " + "[" * 200_000, "{a: " * 100_000, "- " * 200_000, "? " * 200_000])
def test_what_is_nested_too_deeply_is_refused_before_it_is_understood(tmp_path: Path, text: str) -> None:
    assert said(load(tmp_path, text)) == [(1, "nested deeper than 40 levels")]


def test_what_is_no_text_is_a_problem_of_its_line(tmp_path: Path) -> None:
    text = 'a: "x\\0y"\nb: ["\\ud800"]\n"\\ud800": 1\nc: "\\ud83d\\ude00"\n'
    document = load(tmp_path, text)
    words = "holds a character that is none: a zero, or half of a pair"
    assert sorted((one.line, one.path, one.message) for one in document.problems) == [
        (1, "a", words),
        (2, "b.0", words),
        (3, "", f"a key {words}"),
    ]
    assert document.data["c"] == "\U0001f600"


def test_what_is_included_or_secret_is_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    text = "include: [pipe, /dev/zero]\na: !secret file:pipe\nb: !secret file:/dev/zero\n"
    assert said(load(tmp_path, text)) == [
        (2, f"secret file {tmp_path / 'pipe'} is no regular file"),
        (3, "secret file /dev/zero is no regular file"),
        (1, f"{tmp_path / 'pipe'} is no regular file"),
        (1, "/dev/zero is no regular file"),
    ]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    assert [problem.message for problem in load(tmp_path, b"a" * 11_000_000).problems] == ["larger than 10 MB"]


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    for path in [tmp_path / "nothing.yaml", tmp_path, Path("bad\0name")]:
        (problem,) = read(path, {}).problems
        assert problem.message.startswith("cannot read")


def test_variables_are_replaced_in_texts_only(tmp_path: Path) -> None:
    text = "a: ${X}/b\nb: '${NO:-none}'\nc: $${X} $X\n${X}: d  # ${COMMENT}\ne: ${EMPTY:-filled}\n"
    document = load(tmp_path, text, {"X": "x: [y", "EMPTY": ""})
    assert document.data == {"a": "x: [y/b", "b": "none", "c": "${X} $X", "${X}": "d", "e": "filled"}
    assert document.problems == []


def test_unset_variables_and_unfinished_references_are_all_reported(tmp_path: Path) -> None:
    document = load(tmp_path, "a: ${ONE}\nb: ${two three}\nc: x${\nd: ${FOUR}\n")
    assert [line for line, _ in said(document)] == [1, 2, 3, 4]
    assert said(document)[0][1] == "environment variable ONE is not set"


def test_secrets_come_from_the_environment_files_and_credentials(tmp_path: Path) -> None:
    write(tmp_path, "s3cret\n", "token").chmod(0o600)
    write(tmp_path, "cr3d\r\n", "creds/smtp").chmod(0o600)
    text = "a: !secret env:TOKEN\nb: !secret file:token\nc: !secret credential:smtp\n"
    environ = {"TOKEN": "fr0m-env", "CREDENTIALS_DIRECTORY": str(tmp_path / "creds")}
    document = load(tmp_path, text, environ)
    assert document.data == {"a": "fr0m-env", "b": "s3cret", "c": "cr3d"}
    assert document.problems == []
    assert document.place(("a",)).origin == "secret"
    assert "fr0m-env" not in repr(document)


def test_secrets_that_cannot_be_had_are_problems_without_their_value(tmp_path: Path) -> None:
    write(tmp_path, "\n", "empty")
    write(tmp_path, b"\xff\xfe", "binary")
    write(tmp_path, "x" * 70_000, "long")
    references = [
        "env:NO",
        "file:no",
        "file:empty",
        "file:binary",
        "file:long",
        "file:",
        "credential:x",
        "vault:x",
        "pw",
    ]
    text = "".join(f"k{number}: !secret '{reference}'\n" for number, reference in enumerate(references))
    document = load(tmp_path, text)
    assert [line for line, _ in said(document)] == list(range(1, len(references) + 1))


def test_a_secret_file_open_to_all_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, "s3cret", "token").chmod(0o644)
    (problem,) = load(tmp_path, "a: !secret file:token\n").problems
    assert (problem.level, problem.hint) == ("warning", "chmod 600")


def test_problems_never_show_a_secret(tmp_path: Path) -> None:
    document = load(tmp_path, "a: !secret env:TOKEN\n", {"TOKEN": "hunter22"})
    assert document.problem(("a",), "not a web address: hunter22").message == "not a web address: ***"


def test_included_files_are_joined_section_by_section(tmp_path: Path) -> None:
    write(tmp_path, "sources:\n  two: {kind: feed}\n", "conf.d/b.yaml")
    write(tmp_path, "brands:\n  acme: {query: x}\n", "conf.d/a.yaml")
    document = load(tmp_path, "include: conf.d/*.yaml\nsources:\n  one: {kind: file}\n")
    expected = {"sources": {"one": {"kind": "file"}, "two": {"kind": "feed"}}, "brands": {"acme": {"query": "x"}}}
    assert document.data == expected
    assert document.locate(("sources", "two")) == (str(tmp_path / "conf.d/b.yaml"), 2)
    assert document.locate(("sources", "one")) == (str(tmp_path / "badbuzz.yaml"), 3)


def test_a_name_defined_in_two_files_names_both_places(tmp_path: Path) -> None:
    write(tmp_path, "\nsources: {one: {kind: feed}}\nroutes: []\n", "more.yaml")
    document = load(tmp_path, "sources:\n  one: {kind: file}\nroutes: []\ninclude: [more.yaml]\n")
    first = tmp_path / "badbuzz.yaml"
    expected = [
        f"{tmp_path}/more.yaml:2: error: sources.one: defined twice, first at {first}:2 (keep one of them)",
        f"{tmp_path}/more.yaml:3: error: routes: defined twice, first at {first}:3 (keep one of them)",
    ]
    assert list(map(str, document.problems)) == expected


def test_include_in_a_circle_and_missing_files_are_problems(tmp_path: Path) -> None:
    write(tmp_path, "include: badbuzz.yaml\n", "more.yaml")
    document = load(tmp_path, "a: 1\ninclude: [more.yaml, gone.yaml, none-*.yaml]\n")
    assert [(Path(problem.file).name, problem.line) for problem in document.problems] == [
        ("more.yaml", 1),
        ("badbuzz.yaml", 2),
    ]
    assert said(load(tmp_path, "include: {a: 1}\n")) == [(1, "include takes a file name or a list of them")]


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {
        "BADBUZZ_DAEMON__LISTEN": "0.0.0.0:80",
        "BADBUZZ_BRANDS__ACME_AIR__QUERY": "acme",
        "BADBUZZ_DATA_DIR": "/data",
        "BADBUZZ_CONFIG": "ignored",
        "BADBUZZ_ROUTES__0__TO": "x",
    }
    document = load(tmp_path, "brands:\n  acme-air: {query: x}\nroutes: []\n", environ)
    assert document.data["daemon"] == {"listen": "0.0.0.0:80", "data": "/data"}
    assert document.data["brands"] == {"acme-air": {"query": "acme"}}
    assert document.locate(("daemon", "listen")) == ("environment variable BADBUZZ_DAEMON__LISTEN", 0)
    assert [problem.message for problem in document.problems] == [
        "BADBUZZ_ROUTES__0__TO cannot be set: routes is not a map"
    ]


relaxed = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
fragments = st.sampled_from(
    [
        *"&*!|>%@`\"'{}[]:,-?#\n\t ~$\\\x00\x85\ufeff\ud7ff",
        ": ",
        "- ",
        "\n  ",
        "---",
        "...",
        "a",
        "<<: ",
        "!secret ",
        "env:X",
        "file:/",
        "file:\\0",
        "${X}",
        "${",
        "&a ",
        "*a",
        "!!int ",
        "!!float ",
        "0x",
        "1_",
        ".inf",
        "%YAML 1.1\n",
        "%TAG ! x\n",
        "include: ",
        "*.yaml",
        "[",
        '"\\U',
        "FFFFFFFF",
        "!<",
        "!!",
        "? ",
        "1e999",
        "9" * 5000,
        "12:30:45",
        "2026-13-45",
    ]
)


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
@relaxed
def test_any_bytes_give_problems_and_never_an_exception(tmp_path: Path, content: bytes) -> None:
    assert isinstance(load(tmp_path, content).data, dict)


@given(content=st.lists(fragments, max_size=25).map("".join))
@relaxed
def test_anything_like_yaml_gives_problems_and_never_an_exception(tmp_path: Path, content: str) -> None:
    assert isinstance(load(tmp_path, content.encode("utf-8", "replace"), {"X": "y"}).data, dict)


names = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
trees = st.recursive(
    st.integers(-99, 99) | st.booleans() | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


def value_at(data: object, keys: tuple[str | int, ...]) -> object:
    for key in keys:
        data = data[key]  # type: ignore[index]
    return data


@given(data=st.dictionaries(names, trees, min_size=1, max_size=4))
@relaxed
def test_every_place_leads_to_the_line_of_its_value(tmp_path: Path, data: dict[str, object]) -> None:
    path = tmp_path / "badbuzz.yaml"
    with path.open("w") as file:
        YAML().dump(data, file)
    document, lines = read(path, {}), path.read_text().splitlines()
    assert (document.data, document.problems) == (data, [])
    for keys, place in document.places.items():
        word = keys[-1] if isinstance(keys[-1], str) else value_at(data, keys)
        if isinstance(word, str):
            assert word in lines[place.line - 1]
