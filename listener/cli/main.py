"""The console script: finds the command, imports that one alone, and says plainly what went wrong."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from keyword import iskeyword
from typing import Any, Never

import typer
from typer.main import get_command

COMMANDS = {
    "demo": "Play a crisis through the real daemon, with local inboxes.",
    "init": "Write a short configuration to start from.",
    "add": "Add a source or a channel, trying it first.",
    "check": "Say everything that is wrong with a configuration.",
    "config": "Show the configuration in force, or its JSON Schema.",
    "run": "Listen, judge and alert: the daemon.",
    "listen": "Read one source and print its mentions.",
    "match": "Print the mentions that a query matches.",
    "translate": "Write a query of another tool in the words of badbuzz.",
    "score": "Tell the tone of texts.",
    "import": "Learn what is usual from a history.",
    "detect": "Tell which counts of a series go beyond what is usual.",
    "backtest": "Judge recorded mentions on a virtual clock.",
    "rules": "Test rules: timed mentions, and the steps that must follow.",
    "tune": "Say which setting suits a budget of false alarms.",
    "label": "Say what the tone of mentions is; it is learnt from.",
    "report": "Say how good the tone is, and how far alerts can be believed.",
    "incidents": "List, show, explain, acknowledge and resolve incidents.",
    "silences": "Be told of nothing for a while: add, list and end silences.",
    "drill": "Hold a fire drill, and see what came of it.",
    "calendar": "Show posts, campaigns and live events to come.",
    "routes": "Show who is told of what, and try it.",
    "template": "Show what messages say, with your own templates.",
    "deliveries": "List deliveries, and retry those that failed.",
    "sources": "Say what is heard of each source.",
    "notify": "Send a test message through a channel.",
    "explain": "Describe a kind of source, rule or channel.",
    "db": "Migrate or back up the store, or move it to PostgreSQL.",
    "doctor": "Look for what is wrong with an installation.",
    "mock": "Serve the mock platforms alone.",
    "version": "Say which badbuzz this is.",
}
"""Every command with its summary; its module in this package is imported when it is asked for."""

_INTERRUPTED = 130
_UsageError: Any = typer.BadParameter.__bases__[0]  # Typer has a click of its own, and does not export it


def main() -> None:
    """Run the command line of this process and exit: 0 fine, also when its reader had enough (`| head`), 1 the check
    failed or work was lost, 2 usage.
    """
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
        sys.exit(code)
    except BrokenPipeError:
        _leave_quietly()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Typer makes an exit of it
            _leave_quietly()
        raise
    except KeyboardInterrupt:  # before the command runs; from then on Typer sees to it
        sys.exit(_INTERRUPTED)
    except _expected() as error:
        sys.exit(_explain(error))


def _leave_quietly() -> Never:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end
    sys.exit(0)


def run(args: Sequence[str]) -> int:
    """Run one command line; the exit code."""
    arguments = ["version"] if list(args) == ["--version"] else list(args)
    try:
        code = get_command(_program(arguments)).main(args=arguments, prog_name="badbuzz", standalone_mode=False)
    except _UsageError as error:
        _reword(error)
        error.show()
        if arguments[:1] == ["match"] and any(word.startswith("-") for word in arguments[1:]):
            typer.echo("A query that begins with - stands behind --: badbuzz match -- '-acme ...'", err=True)
        elif arguments[:1] in (["match"], ["score"]) and any(map(os.path.isfile, arguments[1:])):
            typer.echo(f"Texts are read from standard input: badbuzz {arguments[0]} ... < FILE", err=True)
        return 2
    except typer.Abort:
        typer.echo("stopped: there was no answer", err=True)
        return 1
    return code if isinstance(code, int) else 0


def _reword(error: Any) -> None:
    """Typer lets pydantic look at some values, and repeats its words."""
    from pydantic import ValidationError  # noqa: PLC0415

    from config.words import message_of  # noqa: PLC0415

    if isinstance(error.__cause__, ValidationError):
        error.message = message_of(error.__cause__.errors()[0])


def _program(args: list[str]) -> typer.Typer:
    """All commands by name, of which only the one in `args` is real."""
    program = typer.Typer(
        help="Real-time social listening and crisis alerts.",
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    program.callback()(_program_itself)
    wanted = next((word for word in args if not word.startswith("-")), "")
    for name, summary in COMMANDS.items():
        module = f"{__package__}.{name}{'_' if iskeyword(name) else ''}"
        if find_spec(module) is None:
            continue
        if name == wanted:
            _add(program, name, module)
        else:
            program.command(name, help=summary)(_program_itself)
    return program


def _program_itself() -> None:
    """Stands for what is not asked for."""


def _add(program: typer.Typer, name: str, module: str) -> None:
    loaded = import_module(module)
    if hasattr(loaded, "app"):
        program.add_typer(loaded.app, name=name, help=COMMANDS[name])
    else:
        program.command(name)(loaded.command)


def _expected() -> tuple[type[Exception], ...]:
    """Errors that are the operator's to mend; imported only once something went wrong."""
    from config.problems import ConfigError  # noqa: PLC0415
    from config.spec import UnknownKindError  # noqa: PLC0415
    from listener.store.port import StoreError  # noqa: PLC0415

    return ConfigError, StoreError, UnknownKindError, OSError


def _explain(error: Exception) -> int:
    """Say it on standard error; the exit code that goes with it."""
    problems = getattr(error, "problems", None)
    if problems is None:
        typer.echo(f"badbuzz: {_in_words(error)}", err=True)
        return 2 if isinstance(error, LookupError) else 1
    for problem in problems:
        typer.echo(str(problem), err=True)
    errors = sum(problem.level == "error" for problem in problems)
    typer.echo(f"badbuzz: {errors} error{'s' if errors != 1 else ''} in the configuration", err=True)
    return 1


def _in_words(error: Exception) -> str:
    """An error of the operating system without its number, with the file and a way out."""
    from config.problems import way_out  # noqa: PLC0415

    if not (isinstance(error, OSError) and error.strerror and error.filename):
        return str(error)
    hint = way_out(error)
    return f"{os.fsdecode(error.filename)}: {error.strerror}{'; ' if hint else ''}{hint}"


if __name__ == "__main__":
    main()
