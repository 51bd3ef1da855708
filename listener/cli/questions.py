"""The options of a component as a person gives them, on the command line or when asked, and what they mean."""

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from config.document import Document
from config.model import Model
from config.parse import Keys, dotted
from config.problems import Problem, did_you_mean
from config.references import ReferenceProblemError, read_secret
from config.spec import Spec
from config.words import in_words
from listener.cli.ask import ask, refuse_to_ask_nobody
from listener.cli.options import Option, options_of
from listener.cli.terminal import say

SECRETS = {"secret", "list of secret"}
"""Kinds of options whose values are kept elsewhere."""


class Questions:
    """Asks for the options of one component, which stands at `keys` of a configuration in `folder`. `absent_is_fine`:
    a secret may stand where it cannot be had now.
    """

    def __init__(self, spec: Spec[Model], keys: Keys, folder: Path, *, absent_is_fine: bool) -> None:
        self._spec, self._keys, self._folder, self._absent_is_fine = spec, keys, folder, absent_is_fine
        self._options = {option.key: option for option in options_of(spec.options)}

    def answers(self, given: Mapping[str, str]) -> dict[str, str]:
        """The options given, completed by asking: always for required ones, for the others when nothing was given.

        Raises BadParameter when nobody can be asked and for what is given wrong, typer.Exit when that was said.
        """
        self._refuse_wrong(given)
        open_ones = [option for key, option in self._options.items() if key not in given]
        refuse_to_ask_nobody([option.key for option in open_ones if option.required])
        answers = dict(given)
        for option in open_ones:
            if sys.stdin.isatty() and (option.required or not given):
                answer = self._ask(option)
                answers |= {option.key: answer} if answer else {}
        return answers

    def _refuse_wrong(self, given: Mapping[str, str]) -> None:
        for key in given:
            if key not in self._options:
                raise typer.BadParameter(f"{self._spec.kind} has no option '{key}'; {did_you_mean(key, self._options)}")
        try:
            problems = [problem for key, answer in given.items() for problem in self._wrong(key, answer)]
        except ReferenceProblemError as error:
            way_out = "or add it untried with --no-try"
            raise typer.BadParameter(f"{error.message} ({error.hint}; {way_out})") from None
        for problem in problems:
            say(str(problem))
        if problems:
            raise typer.Exit(1)

    def _wrong(self, key: str, answer: str) -> list[Problem]:
        """What is wrong with one option, judged beside those of the kind's example. Raises ReferenceProblemError."""
        kind = self._options[key].kind
        value = value_of(kind, answer)
        if kind in SECRETS:
            value, reference = secret_of(self._folder, answer, os.environ)
            if value is None:
                self._refuse_absent(reference)
                return []
            value = [value] if kind != "secret" else value
        values = {**self._spec.example, key: value}
        place = dotted((*self._keys, key))
        return [one for one in wrong_options(self._spec, self._keys, values) if f"{one.path}.".startswith(f"{place}.")]

    def _refuse_absent(self, reference: str) -> None:
        if not self._absent_is_fine:
            read_secret(reference, self._folder, os.environ)

    def _ask(self, option: Option) -> str:
        def accept(answer: str) -> str:
            try:
                problems = self._wrong(option.key, answer) if answer else []
            except ReferenceProblemError as error:
                raise ValueError(f"{error.message} ({error.hint})") from None
            if problems:
                reasons = (f"{one.message} ({one.hint})" if one.hint else one.message for one in problems)
                raise ValueError("; ".join(reasons))
            if option.required and not answer:
                raise ValueError("is required")
            return answer

        say(option.description or option.key)
        kind = option.kind.replace("list of text", "one or more, a,b,c")
        label = f"  {option.key} ({kind}{'' if option.required else ', Enter to leave it'})"
        return ask(label, accept, default=None if option.required else "", hidden=option.kind in SECRETS)


def wrong_options(
    spec: Spec[Model], keys: Keys, values: Mapping[str, Any], absent: Collection[Keys] = ()
) -> Iterator[Problem]:
    """What is wrong with the options of a kind that stand at `keys`; `absent` values are not judged."""
    section, name = map(str, keys)
    try:
        spec.options.model_validate(dict(values))
    except ValidationError as error:
        document = Document(path=Path(), data={section: {name: dict(values)}}, broken=set(absent))
        yield from in_words(error, spec.options, keys, document)


def secret_of(folder: Path, answer: str, environ: Mapping[str, str]) -> tuple[str | None, str]:
    """The value of a secret, None when it cannot be had; and the reference, "" when the answer is the secret itself."""
    reference = answer.removeprefix("!secret ")
    if reference.partition(":")[0] not in {"env", "file", "credential"}:
        return answer, ""
    try:
        return read_secret(reference, folder, environ)[0], reference
    except ReferenceProblemError:
        return None, reference


def value_of(kind: str, answer: str) -> Any:
    """What an answer means: a list is written with commas, numbers and maps as in YAML."""
    if kind == "list of text" and not answer.startswith("["):
        return [item.strip() for item in answer.split(",") if item.strip()]
    if kind in {"text", "duration"}:
        return answer
    try:
        return YAML(typ="safe", pure=True).load(answer)
    except YAMLError:
        return answer
