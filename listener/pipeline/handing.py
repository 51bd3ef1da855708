"""Which part of the brands a command is for, where brands are judged in parts."""

from config.settings import Settings
from listener.shares import Share, part_of
from listener.store.asking import Command, Split
from listener.store.port import Commit, Views

_ON_INCIDENT = ("ack", "unack", "resolve")


async def handed(command: Command, share: Share, views: Views, settings: Settings, commit: Commit) -> bool:
    """Leave a command to the parts that it is for, in a transaction of the desk; False where it is the desk's own, also
    to refuse it. Raises StoreError.
    """
    if command.verb in _ON_INCIDENT:
        return await _on_incidents(command, share, views, commit)
    brand = command.wish.brand if command.wish else command.target if command.verb == "import" else ""
    if brand not in settings.brands:
        return False
    commit.handed.append((command.id, part_of(brand, share.parts)))
    return True


async def _on_incidents(command: Command, share: Share, views: Views, commit: Commit) -> bool:
    row = await views.incident(command.target)
    if row:
        commit.handed.append((command.id, part_of(row.brand, share.parts)))
        return True
    named = await views.told_in(command.target) if command.verb == "ack" else []
    rows = [row for each in named if (row := await views.incident(each))]
    commit.split += [Split(command=command.id, target=row.id, part=part_of(row.brand, share.parts)) for row in rows]
    return bool(rows)
