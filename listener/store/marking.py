"""Marks and models as rows: how they are written, and how they are read back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Integer, RowMapping, and_, bindparam, delete, func, not_, or_, select, update

from listener.store.among import those
from listener.store.asking import Command
from listener.store.drilling import drill_for
from listener.store.inserting import upsert
from listener.store.marks import MOST_MARKS, Marked, Marking, ModelRow, Wish
from listener.store.owned import part
from listener.store.port import Commit
from listener.store.rows import encode, key, tones_of
from listener.store.silencing import wish_of
from listener.store.tables import COMMANDS, MARKS, MENTION_BRANDS, MENTIONS, MODELS
from rules.facts import Tone
from rules.inputs import Imported
from rules.instant import Instant
from rules.transition import Ending

_SAID: msgspec.json.Decoder[Wish | Ending] = msgspec.json.Decoder(Wish | Ending)
_HISTORY = msgspec.json.Decoder(tuple[Imported, ...])
_COMMAND = [COMMANDS.c[name] for name in ("id", "at", "verb", "target", "by", "because", "details")]
_OURS = (COMMANDS.c.answered_at.is_(None), COMMANDS.c.part == bindparam("mine"))
_IN_ORDER = (COMMANDS.c.verb == "label", COMMANDS.c.id)
_WAITING = select(*_COMMAND).where(*_OURS).order_by(*_IN_ORDER).limit(bindparam("most", type_=Integer))


def write_marks(connection: Connection, commit: Commit) -> None:
    """The marks and models of a commit."""
    for brand, identity in commit.unmarked:
        connection.execute(delete(MARKS).where(MARKS.c.brand == brand, MARKS.c.identity == key(identity)))
    rows = [msgspec.structs.asdict(mark) | {"identity": key(mark.identity)} for mark in commit.marks]
    last = {(row["identity"], row["brand"]): row for row in rows}
    upsert(connection, MARKS, [last[name] for name in sorted(last)])  # as `without_text` goes through them
    for brand in dict.fromkeys(mark.brand for mark in commit.marks):
        _forget_old(connection, brand)
    upsert(connection, MODELS, [msgspec.structs.asdict(model) for model in commit.models])


def _forget_old(connection: Connection, brand: str) -> None:
    mine = MARKS.c.brand == brand
    order = (MARKS.c.at.desc(), MARKS.c.identity.desc())
    last = connection.execute(select(MARKS).where(mine).order_by(*order).offset(MOST_MARKS - 1).limit(1)).first()
    if last is not None:
        same = and_(MARKS.c.at == last.at, MARKS.c.identity < last.identity)
        connection.execute(delete(MARKS).where(mine, or_(MARKS.c.at < last.at, same)))


def without_text(connection: Connection, identities: Sequence[str]) -> None:
    """Take the words away from marks of what its author deleted."""
    here = and_(MARKS.c.identity.in_(identities), MARKS.c.text != "")
    if connection.dialect.name != "sqlite":
        # in one order: they are of any brand, and those who judge others write theirs
        ordered = select(MARKS.c.identity).where(here).order_by(MARKS.c.identity, MARKS.c.brand)
        connection.execute(ordered.with_for_update())
    connection.execute(update(MARKS).where(here).values(text=""))


def marks(connection: Connection, brand: str, limit: int) -> list[Marking]:
    rows = select(MARKS).where(MARKS.c.brand == brand).order_by(MARKS.c.at.desc(), MARKS.c.identity.desc())
    return [Marking(**row) for row in connection.execute(rows.limit(limit)).mappings()]


def marks_of(connection: Connection, these: Mapping[str, Any]) -> Iterable[Marking]:
    """The marks of identities, which are told as `named` does."""
    rows = those(connection, MARKS.c.identity, MARKS)
    return [Marking(**row) for row in connection.execute(rows, these).mappings()]


def marked(connection: Connection) -> dict[str, Marked]:
    is_new = MARKS.c.taken > func.coalesce(MODELS.c.until, -1)
    new = func.count().filter(is_new)
    left = func.count().filter(not_(is_new), MARKS.c.text != "")
    counts = select(MARKS.c.brand, new, left).outerjoin(MODELS, MODELS.c.brand == MARKS.c.brand)
    found = {row[0]: Marked(new=row[1], left=row[2]) for row in connection.execute(counts.group_by(MARKS.c.brand))}
    return {brand: each for brand, each in found.items() if each != Marked()}


def models(connection: Connection) -> list[ModelRow]:
    return [ModelRow(**row) for row in connection.execute(select(MODELS).order_by(MODELS.c.brand)).mappings()]


def tones(connection: Connection, brand: str, limit: int) -> list[tuple[Instant, Tone]]:
    rows = select(MENTION_BRANDS.c.at, MENTIONS.c.tones).join(
        MENTIONS, MENTIONS.c.identity == MENTION_BRANDS.c.identity
    )
    page = rows.where(MENTION_BRANDS.c.brand == brand).order_by(MENTION_BRANDS.c.at.desc()).limit(limit)
    found = ((row.at, tones_of(row.tones).get(brand)) for row in connection.execute(page))
    return [(at, tone) for at, tone in found if tone]


def waiting_labels(connection: Connection, limit: int) -> list[Command]:
    """The `label` commands that wait."""
    waiting = select(*_COMMAND).where(COMMANDS.c.answered_at.is_(None), COMMANDS.c.verb == "label")
    return [command(row) for row in connection.execute(waiting.order_by(COMMANDS.c.id).limit(limit)).mappings()]


def commands(connection: Connection, limit: int) -> list[Command]:
    """See the port's `commands`."""
    mine = {"mine": part(connection), "most": limit}
    return [command(row) for row in connection.execute(_WAITING, mine).mappings()]


def command(row: RowMapping) -> Command:
    """The command of a row."""
    values = dict(row)
    details = values.pop("details")
    if details is None:
        return Command(**values)
    if values["verb"] == "import":
        return Command(**values, history=_HISTORY.decode(details))
    if values["verb"] == "drill":
        return Command(**values, drill=drill_for(details))
    if values["verb"] == "silence":
        return Command(**values, hush=wish_of(details))
    said = _SAID.decode(details)
    return Command(**values, **({"wish": said} if isinstance(said, Wish) else {"ending": said}))


def history_row(brand: str, history: Sequence[Imported], by: str, at: Instant) -> dict[str, object]:
    """A row of `commands`."""
    told = {"because": None, "refusal": "", "details": encode(tuple(history))}
    return {"at": at, "verb": "import", "target": brand, "by": by, **told}


def label_rows(wishes: Sequence[tuple[str, Wish]], by: str, at: Instant) -> list[dict[str, object]]:
    """Rows of `commands`."""
    return [
        {"at": at, "verb": "label", "target": target, "by": by, "because": None, "refusal": "", "details": encode(wish)}
        for target, wish in wishes
    ]
