"""Messages in the operator's own words: templates in a folder that take the place of a part of a shipped message.

What they may say is a small part of Jinja2: values, `if`, `for`, comparisons and a few filters. Nothing in it makes a
long text of a short one or goes on for long, whatever the file says, so time and memory are bounded without a clock.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes, pass_context
from jinja2.filters import do_mark_safe
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import SandboxedEnvironment
from msgspec.structs import replace

from alerts import typography
from alerts.alert import Alert, Language, Notice
from alerts.layout import LINE
from alerts.message import Message
from alerts.names import alert_in_names, notice_in_names
from alerts.render import TITLE, marks_of
from alerts.safe import alert_made_safe, notice_made_safe
from alerts.times import Times
from alerts.words import headings
from rules.text import defuse, shorten

LIMITS = {"title": TITLE, "subject": TITLE, "line": LINE, "lead": 600, "context": 400, "text": 20_000, "html": 100_000}
"""The parts of a message, and the most characters of each: a line is shortened, more of anything else is refused."""
BLOCKS = frozenset({"text", "html"})
"""The parts of more than one line."""
DRILL, NOTICE = "drill.", "notice."
"""What the names of templates for drills and for notices begin with; those for alerts begin with the part."""
PARTS: Mapping[str, Sequence[str]] = {
    "": (*LIMITS,),
    DRILL: tuple(part for part in LIMITS if part != "html"),
    NOTICE: (*LIMITS,),
}
"""The parts of each that may be one's own: the page of a drill is marked as one throughout."""
LANGUAGES: tuple[Language, ...] = ("fr", "en")
FILE, MOST_ROUNDS = 16_384, 1_000
"""Most bytes of a template, and most rounds of its loops together."""

_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.CondExpr, nodes.Assign),
    *(nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or),
    *(nodes.Not, nodes.Filter, nodes.Call, nodes.Test),
)
_FILTERS = frozenset({"capitalize", "default", "escape", "e", "first", "last", "length", "lower", "upper"})
_FUNCTIONS = ("number", "estimate", "plural", "span", "quoted", "hour", "moment", "day")
_LOOP = frozenset({"first", "last", "index"})
_ROUNDS = "rounds of loops"  # no name that a template could write
_TESTS = frozenset({"defined", "none", "undefined"})


class BrokenTemplateError(Exception):
    """A template that cannot be used: `name` within its folder, the `line` (0: the whole), and why."""

    def __init__(self, name: str, why: str, line: int = 0) -> None:
        super().__init__(f"{name}{f':{line}' if line else ''}: {why}")
        self.name, self.why, self.line = name, why, line


@dataclass(frozen=True, kw_only=True)
class Worded:
    """A message, which template each of its parts comes from where it is one's own, and which could not be used."""

    message: Message
    own: Mapping[str, str]
    broken: tuple[BrokenTemplateError, ...] = ()


class OwnTemplates:
    """The templates in a folder: `PART.LANGUAGE.jinja` for all channels, `KIND/PART.LANGUAGE.jinja` for a kind.
    They are read when they are used, so a change is in force at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put_into(self, message: Message, kind: str, zone: ZoneInfo) -> Worded:
        """The message with the parts that have a template of one's own. Where one is broken the shipped part stands,
        and the context says so. The word for a drill is put around the words for one, whatever they are. What has
        to show many incidents or a digest keeps the shipped words.
        """
        sort = _sort(message)
        parts, own, broken = dict[str, str](), dict[str, str](), list[BrokenTemplateError]()
        for part in () if sort is None else PARTS[sort]:
            try:
                name = self._named(f"{sort}{_name(part, message.language)}", kind)
                if name:
                    parts[part], own[part] = _put(self._read(name), name, part, message, zone), name
            except BrokenTemplateError as error:
                broken.append(error)
        worded = replace(message, **parts)
        if broken:
            worded = replace(worded, context=f"{worded.context} · {_excuse(message.language, broken)}")
        return Worded(message=worded, own=own, broken=tuple(broken))

    def unused(self, kinds: Iterable[str]) -> list[str]:
        """Files that no message asks for, by their names: a slip of the pen."""
        named = ((sort, part, language) for sort in PARTS for part in PARTS[sort] for language in LANGUAGES)
        asked = {f"{sort}{_name(part, language)}" for sort, part, language in named}
        asked |= {f"{kind}/{name}" for kind in kinds for name in asked}
        return sorted(set(self._names()) - asked)

    def _names(self) -> Iterator[str]:
        return (path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*.jinja"))

    def _named(self, file: str, kind: str) -> str:
        return next((name for name in (f"{kind}/{file}", file) if (self._folder / name).exists()), "")

    def _read(self, name: str) -> str:
        try:
            with (self._folder / name).open("rb") as file:
                held = file.read(FILE + 1)
            if len(held) > FILE:
                raise BrokenTemplateError(name, f"is larger than {FILE // 1024} KiB")
            return held.decode()
        except OSError as error:
            raise BrokenTemplateError(name, error.strerror or "cannot be read") from error
        except UnicodeDecodeError as error:
            raise BrokenTemplateError(name, "is not UTF-8 text") from error


def _sort(message: Message) -> str | None:
    """What the names of its templates begin with; None for what keeps the shipped words."""
    about = message.about
    if isinstance(about, Alert):
        return DRILL if about.drill else ""
    return None if message.listed or about.digest else NOTICE


def _name(part: str, language: Language) -> str:
    return f"{part}.{language}.jinja"


def _excuse(language: Language, broken: list[BrokenTemplateError]) -> str:
    names = ", ".join(error.name for error in broken)
    return f"{headings(language).broken}{headings(language).colon}{names}"


def _put(source: str, name: str, part: str, message: Message, zone: ZoneInfo) -> str:
    """What a template makes of a message, marked where that is a drill. Raises BrokenTemplateError."""
    drill = isinstance(message.about, Alert) and message.about.drill
    marks = marks_of(message.language, drill=drill and part != "context")
    around = marks.short if LIMITS[part] == TITLE else marks.long
    return around(_said(source, name, part, LIMITS[part] - len(around("")), _values(message, part, zone)))


def _said(source: str, name: str, part: str, most: int, values: dict[str, Any]) -> str:
    try:
        environment = _Small(part == "html")
        template = environment.from_string(source)
        text = "".join(_within(template.generate(values), most, name, part))
    except TemplateSyntaxError as error:
        raise BrokenTemplateError(name, error.message or "cannot be read", error.lineno) from error
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise BrokenTemplateError(name, str(error) or type(error).__name__) from error
    if not text.strip():
        raise BrokenTemplateError(name, "says nothing")
    if part in BLOCKS:
        return "\n".join(map(defuse, text.strip().split("\n"))) + "\n"
    return shorten(defuse(text), most)


def _within(chunks: Iterable[str], limit: int, name: str, part: str) -> Iterator[str]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        # a line is shortened; more than a few of them is a slip
        if size > (limit if part in BLOCKS else 10 * limit):
            raise BrokenTemplateError(name, f"says more than {limit} characters")
        yield chunk


def _values(message: Message, part: str, zone: ZoneInfo) -> dict[str, Any]:
    """What a template may speak of: the shipped words, the facts, and how numbers and times are written."""
    language = message.language
    times, facts = Times(message.about.at, zone, language), _facts(message.about, language)
    shipped = replace(message, html=do_mark_safe(message.html)) if part == "html" else message
    functions: dict[str, Any] = {name: partial(getattr(typography, name), language=language) for name in _FUNCTIONS[:5]}
    functions |= {"hour": times.hour, "moment": times.moment, "day": times.day}
    return {"message": shipped, **facts, **functions, _ROUNDS: [0]}


def _facts(about: Alert | Notice, language: Language) -> dict[str, Any]:
    if isinstance(about, Notice):
        return {"notice": notice_made_safe(notice_in_names(about), language)}
    safe = alert_made_safe(alert_in_names(about), language)
    return {"alert": safe, "figures": safe.figures}


@pass_context
def _counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        context[_ROUNDS][0] += 1
        if context[_ROUNDS][0] > MOST_ROUNDS:
            raise TemplateError(f"goes round more than {MOST_ROUNDS} times")
        yield value


class _Small(SandboxedEnvironment):
    """Jinja2 without what could make much of little: no arithmetic, macros, blocks, includes or methods."""

    def __init__(self, escapes: bool) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=escapes, trim_blocks=True, lstrip_blocks=True)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS} | {"counted": _counted}
        self.tests = {name: self.tests[name] for name in _TESTS} | {"eq": self.tests["eq"]}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        for node in _all(template):
            _judge(node)
        for loop in template.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
        return template

    def wrap_str_format(self, value: Any) -> None:
        """No method of a text is handed out, this one neither."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002 - Jinja2 hands it over
        """Facts have attributes; texts, numbers and times have none that are needed."""
        return attr in (_LOOP if isinstance(obj, LoopContext) else getattr(type(obj), "__struct_fields__", ()))


def _all(node: nodes.Node) -> Iterator[nodes.Node]:
    for child in node.iter_child_nodes():
        yield child
        yield from _all(child)


def _judge(node: nodes.Node) -> None:
    """Raises TemplateSyntaxError for what a template may not say."""
    if not isinstance(node, _ALLOWED):
        raise TemplateSyntaxError(f"{type(node).__name__.lower()} is not for messages", node.lineno)
    if isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Name) and node.node.name in _FUNCTIONS):
        raise TemplateSyntaxError(f"only these are called: {', '.join(_FUNCTIONS)}", node.lineno)
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise TemplateSyntaxError(f"only these filters: {', '.join(sorted(_FILTERS))}", node.lineno)
    if isinstance(node, nodes.For) and node.recursive:
        raise TemplateSyntaxError("a loop does not call itself", node.lineno)
