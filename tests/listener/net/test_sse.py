"""Server-sent events are read alike however the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.net.sse import LARGEST_EVENT, LONGEST_LINE, Decoder, Event


def decoded(text, cuts=()):
    whole = text if isinstance(text, bytes) else text.encode()
    decoder = Decoder()
    places = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    return [event for start, end in pairwise(places) for event in decoder.feed(whole[start:end])]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("data: a\n\n", [("message", "a")]),
        ("event: update\ndata: {}\n\n", [("update", "{}")]),
        ("data:a\ndata: b\ndata\n\n", [("message", "a\nb\n")]),
        (":thump\n\n: x\ndata: 1\n\n", [("message", "1")]),
        ("event: update\n\ndata: 1\n\n", [("message", "1")]),
        ("data:  two spaces\n\n", [("message", " two spaces")]),
        ("id: 7\nretry: 10\nnonsense\ndata: 1\n\n", [("message", "1")]),
        ("data: not ended\n", []),
        ("\ufeffdata: 1\n\n\ufeffdata: 2\n\n", [("message", "1")]),
        ("data: 1\r\rdata: 2\r\n\r\ndata: 3\n\n", [("message", "1"), ("message", "2"), ("message", "3")]),
        (b"data: \xff\n\n", [("message", "\ufffd")]),
    ],
)
def test_the_text_means_what_the_standard_says(text, events):
    assert decoded(text) == [Event(*event) for event in events]


lines = st.sampled_from(["data: é😀", "data:", "data", "event: delete", ": thump", "", "", "id: 1", "x" * 40])


@given(st.lists(lines, max_size=30), st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 600), max_size=12))
def test_where_the_bytes_are_cut_and_how_lines_end_changes_nothing(written, end, cuts):
    text = "".join(line + end for line in written)
    assert decoded(text, cuts) == decoded(text.replace(end, "\n"))


@pytest.mark.parametrize("ended", [True, False])
def test_an_endless_line_is_skipped_counted_and_costs_no_memory(ended):
    decoder = Decoder()
    decoder.feed(b"data: ")
    for _ in range(8):
        assert decoder.feed(b"x" * LONGEST_LINE) == []
    assert decoder.feed(b"\n\ndata: after\n\n" if ended else b"") == ([Event("message", "after")] if ended else [])
    assert decoder.skipped == ended


def test_an_event_of_too_many_lines_is_skipped_and_counted():
    decoder = Decoder()
    for _ in range(5 * LARGEST_EVENT // LONGEST_LINE):
        decoder.feed(b"data: " + b"x" * (LONGEST_LINE - 100) + b"\n")
    assert decoder.feed(b"\ndata: after\n\n") == [Event("message", "after")]
    assert decoder.skipped == 1
