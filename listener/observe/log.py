"""What the daemon says about itself, to stderr: one fact a line, as text or JSON, with secrets masked."""

import json
import logging
import sys
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from typing import Any, Literal, TextIO

import structlog
from pydantic import SecretBytes, SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

from listener.observe.masking import MASK, Masking
from rules.instant import MINUTE, Instant, moment

Style = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]

LONGEST_VALUE = 2_000
LONGEST_TRACEBACK = 20_000
DIFFERENT_REPEATS = 1_000
PASSING = frozenset({"attempt", "retry_in", "at", "exc_info", "duration"})
"""Facts that change from one repeat of the same trouble to the next."""

_HEAD = ("ts", "level", "msg")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def escaped(text: str) -> str:
    """Control, bidirectional and other invisible characters as escapes: a stranger cannot fake a line or a colour."""
    if text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _INVISIBLE else char for char in text
    )


class _Line(structlog.PrintLogger):
    """Writes lines; `component` is the name that `get_logger` was given."""

    def __init__(self, stream: TextIO, component: str = "") -> None:
        super().__init__(stream)
        self.component = component


def _name_component(logger: WrappedLogger, _method: str, facts: EventDict) -> EventDict:
    component = getattr(logger, "component", "")
    return {"component": component, **facts} if component else facts


class _Cleaner:
    """Makes every value plain, short, escaped and free of secrets."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking

    def __call__(self, _logger: WrappedLogger, _method: str, facts: EventDict) -> EventDict:
        trace = facts.pop("exception", None)
        clean: EventDict = {self._text(key): self._plain(value) for key, value in facts.items()}
        if trace:
            lines = self._masking.hide(trace)[-LONGEST_TRACEBACK:].splitlines()
            clean["exception"] = "\n".join(map(escaped, lines))
        return clean

    def _plain(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, SecretStr | SecretBytes):
            return MASK
        if isinstance(value, Mapping):
            return {self._text(str(key)): self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._plain(item) for item in value]
        return self._text(str(value))

    def _text(self, text: str) -> str:
        hidden = self._masking.hide(text)
        return escaped(hidden if len(hidden) <= LONGEST_VALUE else f"{hidden[:LONGEST_VALUE]}…")


class _Stamp:
    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now

    def __call__(self, _logger: WrappedLogger, _method: str, facts: EventDict) -> EventDict:
        stamp = moment(self._now()).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"ts": stamp, "level": facts.pop("level"), "msg": facts.pop("event"), **facts}


class _Repeats:
    """The same warning or error within a minute is counted, not written; the next one written says how many."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self._seen: OrderedDict[str, tuple[Instant, int]] = OrderedDict()

    def __call__(self, _logger: WrappedLogger, _method: str, facts: EventDict) -> EventDict:
        if facts["level"] not in {"warning", "error", "critical"}:
            return facts
        key = repr(sorted((name, str(value)) for name, value in facts.items() if name not in PASSING))
        now = self._now()
        since, held = self._seen.get(key, (now - MINUTE, 0))
        if now - since < MINUTE:
            self._seen[key] = since, held + 1
            raise structlog.DropEvent
        self._seen[key] = now, 0
        self._seen.move_to_end(key)
        if len(self._seen) > DIFFERENT_REPEATS:
            self._seen.popitem(last=False)
        return {**facts, "repeated": held} if held else facts


_LOGFMT = structlog.processors.LogfmtRenderer(key_order=_HEAD, bool_as_flag=False)


def _as_text(logger: WrappedLogger, method: str, facts: MutableMapping[str, Any]) -> str:
    """Logfmt; a traceback follows, indented, so that no line of it can pass for one of ours."""
    trace = facts.pop("exception", None)
    flat = {
        key.replace(" ", "_"): json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        for key, value in facts.items()
    }
    line = str(_LOGFMT(logger, method, flat))
    return line if trace is None else "\n    ".join([line, *trace.splitlines()])


def _as_json(_logger: WrappedLogger, _method: str, facts: MutableMapping[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False)


def processors(style: Style, masking: Masking, now: Callable[[], Instant]) -> list[Processor]:
    """From an event and its facts to a line."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _name_component,
        _Repeats(now),
        structlog.processors.format_exc_info,
        _Stamp(now),
        _Cleaner(masking),
        _as_json if style == "json" else _as_text,
    ]


class _Libraries(logging.Handler):
    """What libraries say through `logging`, in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger(record.name).log(record.levelno, record.getMessage(), exc_info=record.exc_info or None)


def set_up(
    *,
    style: Style,
    level: Level,
    masking: Masking,
    now: Callable[[], Instant],
    stream: TextIO | None = None,
) -> None:
    """Send everything that is logged in this process to `stream` (stderr). Libraries are heard from `warning` up.

    `now` is the wall clock: log lines are read beside those of other programs.
    """
    structlog.configure(
        processors=processors(style, masking, now),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=partial(_Line, stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
