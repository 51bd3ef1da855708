"""Makes almost-JSON into JSON."""

import re

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|,(?=\s*[\]}])|[\[\]{}]', re.DOTALL)
_CLOSERS = {"{": "}", "[": "]"}
_DEEPEST = 200
_ITEMS_DEPTH = 2  # an entry stands in a list in an object


def mended(text: str) -> str:
    """The first object or list of a text: without commas that nothing follows, and, where the text breaks off, closed
    after its last whole entry. What cannot be mended comes back as it is.
    """
    start = re.search(r"[\[{]", text)
    if not start:
        return text
    pieces: list[str] = []
    opened: list[str] = []
    position, whole = start.start(), ("", 0)
    for token in _TOKEN.finditer(text, position):
        mark = token[0]
        if mark == ",":
            pieces.append(text[position : token.start()])
            position = token.end()
        elif mark in _CLOSERS:
            opened.append(_CLOSERS[mark])
        elif opened and mark == opened[-1]:
            opened.pop()
            pieces.append(text[position : token.end()])
            position = token.end()
            if len(opened) <= _ITEMS_DEPTH:
                whole = "".join(reversed(opened)), len(pieces)
        if len(opened) > _DEEPEST or not opened:
            break
    return "".join(pieces[: whole[1]]) + whole[0] if whole[1] else text
