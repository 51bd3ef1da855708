"""What is wrong with playbooks once one knows who reads them, and which day it is."""

from collections.abc import Iterator
from datetime import date, timedelta

from config.load import Catalogs, Loaded
from config.parse import Keys
from config.playbooks import Said
from config.problems import Problem
from config.values import Language
from rules.query.compiled import compile_words
from rules.query.errors import QueryError

SOON = timedelta(days=14)
"""An answer that expires within this is worth approving again now."""


def check_playbooks(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    """Words that cannot be looked for, playbooks that are never used, languages that lack."""
    yield from _words(loaded)
    yield from _unused(loaded)
    yield from _languages(loaded)


def check_answers(loaded: Loaded, today: date) -> Iterator[Problem]:
    """Holding answers that are not shown on this day, or not for long."""
    for name, playbook in loaded.settings.playbooks.items():
        for number, answer in enumerate(playbook.answers):
            keys = ("playbooks", name, "answers", number)
            if answer.approved is None:
                message, hint = f"answer {answer.id} is not approved: it is never shown", "approved: ..., by: ..."
            elif answer.expires and answer.expires <= today:
                message, hint = f"answer {answer.id} has expired: it is not shown any more", "have it approved again"
            elif answer.expires and answer.expires - today <= SOON:
                message, hint = f"answer {answer.id} expires on {answer.expires}", "have it approved again"
            elif answer.approved > today:
                message, hint = f"answer {answer.id} is approved from {answer.approved} on", "meant? else mend the day"
            else:
                continue
            yield loaded.document.problem(keys, message, hint, warning=True)


def _words(loaded: Loaded) -> Iterator[Problem]:
    for name, playbook in loaded.settings.playbooks.items():
        for number, word in enumerate(playbook.when.words or ()):
            try:
                compile_words([word])
            except QueryError as error:
                yield loaded.document.problem(("playbooks", name, "when", "words", number), str(error))


def _unused(loaded: Loaded) -> Iterator[Problem]:
    names = list(loaded.settings.playbooks)
    every = [name for name in names if loaded.settings.playbooks[name].when.fits_everything]
    for name in names[names.index(every[0]) + 1 :] if every else ():
        message, hint = f"never used: '{every[0]}' fits every incident", "move it up"
        yield loaded.document.problem(("playbooks", name), message, hint, warning=True)


def _languages(loaded: Loaded) -> Iterator[Problem]:
    read = _read(loaded)
    for name, playbook in loaded.settings.playbooks.items():
        parts: dict[Keys, Said] = {("first", number): step for number, step in enumerate(playbook.first)}
        parts |= {("answers", number): answer for number, answer in enumerate(playbook.answers)}
        for keys, said in parts.items():
            for language in sorted(read - said.languages):
                message = f"not in '{language}', which a channel speaks: it is told in the other language"
                yield loaded.document.problem(("playbooks", name, *keys), message, f"{language}: ...", warning=True)


def _read(loaded: Loaded) -> set[Language]:
    settings = loaded.settings
    return {getattr(each.options, "language", None) or settings.daemon.language for each in settings.channels.values()}
