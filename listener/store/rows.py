"""From values to rows and back."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from alerts.alert import Notice
from alerts.delivery import Call, Delivery, Outgoing
from listener.store.port import StoredMention
from rules.facts import Facts, Tone
from rules.mention import Author, Mention
from rules.transition import Transition

Row = Mapping[str, Any]

CHUNK = 500
"""Names in one statement: databases bound how many it may hold."""

_LONGEST = 500
_OF_THE_STORE = {"position", "claimed_by", "claimed_until"}
"""What a row of `outbox` says to stores alone."""
_ENCODER = msgspec.json.Encoder()
_MENTION = msgspec.json.Decoder(Mention)
_FACTS = msgspec.json.Decoder(dict[str, Facts])
_TONES = msgspec.json.Decoder(dict[str, Tone])
_NOTICE = msgspec.json.Decoder(Notice)
_CALL = msgspec.json.Decoder(Call)
_NAMES = msgspec.json.Decoder(tuple[str, ...])
_TRANSITION = msgspec.json.Decoder(Transition)

facts_of = _FACTS.decode
tones_of = _TONES.decode
transition_of = _TRANSITION.decode
mention_of = _MENTION.decode
encode = _ENCODER.encode


def chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """`names` in parts of CHUNK at most."""
    return (names[start : start + CHUNK] for start in range(0, len(names), CHUNK))


def key(name: str) -> str:
    """The column value for a name that a stranger chose: itself, or its digest where a database could not keep it
    (an index entry is bounded, NUL and lone surrogates are refused).
    """
    if len(name) <= _LONGEST and "\0" not in name and (name.isascii() or _encodable(name)):
        return name
    return f"sha256:{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _encodable(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


def mention_row(identity: str, stored: StoredMention) -> tuple[Any, ...]:
    """A row of `mentions`, in the order of its columns; `identity` as the column names it."""
    mention = stored.mention
    said = (encode(stored.facts), encode(stored.tones), encode(mention))
    return (identity, stored.at, mention.source, mention.language, stored.deleted, *said)


def stored_mention(row: RowMapping) -> StoredMention:
    """The mention of a row."""
    return StoredMention(
        at=row["at"],
        mention=_MENTION.decode(row["body"]),
        facts=_FACTS.decode(row["facts"]),
        tones=_TONES.decode(row["tones"]),
        deleted=row["deleted"],
    )


def emptied(stored: StoredMention) -> StoredMention:
    """The same mention without what its author took back: words, author, place; counts and facts stay."""
    bare = msgspec.structs.replace(stored.mention, text="", title=None, url=None, author=Author())
    tones = {brand: msgspec.structs.replace(tone, words=()) for brand, tone in stored.tones.items()}
    return StoredMention(at=stored.at, mention=bare, facts=stored.facts, tones=tones, deleted=True)


def delivery_row(outgoing: Outgoing, position: int, created: int) -> Row:
    """A row of `outbox`, due."""
    return {
        "id": outgoing.id,
        "position": position,
        "channel": outgoing.channel,
        "thread": outgoing.thread,
        "state": "due",
        "due": outgoing.due,
        "attempts": 0,
        "transition": outgoing.transition,
        "notice": None if outgoing.notice is None else encode(outgoing.notice),
        "critical": outgoing.critical,
        "fallback": encode(outgoing.fallback),
        "reason": "",
        "detail": "",
        "created": created,
        "finished": None,
        "receipt": "",
        "call": None if outgoing.call is None else encode(outgoing.call),
        "circle": outgoing.circle,
        "slot": outgoing.slot,
        "asks": outgoing.asks,
        "rises": outgoing.rises,
        "told_in": "",
    }


def delivery(row: RowMapping) -> Delivery:
    """The delivery of a row."""
    values: dict[str, Any] = {name: value for name, value in row.items() if name not in _OF_THE_STORE}
    notice = None if row["notice"] is None else _NOTICE.decode(row["notice"])
    call = None if row["call"] is None else _CALL.decode(row["call"])
    return Delivery(**values | {"notice": notice, "call": call, "fallback": _NAMES.decode(row["fallback"])})
