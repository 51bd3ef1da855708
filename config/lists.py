"""Lists that several queries name: competitors, friendly accounts, sites to leave out."""

import re
from collections.abc import Mapping

_NAMED = re.compile(r"@list\(([^()\s]*)\)")
_PLAIN = re.compile(r'[^\s()"“”„«»]+')

Lists = Mapping[str, tuple[str, ...]]


def expanded(query: str, lists: Lists) -> str:
    """A query in which `@list(name)` is replaced by what the list holds. An unknown list stays, to be told of."""

    def entries(found: re.Match[str]) -> str:
        held = lists.get(found[1])
        return f"({' OR '.join(map(_written, held))})" if held else found[0]

    return _NAMED.sub(entries, query)


def _written(entry: str) -> str:
    bare = entry.strip()
    return bare if _PLAIN.fullmatch(bare) or bare.strip("+").startswith(('"', "“", "„", "«")) else f'"{bare}"'
