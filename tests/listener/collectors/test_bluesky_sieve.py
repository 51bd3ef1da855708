"""What of a stream is handed over when it is known which brands there are."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.bluesky.connect import Connection
from listener.bluesky.hearing import Hearing, Joint
from listener.bluesky.mentions import Reader
from listener.bluesky.place import Place
from rules.classify import BrandTerms, Classifier
from rules.instant import SECOND, instant
from rules.query.compiled import compile_query
from tests.rules.query.test_index import TEXTS, TIGHT

AT = instant(datetime(2026, 7, 4, 15, 0, tzinfo=UTC))
POST, REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
QUERIES = {
    "words": "acme OR bêta -rappel OR 東京 OR cheval~1 OR #boycottacme OR @acme",
    "signs": 'raw:"C++" OR link:acme.example',
    "people": "author:anna.example OR author:acme",
}
SHOWN = st.one_of(
    st.none(),
    st.builds(lambda title: {"$type": "x", "external": {"uri": "https://a.example", "title": title}}, TEXTS),
    st.builds(lambda alts: {"images": [{"alt": alt} for alt in alts]}, st.lists(TEXTS, max_size=2)),
    st.builds(lambda alt: {"media": {"alt": alt}, "record": {"uri": f"at://did:plc:x/{POST}/1"}}, TIGHT),
    st.sampled_from([{"images": 5}, {"external": {"title": 7}}, {"alt": None}, [], "acme"]),
)
RECORDS = st.fixed_dictionaries(
    {
        "text": st.one_of(
            TEXTS, TIGHT, st.text(), st.sampled_from(["see acme.exam... now", "x\nacme", "\tacme\\n", "5"])
        )
    },
    optional={
        "embed": SHOWN,
        "facets": st.sampled_from(
            [
                [],
                None,
                "acme",
                [
                    {
                        "index": {"byteStart": 4, "byteEnd": 16},
                        "features": [{"uri": "https://acme.example/acme"}],
                    }
                ],
            ]
        ),
        "langs": st.sampled_from([["fr"], ["en"], None, 5]),
    },
)


def classifier(queries):
    return Classifier({name: BrandTerms(query=compile_query(query)) for name, query in queries.items()})


class Stream:
    """A stream of version 1 or 2 that was heard before, so that nothing is doubtful."""

    def __init__(self, queries=None, version=1):
        self.place, self.reader, self.number, self.version = Place("sky", ""), Reader("sky"), 0, version
        self.brands = None if queries is None else classifier(queries)
        joint = Joint(self.place, returning=False, doubtful=False, patience=1)
        self.hearing = Hearing(
            "sky", Connection(version, False, None, None), self.place, joint, self.reader, lambda: AT, self.index
        )

    def hear(self, frames):
        for chunk in self.hearing.chunks(frames):
            self.hearing.take(chunk)

    def index(self):
        return self.brands.index if self.brands else None

    def say(self, *frames):
        self.hear([json.dumps(each).encode() for each in frames])

    def take(self, *events, ascii_only=False):
        frames = [json.dumps(self.frame(*event), ensure_ascii=ascii_only).encode() for event in events]
        self.hear(frames)
        return self.hearing.told()

    def frame(self, operation, rkey, record=None, did="did:plc:a", collection=POST):
        self.number += 1
        body = {"rev": f"r{self.number}", "operation": operation, "collection": collection, "rkey": rkey}
        if record is not None:
            body |= {"record": record, "cid": "c"}
        if self.version == 1:
            return {"did": did, "time_us": AT + self.number, "kind": "commit", "commit": body}
        head = {"$type": "x#commit", "seq": self.number, "did": did, "time": f"2026-07-04T15:00:00.{self.number:06}Z"}
        return {"$type": "message", "payload": head | body}


def repost_of(rkey, did="did:plc:a"):
    return {"subject": {"uri": f"at://{did}/{POST}/{rkey}", "cid": "c"}}


@given(st.lists(RECORDS, max_size=6), st.booleans(), st.sampled_from([1, 2]))
def test_all_that_concerns_a_brand_is_handed_over(records, ascii_only, version):
    events = [("create", f"k{number}", record) for number, record in enumerate(records)]
    whole, sifted = Stream(version=version), Stream(QUERIES, version)
    said, heard = whole.take(*events, ascii_only=ascii_only), sifted.take(*events, ascii_only=ascii_only)
    concerns = [each for each in said.mentions if sifted.brands.classify(each)]
    assert concerns == [each for each in heard.mentions if each in concerns]
    assert (heard.events, heard.skipped, heard.frames) == (said.events, said.skipped, said.frames)
    assert sifted.place.at == whole.place.at


LINK = {"index": {"byteStart": 4, "byteEnd": 15}, "features": [{"uri": "https://other.example/acme"}]}


@pytest.mark.parametrize(
    "record",
    [
        {"text": "nothing", "embed": {"external": {"title": "Acmé", "uri": "https://other.example"}}},
        {"text": "nothing", "embed": {"images": [{"alt": ""}, {"alt": "by acme"}]}},
        {"text": "nothing", "embed": {"alt": "acme"}},
        {"text": "nothing", "embed": {"media": {"images": [{"alt": "acme"}]}, "record": {"record": {"uri": "x"}}}},
        {"text": "nothing", "embed": {"images": 5, "alt": "acme"}},
        {"text": "see other.ex... now", "facets": [LINK]},
        {"text": "nothing\nAcmé\n"},
        {"text": "\u0430cme"},
        {"text": "ac\u200bme"},
        {"text": "Ａｃｍｅ"},
        {"text": "#Boycott\u0041cme"},
        {"text": "東京"},
        {"text": "chevaI chevla cheva"},
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("version", [1, 2])
def test_a_brand_is_heard_wherever_a_post_names_it(record, ascii_only, version):
    [said] = Stream(version=version).take(("create", "a", record), ascii_only=ascii_only).mentions
    stream = Stream(QUERIES, version)
    assert stream.brands.classify(said)
    assert stream.take(("create", "a", record), ascii_only=ascii_only).mentions == [said]


def test_what_concerns_nobody_is_counted_and_no_more():
    heard = Stream(QUERIES).take(
        ("create", "a", {"text": "nothing"}),
        ("create", "b", {"text": "Acmé"}),
        ("create", "c", repost_of("a"), "did:plc:b", REPOST),
        ("create", "d", repost_of("b"), "did:plc:b", REPOST),
    )
    assert [each.id for each in heard.mentions] == [f"at://did:plc:a/{POST}/b", f"at://did:plc:b/{REPOST}/d"]
    assert heard.events == {"create": 2, "repost": 2}


def test_edits_and_deletions_pass_whatever_they_say():
    heard = Stream(QUERIES).take(("update", "a", {"text": "nothing any more"}), ("delete", "b"))
    assert [each.op for each in heard.mentions] == ["update", "delete"]


def test_who_is_asked_for_is_heard_by_name():
    stream = Stream(QUERIES)
    anna = {"did": "did:plc:anna", "time_us": AT, "kind": "identity", "identity": {"handle": "Anna.example"}}
    stream.hear([json.dumps(anna).encode()])
    heard = stream.take(("create", "a", {"text": "nothing"}, "did:plc:anna"), ("create", "b", {"text": "nothing"}))
    assert [each.author.handle for each in heard.mentions] == ["Anna.example"]


@pytest.mark.parametrize("version", [1, 2])
def test_who_was_only_just_called_so_is_heard_by_that_name(version):
    stream = Stream(QUERIES, version)
    anna = {"did": "did:plc:anna", "time_us": AT, "kind": "identity", "identity": {"handle": "Anna.example"}}
    if version == 2:
        head = {"$type": "x#identity", "seq": 1, "did": "did:plc:anna", "time": "2026-07-04T15:00:00Z"}
        anna = {"$type": "message", "payload": head | {"identity": {"handle": "Anna.example"}}}
        stream.number = 1
    said = [stream.frame("create", rkey, {"text": "nothing"}, did) for rkey, did in (("a", "did:plc:anna"), ("b", "x"))]
    stream.hear([json.dumps(each).encode() for each in (anna, *said)])
    assert [each.author.handle for each in stream.hearing.told().mentions] == ["Anna.example"]


def named(handle, did="did:plc:anna", later=0):
    return {"did": did, "time_us": AT + later, "kind": "identity", "identity": {"handle": handle}}


def test_who_was_called_so_before_anybody_asked_for_them_is_heard():
    stream = Stream({"acme": "acme"})
    stream.say(named("Anna.example"), named("ben.bsky.social", "did:plc:ben"))
    stream.take(("create", "a", {"text": "nothing"}, "did:plc:anna"))
    stream.brands = classifier({"people": "author:(anna.example OR ben)"})
    said = [("create", f"b{did}", {"text": "nothing"}, f"did:plc:{did}") for did in ("anna", "ben", "carl")]
    assert [each.author.id for each in stream.take(*said).mentions] == ["did:plc:anna", "did:plc:ben"]


def test_who_is_called_otherwise_now_is_not_heard_by_the_name_before():
    stream = Stream(QUERIES)
    stream.say(named("anna.example"))
    stream.take(("create", "a", {"text": "nothing"}, "did:plc:anna"))
    stream.say(named("ben.example", later=2))
    assert not stream.take(("create", "b", {"text": "nothing"}, "did:plc:anna")).mentions


def test_who_is_asked_for_by_id_is_heard_however_it_is_written():
    stream = Stream({"own": 'author:"did:web:anna.example"'})
    assert len(stream.take(("create", "a", {"text": "nothing"}, "did:web:Anna.example")).mentions) == 1


def test_what_cannot_be_read_at_a_glance_hides_nothing_around_it():
    stream = Stream(QUERIES)
    odd = stream.frame("create", "b", {"text": "acme", "embed": 5})
    said = [stream.frame("create", "a", {"text": "acme"}), odd, stream.frame("create", "c", {"text": "acme"})]
    written = [json.dumps(each).encode() for each in said]
    stream.hear([written[0], b"{", written[1], b"\xff", b"null", written[2]])
    heard = stream.hearing.told()
    assert [each.id.rpartition("/")[2] for each in heard.mentions] == ["a", "b", "c"]
    assert heard.events == {"create": 3}
    assert sum(heard.skipped.values()) == 3


FAR = ["1e999"]


def take_written(stream, *events):
    """Of a server that writes a number that nobody can read."""
    written = [json.dumps(stream.frame(*event)).replace('"1e999"', "1e999") for event in events]
    stream.hear([each.encode() for each in written])
    return stream.hearing.told()


def test_what_cannot_be_read_ends_no_stream():
    far = {"text": "see other.ex... now", "facets": FAR}
    heard = take_written(Stream(QUERIES), ("create", "a", far), ("create", "b", {"text": "acme"}))
    assert [each.text for each in heard.mentions] == ["acme"]
    assert heard.skipped == {"malformed": 1}


def test_what_cannot_be_read_is_not_passed_on_either():
    heard = take_written(
        Stream({"own": 'author:"did:plc:anna"'}),
        ("create", "a", {"text": "nothing", "facets": FAR}),
        ("create", "b", repost_of("a"), "did:plc:anna", REPOST),
        ("create", "c", {"text": "something"}, "did:plc:anna"),
    )
    assert [each.text for each in heard.mentions] == ["something"]


def test_what_they_pass_on_is_heard_though_it_concerned_nobody_before():
    stream = Stream({"own": 'author:"did:plc:anna"'})
    assert not stream.take(("create", "a", {"text": "nothing"})).mentions
    heard = stream.take(
        ("create", "b", repost_of("a"), "did:plc:anna", REPOST),
        ("create", "c", repost_of("a"), "did:plc:ben", REPOST),
        ("create", "d", repost_of("unknown"), "did:plc:anna", REPOST),
    )
    assert [(each.kind, each.text, each.author.id) for each in heard.mentions] == [
        ("repost", "nothing", "did:plc:anna")
    ]
    assert heard.events == {"repost": 3}


def closed(did="did:plc:a"):
    return {"did": did, "time_us": AT + 5, "kind": "account", "account": {"active": False, "status": "deleted"}}


def test_of_large_posts_that_concerned_nobody_only_the_latest_are_remembered():
    stream, large = Stream({"own": 'author:"did:plc:anna"'}), "x" * 1_000_000
    for number in range(80):
        stream.take(("create", f"a{number}", {"text": f"{number} {large}"}))
    passed_on = [("create", f"b{number}", repost_of(f"a{number}"), "did:plc:anna", REPOST) for number in (0, 79)]
    assert [each.text for each in stream.take(*passed_on).mentions] == [f"79 {large}"]


def test_what_was_taken_back_is_not_passed_on():
    stream = Stream({"own": 'author:"did:plc:anna"'})
    stream.take(("create", "a", {"text": "nothing"}), ("create", "b", {"text": "nothing"}, "did:plc:b"))
    stream.take(("delete", "a"))
    stream.hear([json.dumps(closed("did:plc:b")).encode()])
    again = [("create", "c", repost_of("a"), "did:plc:anna", REPOST)]
    again += [("create", "d", repost_of("b", "did:plc:b"), "did:plc:anna", REPOST)]
    assert [each.kind for each in stream.take(*again).mentions if each.op == "create"] == []


def test_what_somebody_said_before_leaving_takes_nothing_from_what_they_say_since():
    stream = Stream({"own": 'author:"did:plc:anna"', "acme": "acme"})
    stream.take(("create", "a", {"text": "nothing"}))
    stream.hear([json.dumps(closed()).encode()])
    named = {"did": "did:plc:a", "time_us": AT + 6, "kind": "identity", "identity": {"handle": "ben.example"}}
    stream.hear([json.dumps(named).encode()])
    stream.number = 6
    heard = stream.take(
        ("create", "b", {"text": "acme"}),
        ("create", "c", repost_of("a"), "did:plc:anna", REPOST),
        ("create", "d", repost_of("b"), "did:plc:b", REPOST),
        ("create", "e", {"text": "acme"}),
    )
    assert [each.id.rpartition("/")[2] for each in heard.mentions if each.op == "create"] == ["b", "d", "e"]
    assert heard.mentions[-1].author.handle == "ben.example"


def test_what_is_taken_back_afterwards_was_passed_on():
    stream = Stream({"own": 'author:"did:plc:anna"'})
    heard = stream.take(
        ("create", "a", {"text": "nothing"}),
        ("create", "b", repost_of("a"), "did:plc:anna", REPOST),
        ("delete", "a"),
    )
    assert [each.op for each in heard.mentions] == ["create", "delete"]


def test_what_was_taken_back_before_a_brand_was_added_is_taken_back_again_when_it_is_read_again():
    stream = Stream({"acme": "acme"})
    zebra = {"text": "a zebra"}
    frames = [stream.frame("create", "a", zebra), stream.frame("create", "b", zebra, "did:plc:b")]
    frames += [stream.frame("delete", "a"), closed("did:plc:b"), stream.frame("create", "c", {"text": "acme"})]
    stream.say(*frames)
    stream.hearing.told()
    stream.brands = classifier({"zoo": "zebra"})
    stream.say(*frames)
    heard = [(each.op, each.id.rpartition("/")[2]) for each in stream.hearing.told().mentions]
    assert [("create", "a"), ("create", "b"), ("delete", "a"), ("delete", "b")] == heard


def test_a_brand_that_is_added_is_heard_from_then_on():
    stream = Stream({"acme": "acme"})
    assert not stream.take(("create", "a", {"text": "beta"})).mentions
    stream.brands = classifier({"acme": "acme", "beta": "beta"})
    assert len(stream.take(("create", "b", {"text": "beta"})).mentions) == 1


def test_a_query_that_no_word_decides_lets_everything_pass():
    assert len(Stream({"french": "lang:fr"}).take(("create", "a", {"text": "nothing"})).mentions) == 1


def test_a_post_from_the_future_does_not_move_the_place():
    stream = Stream(QUERIES)
    late = stream.frame("create", "a", {"text": "nothing"}) | {"time_us": AT + 90_000 * 3600 * SECOND}
    stream.hear([json.dumps(late).encode()])
    assert stream.hearing.told().skipped == {"wrong shape": 1}
    assert stream.place.at == 0


@pytest.mark.parametrize("version", [1, 2])
def test_a_stream_of_strangers_goes_on_after_what_is_too_old_to_come_again(version):
    stream = Stream(QUERIES, version)
    stream.take(*(("create", f"a{number}", {"text": "nothing"}) for number in range(3)))
    again = Place.load(stream.place.dump(), "sky", "")
    assert again.ask(version) is not None
    assert again.ask(version) <= (AT + 3 if version == 1 else 10**16)
    stream.number += SECOND * 2 if version == 1 else 0
    stream.take(("create", "b", {"text": "nothing"}))
    if version == 1:
        assert Place.load(stream.place.dump(), "sky", "").ask(1) == AT + 3 + 1
