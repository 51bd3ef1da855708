"""What reports count, as statements on the connection that is given."""

from collections import Counter

from sqlalchemy import Connection, func, or_, select

from alerts.digest import Counted
from listener.store.rows import facts_of
from listener.store.tables import INPUTS, MENTION_BRANDS, MENTIONS, SNAPSHOTS
from rules.inputs import Input, decode
from rules.instant import Instant, Span
from rules.series import series_of

_OF_HEARING = ("coverage", "missed", "gap")
_MOST = 20_000


def counted(
    connection: Connection, brand: str, since: Instant, until: Instant, width: Span
) -> dict[Instant, Counter[str]]:
    """Mentions taken in that time, by the beginning of the bin that they count for and by series."""
    taken = MENTION_BRANDS.c.at
    rows = select(MENTIONS.c.facts).join(MENTION_BRANDS, MENTION_BRANDS.c.identity == MENTIONS.c.identity)
    rows = rows.where(MENTION_BRANDS.c.brand == brand, taken >= since, taken < until)
    found: dict[Instant, Counter[str]] = {}
    for body in connection.scalars(rows.execution_options(yield_per=1_000)):
        facts = facts_of(body).get(brand)
        if facts is not None:
            found.setdefault(facts.moment // width * width, Counter()).update(series_of(facts))
    return found


def heard_since(connection: Connection, brand: str) -> Instant | None:
    first: Instant | None = connection.scalar(
        select(func.min(MENTION_BRANDS.c.at)).where(MENTION_BRANDS.c.brand == brand)
    )
    return first


def hearing(connection: Connection, brand: str, since: Instant, until: Instant) -> tuple[bytes | None, list[Input]]:
    """See the port."""
    before = select(SNAPSHOTS.c.seq, SNAPSHOTS.c.state).where(SNAPSHOTS.c.brand == brand, SNAPSHOTS.c.at <= since)
    last = connection.execute(before.order_by(SNAPSHOTS.c.seq.desc()).limit(1)).first()
    # a body begins with its type: so rows are chosen without being read
    starts = [f'{{"type":"{each}"'.encode() for each in _OF_HEARING]
    kinds = or_(*(INPUTS.c.body.between(start, start + b"\xff") for start in starts))
    rows = select(INPUTS.c.body).where(INPUTS.c.brand == brand, INPUTS.c.seq > (last.seq if last else 0), kinds)
    rows = rows.where(INPUTS.c.at < until).order_by(INPUTS.c.seq).limit(_MOST)
    return (last.state if last else None), [decode(body) for body in connection.scalars(rows)]


def summed(series: Counter[str]) -> Counted:
    """What was counted of one bin."""
    return Counted(
        posts=series["posts"],
        negative=series["negative"],
        positive=series["positive"],
        unsupported=series["unsupported"],
    )
