"""A configuration as written: one file, what it includes and what the environment overrides, with places."""

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path
from typing import Any, Literal

from config.parse import MAX_BYTES, Keys, Parsed, Place, dotted, parse
from config.problems import Problem, way_out

MAX_FILES = 200
_SHORTEST = 4
"""Characters from which a value is looked for in messages; a shorter one is found in any word, and is no secret."""
_ALIASES = {
    "BADBUZZ_DATA_DIR": "BADBUZZ_DAEMON__DATA",
    "BADBUZZ_LOG_LEVEL": "BADBUZZ_DAEMON__LOG_LEVEL",
    "BADBUZZ_LOG_FORMAT": "BADBUZZ_DAEMON__LOG",
}


@dataclass(kw_only=True, repr=False)
class Document(Parsed):
    """Plain data of all files together. `path` is the file that was asked for."""

    path: Path
    files: list[Path] = field(default_factory=list)

    def place(self, keys: Keys) -> Place:
        """Where `keys` is written, or the nearest map or list around it."""
        while keys and keys not in self.places:
            keys = keys[:-1]
        return self.places.get(keys, Place(str(self.path)))

    def locate(self, keys: Keys) -> tuple[str, int]:
        """File and line (from 1; 0 unknown) of `keys`, or of the nearest map or list around it."""
        place = self.place(keys)
        return place.file, place.line

    def problem(self, keys: Keys, message: str, hint: str = "", *, warning: bool = False) -> Problem:
        """A problem at the place of `keys`, cleaned of every secret."""
        file, line = self.locate(keys)
        for secret in self.secrets:
            if len(secret) < _SHORTEST:
                continue
            message, hint = message.replace(secret, "***"), hint.replace(secret, "***")
        level: Literal["warning", "error"] = "warning" if warning else "error"
        return Problem(message=message, path=dotted(keys), hint=hint, file=file, line=line, level=level)

    def column(self, problem: Problem) -> int:
        """The column at which a problem's key, or the nearest map or list around it, stands on its line, from 1; 0
        unknown.
        """
        known = {dotted(keys): place for keys, place in self.places.items()}
        path = problem.path
        while path and path not in known:
            path = path.rpartition(".")[0]
        place = known.get(path)
        return place.column if place and (place.file, place.line) == (problem.file, problem.line) else 0

    def is_broken(self, keys: Keys) -> bool:
        """`keys`, or something it is part of or made of, has a problem already."""
        return any(keys[: len(bad)] == bad or bad[: len(keys)] == keys for bad in self.broken if bad)

    @property
    def is_incomplete(self) -> bool:
        """A file could not be read: what seems to be missing may stand there."""
        return () in self.broken


def read(path: Path, environ: Mapping[str, str], *, absent: str = "check the path") -> Document:
    """The document of a file. Never raises for what it holds: everything wrong is in `problems`. `absent` is what to do
    when there is no such file.
    """
    reader = _Reader(path, environ, absent)
    reader.include(path, Place(""), into=reader.out)
    _override(reader.out, environ)
    return reader.out


class _Reader:
    def __init__(self, path: Path, environ: Mapping[str, str], absent: str) -> None:
        self.out = Document(path=path)
        self._environ, self._absent = environ, absent
        self._read: dict[Path, Place] = {}

    def include(self, path: Path, by: Place, into: Document) -> None:
        """Read `path` and everything it includes into `into`; `by` is the place that asked for it."""
        content = self._content(path, by)
        if content is None or not self._first_time(path, by):
            return
        into.files.append(path)
        parsed = parse(content, str(path), self._environ)
        asked = parsed.data.pop("include", None)
        place = parsed.places.get(("include",), Place(str(path)))
        _merge(into, parsed)
        for pattern in self._patterns(asked, place):
            for child in self._matches(path.parent, pattern, place):
                self.include(child, place, into)

    def _first_time(self, path: Path, by: Place) -> bool:
        real = path.resolve()
        if real in self._read:
            first = self._read[real]
            where = f"by {first.file}:{first.line}" if first.file else "as the main file"
            self._problem(by, f"{path} is read already, {where}", "include each file once, and never in a circle")
            return False
        self._read[real] = by
        if len(self._read) > MAX_FILES:
            self._problem(by, f"more than {MAX_FILES} files", "include less")
            return False
        return True

    def _content(self, path: Path, by: Place) -> bytes | None:
        try:
            content = None if by.file and _may_not_end(path) else _head(path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a usable path"
            is_starting = isinstance(error, FileNotFoundError) and not by.file
            hint = self._absent if is_starting else way_out(error) or "check the path"
            self._problem(by if by.file else Place(str(path)), f"cannot read {path}: {reason}", hint)
            return None
        if content is None:
            self._problem(by, f"{path} is no regular file", "include files of text")
        return content

    def _patterns(self, asked: object, place: Place) -> list[str]:
        patterns = [asked] if isinstance(asked, str) else asked if isinstance(asked, list) else []
        names = [pattern for pattern in patterns if isinstance(pattern, str) and pattern]
        if asked is not None and (len(names) != len(patterns) or not patterns):
            self._problem(place, "include takes a file name or a list of them", "include: conf.d/*.yaml")
        return names

    def _matches(self, folder: Path, pattern: str, place: Place) -> list[Path]:
        if not has_magic(pattern):
            return [folder / pattern]
        try:
            names = glob(pattern, root_dir=folder)  # noqa: PTH207 - Path.glob refuses absolute patterns
        except (OSError, ValueError):
            self._problem(place, f"not a usable pattern: {pattern[:80]}", "include: conf.d/*.yaml")
            return []
        return [folder / name for name in sorted(names)]

    def _problem(self, place: Place, message: str, hint: str) -> None:
        path = "include" if place.line else ""
        problem = Problem(message=message, path=path, hint=hint, file=place.file, line=place.line)
        self.out.broken.add(())
        self.out.problems.append(problem)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _may_not_end(path: Path) -> bool:
    """Whether reading may never end, as for a pipe or a device. Raises OSError or ValueError."""
    mode = path.stat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _merge(into: Document, more: Parsed) -> None:
    """Sections are joined, what they hold is not: a name or setting stands in one place."""
    into.problems += more.problems
    into.broken |= more.broken
    into.absent |= more.absent
    into.elsewhere |= more.elsewhere
    into.secrets |= more.secrets
    taken = dict(into.places)
    for section, value in more.data.items():
        mine = into.data.setdefault(section, value)
        if mine is value:
            continue
        if not (isinstance(mine, dict) and isinstance(value, dict)):
            _twice(into, more, (section,), taken)
            continue
        for name, held in value.items():
            if name in mine:
                _twice(into, more, (section, name), taken)
            else:
                mine[name] = held
    into.places = more.places | taken


def _twice(into: Document, more: Parsed, keys: Keys, taken: Mapping[Keys, Place]) -> None:
    first, second = taken.get(keys, Place(str(into.path))), more.places[keys]
    problem = Problem(
        message=f"defined twice, first at {first.file}:{first.line}",
        path=dotted(keys),
        hint="keep one of them",
        file=second.file,
        line=second.line,
    )
    into.problems.append(problem)


def _override(document: Document, environ: Mapping[str, str]) -> None:
    """`BADBUZZ_DAEMON__LISTEN=...` is `daemon.listen`; a name with `-` is written with `_`."""
    for variable in sorted(environ):
        name = _ALIASES.get(variable, variable)
        section, *rest = name.removeprefix("BADBUZZ_").lower().split("__")
        if name.startswith("BADBUZZ_") and section and rest and all(rest):
            _set(document, (section, *rest), variable, environ[variable])


def _set(document: Document, words: tuple[str, ...], variable: str, value: str) -> None:
    here: Any = document.data
    keys: Keys = ()
    for word in words[:-1]:
        key = _key(here, word)
        keys = (*keys, key)
        here = here.setdefault(key, {})
        if here is None or not isinstance(here, dict):
            message = f"{variable} cannot be set: {dotted(keys)} is not a map"
            document.problems.append(Problem(message=message, hint="change the file instead"))
            return
    last = _key(here, words[-1])
    here[last] = value
    for number in range(1, len(keys) + 1):
        document.places.setdefault(keys[:number], Place(f"environment variable {variable}"))
    document.places[(*keys, last)] = Place(f"environment variable {variable}", origin="environment")


def _key(known: dict[str, Any], word: str) -> str:
    return next((key for key in known if key.replace("-", "_").lower() == word), word)
