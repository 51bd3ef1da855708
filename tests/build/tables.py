"""The tables of the documents, made from the code they describe: `python -m tests.build.tables` writes them anew.

A document holds `<!-- table: NAME -->`, the table, and `<!-- end -->`.
"""

import ast
import json
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from alerts.channel import CHANNELS, ChannelOptions
from config.calendar import CalendarFile, Campaign, Live, Post
from config.digest import DigestPlan
from config.drill import Drill
from config.model import Model
from config.oncall import OnCall, Rung, Swap
from config.people import Person
from config.playbooks import CallClient, First, HoldingAnswer, Playbook, When
from config.settings import Brand, Daemon, Operator, Route
from config.spec import Catalog
from config.watchdog import Canary, Heartbeat
from listener.cli.main import COMMANDS
from listener.cli.options import Option, options_of
from listener.collector import COLLECTORS, SourceOptions
from listener.mock.faults import FAULTS
from rules.rule import RULES, RuleOptions
from tests.build.questions import QUESTIONS, answered
from tests.faults.ways import PROMISES, WAYS, Way
from tests.rules.query.examples import EXAMPLES, Seen, shown

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "docs/architecture.md",
    "docs/collectors.md",
    "docs/configuration.md",
    "docs/messages.md",
    "docs/query.md",
)
ROOMS = ("config", "rules", "alerts", "listener")
BLOCK = re.compile(r"(<!-- table: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def sentence(text: str) -> str:
    return plain(text[0].upper() + text[1:].rstrip("."))


def kinds(catalog: Catalog[Any], told: Callable[[Any], list[str]], head: list[str]) -> str:
    specs = map(catalog.spec, catalog.kinds())
    return table(["kind", "", *head], ([f"`{spec.kind}`", sentence(spec.summary), *told(spec)] for spec in specs))


def sources() -> str:
    def told(spec: Any) -> list[str]:
        if spec.polled:
            return ["asked again and again"]
        return ["read on from where it stopped" if spec.replays else "the sender repeats what was not taken"]

    return kinds(COLLECTORS, told, ["how"])


def channels() -> str:
    def told(spec: Any) -> list[str]:
        yes = [word for word, can in (("one thread an incident", spec.thread), ("updates in place", spec.edit)) if can]
        return [", ".join(yes) or "one message a step", spec.wakes]

    return kinds(CHANNELS, told, ["an incident is", "wakes a sleeper"])


def rules() -> str:
    return kinds(RULES, lambda _: [], [])


def commands() -> str:
    made = {path.stem.rstrip("_") for path in (ROOT / "listener/cli").glob("*.py")}
    return table(
        ["command", ""], ([f"`badbuzz {name}`", sentence(text)] for name, text in COMMANDS.items() if name in made)
    )


def options(model: type[Model], without: type[Model] | None = None) -> str:
    known = set(without.model_fields) if without else set()
    shown = (each for each in options_of(model) if each.key not in known)
    return table(
        ["option", "value", "default", ""],
        ([f"`{each.key}`", each.kind, default(each), plain(each.description)] for each in shown),
    )


def default(option: Option) -> str:
    if option.required:
        return "required"
    return "" if option.default is None else f"`{json.dumps(option.default, ensure_ascii=False)}`"


def plain(text: str) -> str:
    """On one line, and no HTML."""
    return " ".join(text.split()).replace("<", "&lt;")


def components(catalog: Catalog[Any], common: type[Model]) -> str:
    parts = [f"Every {catalog.role}:\n\n{options(common)}"]
    for spec in map(catalog.spec, catalog.kinds()):
        own = set(spec.options.model_fields) - set(common.model_fields)
        shown = options(spec.options, common) if own else "Nothing else.\n"
        parts.append(f"`{spec.kind}`: {sentence(spec.summary)}.\n\n{shown}")
    return "\n".join(parts)


def playbooks() -> str:
    parts = [("A playbook", Playbook), ("`when`", When), ("`first`", First), ("`answers`", HoldingAnswer)]
    return "\n".join(f"{name}:\n\n{options(model)}" for name, model in [*parts, ("`call_client`", CallClient)])


def questions() -> str:
    """A row for each question, a column for each channel, which says whether it answers."""
    columns = [answered(kind) for kind in CHANNELS.kinds()]
    return table(["question", *CHANNELS.kinds()], zip(QUESTIONS, *columns, strict=True))


def rooms() -> str:
    """Every module with the first sentence it says of itself."""
    command = ["git", "ls-files", "--", *(f"{room}/*.py" for room in ROOMS)]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    folders: dict[str, list[str]] = {}
    for name in map(Path, listed):
        if name.stem != "__init__" and (ROOT / name).exists():
            folders.setdefault(name.parent.as_posix(), []).append(f"- `{name.name}` {first_words(ROOT / name)}\n")
    upwards = sorted(folders.items(), key=lambda entry: (ROOMS.index(entry[0].split("/")[0]), entry[0]))
    return "\n".join(f"**{folder}/**\n\n{''.join(lines)}" for folder, lines in upwards)


def first_words(module: Path) -> str:
    said = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return " ".join(said.split("\n\n")[0].split())


def promises() -> str:
    """What each way of listening keeps, as tests/contract/test_faults.py tries it."""

    def told(way: Way, promise: str) -> str:
        bound = f", {way.bounds[promise]}" if promise in way.bounds else ""
        return way.unpromised.get(promise) or f"kept{bound}"

    return matrix("promise", PROMISES, told)


def faults() -> str:
    def told(way: Way, fault: str) -> str:
        loss = ", loss told" if fault in way.losing else ", a loss may go untold" if fault in way.hiding else ""
        return way.without.get(fault) or f"kept{loss}"

    met = {name: words for name, words in FAULTS.items() if any(name in way.faults for way in WAYS.values())}
    rest = ", ".join(f"`{name}`" for name in FAULTS if name not in met)
    return f"{matrix('fault', met, told)}\nNo collector can meet: {rest}.\n"


def matrix(head: str, rows: Mapping[str, str], told: Callable[[Way, str], str]) -> str:
    """A row each, a column for each way of listening; what is not kept is a number that is explained below."""
    cells = [[told(way, name) for way in WAYS.values()] for name in rows]
    reasons = list(dict.fromkeys(cell for row in cells for cell in row if not cell.startswith("kept")))
    shown = [[f"- ({reasons.index(cell) + 1})" if cell in reasons else cell for cell in row] for row in cells]
    body = [[f"`{name}`: {words}", *row] for (name, words), row in zip(rows.items(), shown, strict=True)]
    notes = "".join(f"{number}. {reason}\n" for number, reason in enumerate(reasons, 1))
    return f"{table([head, *WAYS], body)}\n{notes}"


def examples() -> str:
    """What queries find and what they do not, as tests/rules/query/test_examples.py tries it."""

    def told(each: Iterable[Seen]) -> str:
        return ", ".join(f"`{shown(seen)}`" for seen in each)

    rows = ([f"`{each.query}`", told(each.finds), told(each.misses)] for each in EXAMPLES)
    return table(["query", "finds", "does not find"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "sources": sources,
    "rules": rules,
    "channels": channels,
    "commands": commands,
    "daemon options": lambda: options(Daemon),
    "operator options": lambda: options(Operator),
    "brand options": lambda: options(Brand),
    "route options": lambda: options(Route),
    "person options": lambda: options(Person),
    "watch options": lambda: options(OnCall),
    "swap options": lambda: options(Swap),
    "rung options": lambda: options(Rung),
    "campaign options": lambda: options(Campaign),
    "scheduled post options": lambda: options(Post),
    "live event options": lambda: options(Live),
    "playbook options": playbooks,
    "calendar file options": lambda: options(CalendarFile),
    "drill options": lambda: options(Drill),
    "canary options": lambda: options(Canary),
    "heartbeat options": lambda: options(Heartbeat),
    "digest options": lambda: options(DigestPlan),
    "source options": lambda: components(COLLECTORS, SourceOptions),
    "rule options": lambda: components(RULES, RuleOptions),
    "channel options": lambda: components(CHANNELS, ChannelOptions),
    "promises": promises,
    "faults": faults,
    "query examples": examples,
    "questions": questions,
    "rooms": rooms,
}


def fresh(text: str) -> str:
    """A document with its tables as they should be. Raises KeyError for a table that nobody makes."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}", text)


def main() -> None:
    for name in DOCUMENTS:
        path = ROOT / name
        path.write_text(fresh(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
