"""The tables. Instants are microseconds UTC; bodies are JSON made by msgspec and are never searched.

Every change here needs a revision under `migrations/versions`, and `HEAD` to name it.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

HEAD = "0018"
"""The revision this program reads and writes. Revisions are zero-padded numbers: a higher one is newer."""


def keepable(words: str) -> str:
    """As PostgreSQL can keep them: it refuses NUL, which what strangers answer may hold."""
    return words.replace("\0", "\ufffd")


class _Keepable(TypeDecorator[str]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return value and keepable(value)


METADATA = MetaData()
_Words = Text().with_variant(_Keepable(), "postgresql")
_Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is exactly INTEGER


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, _Words, primary_key=key, nullable=False)


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _instant(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=True)


def _body(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


# A row of each part of the brands, of which 1 is that of a process that does all. `epoch` counts who wrote: a commit of
# any process but the last that opened the part finds no row. The salt is that of row 1, for all. `offset` is where a
# part reads its topic on from.
META = Table(
    "meta",
    METADATA,
    _number("id", key=True),
    _body("salt"),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    _text("owner"),
    _instant("advanced"),
    _instant("last"),
    _instant("offset"),
)
# A row of each part, on PostgreSQL alone: `epoch` is renewed at an instant of the server's clock, for `length`. It does
# not stand in META, so that it is renewed while a long transaction holds that row.
LEASE = Table(
    "lease", METADATA, _number("id", key=True), _number("epoch"), _text("owner"), _number("renewed"), _number("length")
)
BRANDS = Table("brands", METADATA, _text("brand", key=True), _number("seq"))
SEEN = Table(
    "seen",
    METADATA,
    _text("identity", key=True),
    _text("revision", key=True),
    _text("source"),
    _number("at"),
    _number("listed"),
    Index("seen_listed", "listed"),
    sqlite_with_rowid=False,
)
TOMBSTONES = Table(
    "tombstones",
    METADATA,
    _text("identity", key=True),
    _number("at"),
    _number("listed"),
    Index("tombstones_listed", "listed"),
    sqlite_with_rowid=False,
)
MENTIONS = Table(
    "mentions",
    METADATA,
    _text("identity", key=True),
    _number("at"),
    _text("source"),
    Column("language", _Words),
    Column("deleted", Boolean, nullable=False),
    _body("facts"),
    _body("tones"),
    _body("body"),
    Index("mentions_at", "at"),
    Index("mentions_source", "source", "at"),
)
MENTION_BRANDS = Table(
    "mention_brands",
    METADATA,
    _text("identity", key=True),
    _text("brand", key=True),
    _number("at"),
    Index("mention_brands_at", "brand", "at"),
    sqlite_with_rowid=False,
)
INPUTS = Table(
    "inputs",
    METADATA,
    _text("brand", key=True),
    _number("seq", key=True),
    _number("at"),
    _body("body"),
    sqlite_with_rowid=False,
)
SNAPSHOTS = Table(
    "snapshots", METADATA, _text("brand", key=True), _number("seq", key=True), _number("at"), _body("state")
)
INCIDENTS = Table(
    "incidents",
    METADATA,
    _text("id", key=True),
    _number("number"),
    _text("brand"),
    _text("rule"),
    _text("state"),
    _text("severity"),
    _number("opened_at"),
    _number("changed_at"),
    Column("acknowledged_by", _Words),
    _number("steps"),
    Column("ending", _Words),
    Column("judged_by", _Words),
    Column("judged_because", _Words),
    UniqueConstraint("number", name="incidents_number"),
)
TRANSITIONS = Table(
    "transitions",
    METADATA,
    _text("incident", key=True),
    _number("step", key=True),
    _number("position"),
    _body("body"),
    UniqueConstraint("position", name="transitions_position"),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    _text("id", key=True),
    _number("position"),
    _text("channel"),
    _text("thread"),
    _text("state"),
    _number("due"),
    _number("attempts"),
    Column("transition", _Words),
    Column("notice", LargeBinary),
    Column("critical", Boolean, nullable=False),
    _body("fallback"),
    _text("reason"),
    _text("detail"),
    _number("created"),
    _instant("finished"),
    _text("receipt"),
    Column("call", LargeBinary),
    Column("circle", _Words),
    _instant("slot"),
    Column("asks", Boolean, nullable=False),
    Column("rises", Boolean, nullable=False),
    _text("told_in"),
    Column("claimed_by", _Words),
    _instant("claimed_until"),
    UniqueConstraint("position", name="outbox_position"),
    Index("outbox_line", "state", "channel", "thread", "position"),
    Index("outbox_slot", "slot"),
    Index("outbox_told_in", "told_in"),
    Index("outbox_thread", "thread", "position"),
)
ATTEMPTS = Table(
    "attempts",
    METADATA,
    _text("delivery", key=True),
    _number("attempt", key=True),
    _number("at"),
    _text("state"),
    _text("reason"),
    _text("detail"),
)
SOURCES = Table(
    "sources",
    METADATA,
    _text("name", key=True),
    _text("kind"),
    _text("state"),
    Column("cursor", _Words),
    _instant("reading_since"),
    _instant("last_read"),
    _instant("last_mention"),
    _instant("blind_since"),
    _instant("told_at"),
    _text("code"),
    _text("detail"),
    _number("mentions"),
    _number("skipped"),
)
COMMANDS = Table(
    "commands",
    METADATA,
    Column("id", _Id, primary_key=True, autoincrement=True),
    _number("at"),
    _text("verb"),
    _text("target"),
    _text("by"),
    Column("because", _Words),
    _instant("answered_at"),
    _text("refusal"),
    Column("details", LargeBinary),
    Column("once", _Words),
    Column("part", BigInteger, nullable=False, server_default="0"),
    Index("commands_answered", "answered_at"),
    Index("commands_once", "once"),
    sqlite_autoincrement=True,
)
DRILLS = Table("drills", METADATA, _number("number", key=True), _instant("ended_at"), _body("body"))

MARKS = Table(
    "marks",
    METADATA,
    _text("brand", key=True),
    _text("identity", key=True),
    _number("at"),
    _number("taken"),
    _text("label"),
    _text("by"),
    _text("chosen"),
    Column("language", _Words),
    _text("text"),
    Column("before", _Words),
    Index("marks_at", "brand", "at"),
    Index("marks_identity", "identity"),
)
MODELS = Table(
    "models",
    METADATA,
    _text("brand", key=True),
    _number("at"),
    _number("until"),
    Column("hash", _Words),
    Column("body", LargeBinary),
    _body("study"),
)
SILENCES = Table(
    "silences",
    METADATA,
    _number("number", key=True),
    _number("at"),
    _number("until"),
    _text("by"),
    _text("because"),
    _body("what"),
    Column("ended_by", _Words),
    Index("silences_until", "until"),
)
HELD_BACK = Table(
    "held_back",
    METADATA,
    _text("incident", key=True),
    _number("step", key=True),
    _number("at"),
    _instant("silence"),
    Column("behind", _Words),
    _instant("told_at"),
    Index("held_back_silence", "silence"),
    Index("held_back_at", "at"),
)
SPARED = Table(
    "spared",
    METADATA,
    _text("incident", key=True),
    _text("person", key=True),
    _number("step"),
    _number("at"),
    _number("had"),
    _number("accept"),
    Index("spared_at", "at"),
)
NOTES = Table(
    "notes",
    METADATA,
    _text("incident", key=True),
    _number("number", key=True),
    _number("at"),
    _text("by"),
    _text("text"),
)
HOLDS = Table(
    "holds",
    METADATA,
    _text("incident", key=True),
    _text("brand"),
    _number("since"),
    _number("at"),
    _text("by"),
    _text("because"),
)
KEPT = Table("kept", METADATA, _text("incident", key=True), _text("identity", key=True), _number("at"), _body("body"))
