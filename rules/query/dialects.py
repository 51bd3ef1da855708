"""Queries as other tools write them, in this program's words, and what could not be carried over."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal, NamedTuple

from rules.query.carried import FIELDS, PARTS, Rewrite
from rules.query.compiled import is_true_of_nothing
from rules.query.errors import QueryError
from rules.query.pruning import Pruning, mark
from rules.query.reading import FURTHEST, QUOTED, read, refuse_length
from rules.query.showing import show
from rules.query.tree import Group, Near, Node
from rules.query.wording import term

DIALECTS = ("brandwatch", "meltwater", "talkwalker", "x")


class Lost(NamedTuple):
    """A part of a query that means nothing here, where it stands, and why. `along` is what had to be left out with it,
    and what the query `finds` without that; "" where that cannot be said.
    """

    written: str
    at: int
    why: str
    along: str = ""
    finds: Literal["more", "less", ""] = ""


@dataclass(frozen=True)
class Translated:
    """`query` is what can be said here, "" when nothing can; what was `changed` is told as from -> to."""

    query: str
    lost: tuple[Lost, ...] = ()
    changed: tuple[tuple[str, str], ...] = ()


class _Piece(NamedTuple):
    """A part of the query in this program's words, and where it was."""

    said: str
    at: int


_NEAR = {"brandwatch": 5, "meltwater": 4, "talkwalker": 15, "x": 4}
_COMMENT = r"<<<(?:(?!<<<|>>>).)*>>>"
_UNCLOSED = re.compile(rf"{_COMMENT}|{QUOTED.pattern}|(?P<open>[\"“„«])", re.DOTALL)
_PIECE = re.compile(
    rf"""(?P<comment>{_COMMENT})
      | (?P<minus>(?<![^\s(–−-])[-–−](?=\S))
      | (?P<near>(?i:O?(?:NEAR|SENTENCE)(?:/\d+f?)?)(?![^\s()"“„«]))
      | (?P<often>(?i:ATLEAST/?)(?P<times>\d+)(?::|(?![^\s()"“„«])))
      | (?P<field>[A-Za-z][\w.]*):(?P<gap>[ ]?)(?=[^\s)])
      | (?P<quoted>\+{{0,2}}(?:{QUOTED.pattern})(?:~\w*)?)
      | (?P<case>\{{[^{{}}]*\}})
      | (?P<word>[^\s()"“”„«»{{}}]+)
      | (?P<other>\s+|[()])
      | (?P<stray>.)""",
    re.VERBOSE | re.DOTALL,
)
_VALUE = re.compile(r'"[^"]*"|“[^”]*”|\[[^\]]*\]|[^\s()]+')
_OF_GROUP = re.compile(r'(?P<value>"[^"]*"|“[^”]*”|\[[^\]]*\]|[^\s()]+)|.', re.DOTALL)
_SIGNS = frozenset({"and", "or", "not"})
_IDLE = re.compile(r"[-–—,.;:…·•/]+")
"""Signs that no tool looks for."""
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_LOOSE = re.compile(r"(?<!\w)\?|\?(?!\w)")
_QUOTES = '"“”„«» '
_OPENING = "text: is all of it, not its beginning alone"


def translate(query: str, dialect: str) -> Translated:
    """A query of `dialect`, one of DIALECTS, in this program's words; see `Pruning` for what becomes of the rest when
    parts are lost. Raises QueryError, which points into `query`, when what is left cannot be understood.
    """
    _refuse(query)
    pieces = _Pieces(query, dialect)
    pruning = Pruning(pieces.read())
    lost = tuple(pieces.told(number, each, pruning) for number, each in enumerate(pieces.lost))
    if pruning.root and is_true_of_nothing(pruning.root):
        lost += (Lost(query, 0, "what is left only says what must not be there: add a word that must be there"),)
    said = show(pruning.root) if pruning.root and not is_true_of_nothing(pruning.root) else ""
    whole = isinstance(pruning.root, Group | Near)
    return Translated(said[1:-1] if whole else said, lost, tuple(pieces.changed))


def _refuse(query: str) -> None:
    """What would take very long to part into pieces."""
    refuse_length(query)
    unclosed = next((found for found in _UNCLOSED.finditer(query) if found["open"]), None)
    if unclosed:
        raise QueryError("this quotation is never closed", unclosed.start(), "close it, or remove it", query)


@dataclass
class _Pieces:
    query: str
    dialect: str
    lost: list[Lost] = field(default_factory=list)
    changed: dict[tuple[str, str], None] = field(default_factory=dict)

    def read(self) -> Node:
        pieces = list(self._rewritten())
        try:
            return read("".join(piece.said for piece in pieces)).root
        except QueryError as error:
            raise QueryError(error.message, self._origin(pieces, error.position), error.hint, self.query) from None

    def _origin(self, pieces: list[_Piece], position: int) -> int:
        """Where in the query as it was written that stands which is read at `position`."""
        starts = list(accumulate((len(piece.said) for piece in pieces), initial=0))
        if position >= starts[-1]:
            return len(self.query)
        number = bisect_right(starts, position) - 1
        said, at = pieces[number]
        return at + (position - starts[number] if self.query.startswith(said, at) else 0)

    def told(self, number: int, lost: Lost, pruning: Pruning) -> Lost:
        """With what comes of it."""
        dropped = pruning.dropped.get(number)
        if dropped is None:
            return lost
        along = dropped.along
        for other, each in enumerate(self.lost if along else ()):
            along = along.replace(mark(other), each.written)
        return lost._replace(along=along, finds="more" if dropped.more else "less")

    def _rewritten(self) -> Iterator[_Piece]:
        at = 0
        while at < len(self.query):
            found = _PIECE.match(self.query, at)
            assert found  # a stray character is a piece
            at = found.end()
            if found["field"]:
                value = self._value(at) if self._takes_value(found) else ""
                yield from self._of_field(found, value)
                at += len(value)
            else:
                yield _Piece(self._of_piece(found), found.start())

    def _takes_value(self, found: re.Match[str]) -> bool:
        """Not a part whose value is a query, nor a word before a colon and a space."""
        name = found["field"].lower()
        return name not in PARTS[self.dialect] and (name in FIELDS[self.dialect] or not found["gap"])

    def _value(self, at: int) -> str:
        """A value, or a group of them to where its parenthesis closes."""
        if self.query[at] != "(":
            found = _VALUE.match(self.query, at)
            return found[0] if found else ""
        depth = 0
        for end in range(at, len(self.query)):
            depth += (self.query[end] == "(") - (self.query[end] == ")")
            if not depth:
                return self.query[at : end + 1]
        return self.query[at:]

    def _of_field(self, found: re.Match[str], value: str) -> Iterator[_Piece]:
        name, at = found["field"].lower(), found.start()
        part, rewrite = PARTS[self.dialect].get(name), FIELDS[self.dialect].get(name)
        if part:
            if name == "ingress":
                self.lost.append(Lost(found[0].rstrip(), at, _OPENING))
            yield _Piece(self._say(f"{found['field']}:", f"{part}:"), at)
        elif rewrite is None:
            why = f"{found['field']}: is not known here"
            yield _Piece(self._lose(f"{found[0]}{value}", at, why) if value else f"{found['field']} ", at)
        elif value.startswith("("):
            yield from self._of_values(found, value, rewrite)
        else:
            yield self._of_value(f"{found[0]}{value}", value, at, rewrite)

    def _of_values(self, found: re.Match[str], values: str, rewrite: Rewrite) -> Iterator[_Piece]:
        """Each value with the field; when none can be carried over, the whole is lost."""
        before, made, asked = len(self.lost), list[_Piece](), 0
        for each in _OF_GROUP.finditer(values):
            at = found.end() + each.start()
            is_value = each["value"] and each[0].lower() not in _SIGNS
            asked += bool(is_value)
            made.append(self._of_value(each[0], each[0], at, rewrite) if is_value else _Piece(each[0].upper(), at))
        if asked and len(self.lost) - before == asked:
            why = self.lost[before].why
            del self.lost[before:]
            made = [_Piece(self._lose(f"{found[0]}{values}", found.start(), why), found.start())]
        yield from made

    def _of_value(self, written: str, value: str, at: int, rewrite: Rewrite) -> _Piece:
        try:
            return _Piece(self._say(written, rewrite(value.strip(_QUOTES))), at)
        except ValueError as why:
            return _Piece(self._lose(written, at, str(why)), at)

    def _of_piece(self, found: re.Match[str]) -> str:
        written, at = found[0], found.start()
        match found.lastgroup:
            case "comment":
                return " "
            case "case":
                return self._say(written, self._checked(f'++"{written[1:-1]}"', written, at))
            case "near":
                return self._near(written, at)
            case "often":
                is_meant = self.dialect == "meltwater"
                return self._say(written, f"ATLEAST/{int(found['times'])} " if is_meant else f'"{written}"')
            case "quoted" | "word":
                return self._worded(written, at)
        return written

    def _near(self, written: str, at: int) -> str:
        if not self._is_near(written):
            return f'"{written}"'
        number = re.search(r"\d+", written)
        said = written.upper().removesuffix("F") + ("f" if written[-1] in "fF" else "")
        if number and int(number[0]) > FURTHEST:
            self.lost.append(Lost(written, at, f"at most {FURTHEST} words may stand between"))
            return said.replace(number[0], str(FURTHEST))
        bare = not number and "SENTENCE" not in said
        return self._say(written, f"{said}/{_NEAR[self.dialect]}" if bare else said)

    def _is_near(self, written: str) -> bool:
        if "sentence" in written.lower():
            return self.dialect == "talkwalker" and written.isupper()
        return self.dialect != "x" and (written.isupper() or "/" in written or self.dialect == "meltwater")

    def _worded(self, written: str, at: int) -> str:
        is_x, bare = self.dialect == "x", written.strip(_QUOTES)
        if self.dialect == "meltwater":
            written = re.sub(r"\^\d+$", "", written)  # which hit is shown, not what is found
        if written.lower() in _SIGNS:
            return f'"{written}"' if is_x and written.islower() else self._say(written, written.upper())
        if not written or _IDLE.fullmatch(written):
            return ""
        if _LINK.fullmatch(bare):
            return self._of_value(written, bare, at, FIELDS[self.dialect]["links"]).said
        if is_x and "*" in written and " *" not in written:
            return self._say(written, self._checked(written.replace("*", ""), written, at))
        if not is_x and _LOOSE.search(bare):
            return self._lose(written, at, "? stands only for a letter inside a word here")
        return self._checked(written, written, at)

    def _checked(self, said: str, written: str, at: int) -> str:
        """What can be looked for; without the letters and words that may differ, where only that is too much."""
        why = _refused(said)
        plain = said.partition("~")[0]
        if why is None:
            return said
        if said.startswith("~"):
            return self._lose(written, at, "write NEAR/5 between the groups")
        if plain == said or _refused(plain):
            return self._lose(written, at, why)
        self.lost.append(Lost(written, at, why))
        return plain

    def _say(self, written: str, said: str) -> str:
        if said.rstrip() != written:
            self.changed.setdefault((written, said.rstrip()))
        return said

    def _lose(self, written: str, at: int, why: str) -> str:
        self.lost.append(Lost(written, at, why))
        return f"({mark(len(self.lost) - 1)})"


def _refused(said: str) -> str | None:
    """Why it cannot be looked for."""
    try:
        term(said)
    except QueryError as error:
        return f"{error.message}: {error.hint}"
    return None
