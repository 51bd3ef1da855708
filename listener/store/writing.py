"""One commit as statements. Everything runs on the connection it is given, inside its transaction."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import Any, NoReturn

from sqlalchemy import Connection, bindparam, delete, func, literal, select, update

from alerts.delivery import Outcome, Outgoing
from listener.store.among import among, named
from listener.store.asking import Judged, Split
from listener.store.drilling import write_drills
from listener.store.inserting import insert_all, insert_new, upsert
from listener.store.marking import without_text, write_marks
from listener.store.noting import keep_aside, write_remarks
from listener.store.owned import count_alone, inherited, prefix, writer_row
from listener.store.port import Commit, LogEntry, Moved, StoreBusyError, StoredMention
from listener.store.rows import Row, chunks, delivery_row, emptied, encode, key, mention_row, stored_mention
from listener.store.silencing import write_silences
from listener.store.sparing import write_spared
from listener.store.tables import (
    ATTEMPTS,
    BRANDS,
    COMMANDS,
    INCIDENTS,
    INPUTS,
    MENTION_BRANDS,
    MENTIONS,
    META,
    OUTBOX,
    SEEN,
    SNAPSHOTS,
    SOURCES,
    TOMBSTONES,
    TRANSITIONS,
)
from rules.inputs import encode as encode_input
from rules.instant import DAY, Instant
from rules.transition import Transition

REVISIONS = 20
"""Revisions remembered of one identity from one source, the latest: what is edited without end must not grow so."""
RELIST_EVERY = DAY
"""How stale `listed` may grow before it is written again: retention counts in days."""


_MINE = update(META).where(META.c.id == bindparam("mine"), META.c.epoch == bindparam("ours"))


def write(
    connection: Connection,
    commit: Commit,
    *,
    epoch: int,
    last: dict[str, int],
    relisted: Sequence[str],
    new: Collection[str] = (),
) -> dict[str, int]:
    """Write all rows of `commit`; returns the new last sequence numbers of the brands it touches, given all the
    `last` ones. Of the identities that are `new` there is no row yet. Raises StoreBusyError when `epoch` is over.
    """
    _advance(connection, commit, epoch)
    _seen(connection, commit, relisted, new)
    _mentions(connection, commit.mentions, new)
    for stored in commit.joined:
        _join(connection, stored)
    write_marks(connection, commit)
    _tombstones(connection, commit.tombstones, commit.last)
    moved = _inputs(connection, commit.inputs, last)
    if commit.transitions or commit.outgoing or commit.moved or commit.silences or commit.remarks:
        count_alone(connection)  # not before what needs no number, which is most of it
    _transitions(connection, commit.transitions)
    _judged(connection, commit.judged)
    write_silences(connection, commit)
    write_spared(connection, commit.spared)
    write_remarks(connection, commit.remarks)
    write_drills(connection, commit.drills)
    write_told(connection, commit)
    named_here = [vars(row) | {"name": prefix(connection) + row.name} for row in commit.sources]
    upsert(connection, SOURCES, sorted(named_here, key=itemgetter("name")))
    _answered(connection, commit)
    seqs = last | moved
    rows = [
        {"brand": brand, "seq": seqs.get(brand, 0), "at": at, "state": state} for brand, at, state in commit.snapshots
    ]
    upsert(connection, SNAPSHOTS, rows)
    return moved


def write_told(connection: Connection, commit: Commit) -> None:
    """Write what of `commit` is about deliveries."""
    _move(connection, commit.moved)
    _outgoing(connection, commit.outgoing, commit.last)
    _outcomes(connection, commit.outcomes)
    _unpark(connection, commit.unpark)


def _advance(connection: Connection, commit: Commit, epoch: int) -> None:
    values = {"advanced": commit.advanced, "last": commit.last}
    if commit.offset is not None:
        values["offset"] = commit.offset
    if connection.execute(_MINE, {"mine": writer_row(connection), "ours": epoch, **values}).rowcount != 1:
        lost(connection)


def lost(connection: Connection) -> NoReturn:
    """Raises StoreBusyError naming who has the store, or the part of it."""
    row = writer_row(connection)
    owner = connection.scalar(select(META.c.owner).where(META.c.id == row))
    what = f"part {row - 1} of this database" if row > 1 else "the store"
    # on a server whoever stands by takes over: nothing is to be stopped
    todo = ": stop one of the two" if connection.dialect.name == "sqlite" else ""
    raise StoreBusyError(f"{what} was taken over by {owner}{todo}")


def _seen(connection: Connection, commit: Commit, relisted: Sequence[str], new: Collection[str]) -> None:
    for names in chunks(relisted):
        for table in (SEEN, TOMBSTONES):
            theirs = update(table).where(among(connection, table.c.identity)).values(listed=commit.last)
            connection.execute(theirs, named(connection, names))
    at, mine = commit.last, prefix(connection)
    rows = [(mine + key(identity), key(revision), source, at, at) for identity, revision, source in commit.seen]
    insert_new(connection, SEEN, rows)
    taken = Counter(identity for identity, _, _ in commit.seen)
    _thin(connection, [mine + key(name) for name, count in taken.items() if count > REVISIONS or name not in new])


def _thin(connection: Connection, identities: Sequence[str]) -> None:
    """Forget all but the latest revisions of each source where there are too many."""
    for names in chunks(identities):
        lines = select(SEEN.c.identity, SEEN.c.source).where(among(connection, SEEN.c.identity))
        crowded = lines.group_by(SEEN.c.identity, SEEN.c.source).having(func.count() > REVISIONS)
        for name, source in connection.execute(crowded, named(connection, names)).all():
            mine = (SEEN.c.identity == name) & (SEEN.c.source == source)
            latest = select(SEEN.c.revision).where(mine).order_by(SEEN.c.at.desc(), SEEN.c.revision)
            kept = connection.scalars(latest.limit(REVISIONS)).all()
            connection.execute(delete(SEEN).where(mine, SEEN.c.revision.not_in(kept)))


def _mentions(connection: Connection, mentions: Iterable[StoredMention], new: Collection[str]) -> None:
    mine, latest = prefix(connection), {stored.mention.identity: stored for stored in mentions}
    rows = [(mine + key(identity), stored) for identity, stored in latest.items()]
    upsert(connection, MENTIONS, [mention_row(name, stored) for name, stored in rows])
    for names in chunks([mine + key(identity) for identity in latest if identity not in new]):
        theirs = delete(MENTION_BRANDS).where(among(connection, MENTION_BRANDS.c.identity))
        connection.execute(theirs, named(connection, names))
    links = [(name, brand, stored.at) for name, stored in rows for brand in stored.facts]
    insert_new(connection, MENTION_BRANDS, links)


def _join(connection: Connection, more: StoredMention) -> None:
    mine = MENTIONS.c.identity == prefix(connection) + key(more.mention.identity)
    row = connection.execute(select(MENTIONS).where(mine)).mappings().first()
    if row is None:
        return
    stored = stored_mention(row)
    facts, tones = {**stored.facts, **more.facts}, {**stored.tones, **more.tones}
    connection.execute(update(MENTIONS).where(mine).values(facts=encode(facts), tones=encode(tones)))
    links = [{"identity": row["identity"], "brand": brand, "at": stored.at} for brand in more.facts]
    insert_new(connection, MENTION_BRANDS, links)


def _tombstones(connection: Connection, identities: Sequence[str], at: Instant) -> None:
    # in one order, as two parts hear of the same deletions
    mine, names = prefix(connection), sorted({key(identity) for identity in identities})
    insert_new(connection, TOMBSTONES, [{"identity": mine + name, "at": at, "listed": at} for name in names])
    for part in chunks(names):
        # what was taken by whoever had these brands before is nobody else's to empty
        for before in inherited(connection):
            _empty(connection, before, part, at)
        without_text(connection, part)


def _empty(connection: Connection, before: str, names: Sequence[str], at: Instant) -> None:
    here = MENTIONS.c.identity.in_([before + name for name in names])
    rows = select(MENTIONS).where(here, ~MENTIONS.c.deleted).order_by(MENTIONS.c.identity).with_for_update()
    found = connection.execute(rows).mappings().all()
    keep_aside(connection, found, at)
    upsert(connection, MENTIONS, [mention_row(row["identity"], emptied(stored_mention(row))) for row in found])


def _inputs(connection: Connection, entries: Iterable[LogEntry], last: dict[str, int]) -> dict[str, int]:
    moved: dict[str, int] = {}
    rows = []
    for logged in entries:
        seq = moved[logged.brand] = moved.get(logged.brand, last.get(logged.brand, 0)) + 1
        rows.append((logged.brand, seq, logged.entry.at, encode_input(logged.entry)))
    insert_all(connection, INPUTS, rows)
    upsert(connection, BRANDS, [{"brand": brand, "seq": seq} for brand, seq in moved.items()])
    return moved


def _transitions(connection: Connection, transitions: Iterable[Transition]) -> None:
    given: dict[tuple[str, int], Transition] = {}
    for transition in transitions:
        given.setdefault((transition.incident, transition.step), transition)
    if not given:
        return
    incidents = list(dict.fromkeys(incident for incident, _ in given))
    known: set[tuple[str, int]] = set()
    for names in chunks(incidents):
        stored = select(TRANSITIONS.c.incident, TRANSITIONS.c.step).where(TRANSITIONS.c.incident.in_(names))
        known.update((row.incident, row.step) for row in connection.execute(stored))
    new = [transition for name, transition in given.items() if name not in known]
    position = _highest(connection, TRANSITIONS.c.position)
    rows = [
        {"incident": step.incident, "step": step.step, "position": position + count, "body": encode(step)}
        for count, step in enumerate(new, 1)
    ]
    insert_new(connection, TRANSITIONS, rows)
    _incidents(connection, new, incidents)


def _incidents(connection: Connection, new: Iterable[Transition], ids: Sequence[str]) -> None:
    rows: dict[str, Row] = {}
    for names in chunks(ids):
        known = connection.execute(select(INCIDENTS).where(INCIDENTS.c.id.in_(names))).mappings()
        rows |= {row["id"]: dict(row) for row in known}
    number = _highest(connection, INCIDENTS.c.number)
    touched: dict[str, Row] = {}
    for step in new:
        before = touched.get(step.incident) or rows.get(step.incident)
        if before is None:
            number += 1
            before = {"number": number, "opened_at": step.at, "acknowledged_by": None, "steps": 0}
        touched[step.incident] = _stepped(before, step)
    upsert(connection, INCIDENTS, list(touched.values()))


def _stepped(before: Row, step: Transition) -> Row:
    # whoever had it does not have what comes back
    by = {"acknowledged": step.by, "released": None, "reopened": None}.get(step.state, before["acknowledged_by"])
    return {
        "id": step.incident,
        "number": before["number"],
        "brand": step.brand,
        "rule": step.rule,
        "state": step.state,
        "severity": step.severity,
        "opened_at": before["opened_at"],
        "changed_at": step.at,
        "acknowledged_by": by,
        "steps": before["steps"] + 1,
        **_ending(before, step),
    }


def _ending(before: Row, step: Transition) -> Row:
    if step.ending:
        return {"ending": step.ending, "judged_by": step.by, "judged_because": step.because}
    return {name: before.get(name) for name in ("ending", "judged_by", "judged_because")}


def _judged(connection: Connection, judged: Iterable[Judged]) -> None:
    for each in judged:
        said = {"ending": each.ending, "judged_by": each.by, "judged_because": each.because}
        connection.execute(update(INCIDENTS).where(INCIDENTS.c.id == each.incident).values(said))


def _move(connection: Connection, moved: Iterable[Moved]) -> None:
    for each in moved:
        planned = update(OUTBOX).where(
            OUTBOX.c.state == "due",
            OUTBOX.c.attempts == 0,
            OUTBOX.c.channel == each.channel,
            OUTBOX.c.circle == each.circle,
            OUTBOX.c.slot == each.before,
        )
        connection.execute(planned.values(slot=each.after, due=each.after))


def _outgoing(connection: Connection, outgoing: Iterable[Outgoing], at: Instant) -> None:
    given: dict[str, Outgoing] = {}
    for delivery in outgoing:
        given.setdefault(delivery.id, delivery)
    if not given:
        return
    known: set[str] = set()
    for names in chunks(list(given)):
        known.update(connection.scalars(select(OUTBOX.c.id).where(OUTBOX.c.id.in_(names))))
    position = _highest(connection, OUTBOX.c.position)
    new = (delivery for name, delivery in given.items() if name not in known)
    insert_new(connection, OUTBOX, [delivery_row(one, position + count, at) for count, one in enumerate(new, 1)])


def _outcomes(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    insert_new(connection, ATTEMPTS, [_attempt(outcome) for outcome in outcomes])
    for outcome in outcomes:
        again = outcome.state == "retry"
        values: dict[str, Any] = {
            "state": "due" if again else outcome.state,
            "attempts": outcome.attempt,
            "reason": outcome.reason,
            "detail": outcome.detail,
            "finished": None if again else outcome.at,
            "receipt": outcome.receipt,
            "told_in": outcome.told_in,
        }
        when = {"due": outcome.due} if again else {}
        connection.execute(update(OUTBOX).where(OUTBOX.c.id == outcome.delivery).values(values | when))


def _attempt(outcome: Outcome) -> Row:
    return {name: getattr(outcome, name) for name in ("delivery", "attempt", "at", "state", "reason", "detail")}


def _unpark(connection: Connection, deliveries: Iterable[tuple[str, Instant]]) -> None:
    for name, due in deliveries:
        parked = update(OUTBOX).where(OUTBOX.c.id == name, OUTBOX.c.state == "parked")
        connection.execute(parked.values(state="due", due=due, finished=None))


def _answered(connection: Connection, commit: Commit) -> None:
    for command, part in commit.handed:
        connection.execute(update(COMMANDS).where(COMMANDS.c.id == command).values(part=part))
    for each in commit.split:
        _split(connection, each, commit.last)
    rows = [{"command": one.id, "when": one.at, "words": one.refusal} for one in commit.answered]
    if rows:
        asked = update(COMMANDS).where(COMMANDS.c.id == bindparam("command"))
        connection.execute(asked.values(answered_at=bindparam("when"), refusal=bindparam("words"), details=None), rows)


def _split(connection: Connection, part: Split, at: Instant) -> None:
    mine = COMMANDS.c.id == part.command
    kept = ("at", "verb", "by", "because", "refusal")
    copied = select(*(COMMANDS.c[name] for name in kept), literal(part.target), literal(part.part)).where(mine)
    connection.execute(COMMANDS.insert().from_select([*kept, "target", "part"], copied))
    connection.execute(update(COMMANDS).where(mine).values(answered_at=at))


def _highest(connection: Connection, column: Any) -> int:
    return int(connection.scalar(select(func.coalesce(func.max(column), 0))) or 0)
