"""What people are answered who act where an alert reached them, and what they may press."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from alerts.acts import REASONS, Act, Acted, Choice, Press, Reason
from alerts.alert import Language
from alerts.sentences import ours
from alerts.times import Times
from alerts.typography import quoted
from alerts.words import Words, headings


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """To exclude a `word`, a stranger's: of the last `read` mentions, which go back to `since`, it would have left out
    `removed`. `marked` of these somebody marked, and `real` were said during what was a real incident.
    """

    word: str
    read: int
    since: datetime
    removed: int
    marked: int = 0
    real: int = 0


class FalseAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from saying that incident `number` was none. They `had` so many false alarms in 30 days, with the
    `ceiling` of who was told, None where there is none. `was_over`: it had ended before.
    """

    number: int
    because: str | None
    had: int
    ceiling: int | None = None
    was_over: bool = False
    suggestion: Suggestion | None = None


def choices(language: Language, *presses: Press) -> tuple[Choice, ...]:
    """Buttons with their words."""
    labels: Mapping[str, str] = headings(language).labels
    return tuple(Choice(act=press, label=labels[press]) for press in presses)


def offered(language: Language, *, is_over: bool, is_taken: bool, is_judged: bool) -> tuple[str, tuple[Choice, ...]]:
    """What can be done of an incident, and a question before it where that needs one: of what is over only whether it
    was real, while nobody has said so.
    """
    if not is_over:
        return "", choices(language, "unack" if is_taken else "ack", "silence", "false-alarm")
    if is_judged:
        return "", ()
    words = headings(language)
    return words.was_it_real, (*choices(language, "real"), Choice(act="false-alarm", label=words.no))


def confirming(language: Language) -> tuple[Choice, ...]:
    """The button of who takes over the watch."""
    return (Choice(act="ack", label=headings(language).confirm),)


def refused(why: str, language: Language) -> Acted:
    """That it was not done."""
    known, said = headings(language), ours(why, language)
    return Acted(words=f"{known.refused}{known.colon}{said}", why=said, done=False)


def question(language: Language) -> Acted:
    """Why it is to be a false alarm."""
    return Acted(words=headings(language).why, done=False, choices=choices(language, *REASONS))


def reason(written: str) -> Reason | None:
    """The reason that a person writes in either language, or a program by its name."""
    said = written.strip(" .\u00a0\u202f").casefold().replace("’", "'")
    for language in ("fr", "en"):
        labels: Mapping[str, str] = headings(language).labels
        for each in REASONS:
            if said in {each, labels[each].casefold().replace("’", "'")}:
                return each
    return None


def false_alarm(because: str | None, incident: str, by: str, language: Language | None = None) -> Act:
    """What somebody asks for who writes that an incident was a false alarm, and perhaps why: a reason or own words."""
    known = reason(because) if because else None
    if known:
        return Act.pressed(known, incident, by, language)
    words = because.strip() if because else None
    return Act(verb="resolve", incident=incident, by=by, language=language, ending="false-alarm", because=words or None)


def silenced(number: int, until: datetime, times: Times, *, critical: bool) -> Acted:
    """Until when nothing is told of an incident. `critical`: whatever becomes of it."""
    return Acted(words=_said("silenced", times, number=number, until=until, critical=critical))


def judged_real(number: int, times: Times) -> Acted:
    """That it was a real one is noted."""
    return Acted(words=_said("judged_real", times, number=number))


def judged_false(told: FalseAlarm, times: Times) -> Acted:
    """That it was a false alarm is noted, and what follows."""
    because = ours(told.because, times.language) if told.because else ""
    suggestion = told.suggestion
    word = quoted(suggestion.word, times.language) if suggestion else ""
    days = max(1, (times.now - suggestion.since).days) if suggestion else 0
    return Acted(words=_said("judged_false", times, told=told, because=because, word=word, days=days))


def _said(macro: str, times: Times, **values: Any) -> str:
    return " ".join(Words("answer.jinja", times.language, {"times": times, **values}).parts(macro))
