"""`badbuzz rules`: tests of rules, as their operator writes them."""

import json as plain_json
from pathlib import Path
from typing import Annotated, Any

import typer

from alerts.alert import Language
from config.problems import ConfigError
from listener.catalogs import CATALOGS
from listener.cli.store_access import Json, put
from listener.cli.terminal import say
from listener.pipeline.setup import build_setup
from listener.rule_tests.file import Suite, read_tests, tests_schema
from listener.rule_tests.judging import Difference, Outcome, judge
from listener.rule_tests.telling import lines, summed_up
from listener.wire import iso, json_line
from rules.instant import Instant
from rules.transition import Transition

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _rules() -> None:
    """Tests of rules."""


@app.command("test")
def play(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Tests as YAML.")],
    *,
    language: Annotated[
        Language | None, typer.Option(help="fr or en; that of the configuration tested when not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Play timed mentions, and say which expected steps come.

    They go through the real classification and rules, on a virtual clock.

    Exit 1 when a test fails, 2 when a file of tests, or the configuration it names, is not right.
    """
    suites = _read(files)
    if suites is None:
        raise typer.Exit(2)
    failed = sum(_play(suite, language or suite.settings.daemon.language, json=json) for suite in suites)
    tests = sum(len(suite.tests) for suite in suites)
    if json:
        put(json_line({"type": "summary", "tests": tests, "passed": tests - failed, "failed": failed}))
    else:
        say(summed_up(tests, failed, language or suites[0].settings.daemon.language))
    raise typer.Exit(1 if failed else 0)


@app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a file of tests, for editors."""
    typer.echo(plain_json.dumps(tests_schema(CATALOGS), indent=2, ensure_ascii=False))


def _read(files: list[Path]) -> list[Suite] | None:
    """The suites; None when one cannot be used, after every problem of all was said."""
    suites, flawed = [], False
    for path in files:
        try:
            suites.append(read_tests(path, CATALOGS))
        except ConfigError as error:
            flawed = True
            for problem in error.problems:
                say(str(problem))
    return None if flawed else suites


def _play(suite: Suite, language: Language, *, json: bool) -> int:
    """Say what came of each test as soon as it is played; how many failed."""
    failed, setup = 0, build_setup(suite.settings)
    for case in suite.tests:
        outcome = judge(case, setup)
        failed += bool(outcome.differences)
        if json:
            put(json_line(_line(suite.path, outcome)))
        else:
            put("".join(f"{line}\n" for line in lines(outcome, suite.settings.rules, language)).encode())
    return failed


def _line(path: Path, outcome: Outcome) -> dict[str, Any]:
    return {
        "type": "test",
        "file": str(path),
        "name": outcome.case.name,
        "brand": outcome.case.brand,
        "passed": not outcome.differences,
        "differences": [_difference(each, outcome) for each in outcome.differences],
        "steps": [_step(step) for step in outcome.steps],
        "mentions": outcome.mentions,
        "unmatched": outcome.unmatched,
    }


def _difference(found: Difference, outcome: Outcome) -> dict[str, Any]:
    expected, closest = found.expected, found.closest
    since, until = expected.span(outcome.case.start)
    facts = expected.model_dump(include={"rule", "state", "severity"}, exclude_none=True)
    return {
        "expected": {**facts, "silence": expected.silence is not None, "since": iso(since), "until": iso(until)},
        "got": _step(found.got) if found.got else None,
        "verdict": {"at": iso(closest.at), "authors": closest.authors, **_verdict(closest.verdict)}
        if closest
        else None,
    }


def _verdict(verdict: Any) -> dict[str, Any]:
    return {name: getattr(verdict, name) for name in ("of", "firing", "count", "window", "usual", "usual_high")}


def _step(step: Transition) -> dict[str, Any]:
    at: Instant = step.at
    return {"at": iso(at), "rule": step.rule, "state": step.state, "severity": step.severity, "reasons": step.reasons}
