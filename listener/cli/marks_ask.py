"""The questions of `badbuzz label ask`: one key a mention, and a way back from each."""

from collections import Counter

import typer

from listener.cli.mentions_out import LOOKED_AT
from listener.cli.store_access import shown
from listener.cli.terminal import say
from listener.clock import Clock
from listener.labelling.choosing import Question, worth_asking
from listener.store.marks import LABELS, Wish
from listener.store.port import Views
from listener.wire import clock_time
from rules.classify import full_text
from rules.facts import Label
from rules.text import defuse, shorten

_SHOWN = 600
_KEYS = {"1": "negative", "2": "neutral", "3": "positive", " ": "skip", "u": "undo", "q": "quit"}
_HELP = "1 negative   2 neutral   3 positive   space skip   u undo   q quit"
_END = "that was the last one:   u undo   q quit"


async def ask_marks(views: Views, brand: str, by: str, limit: int) -> int:
    """Ask for marks of the mentions most worth them; returns the exit code."""
    waiting = {command.target for command in await views.asked_labels()}
    marks = await views.marks(brand)
    known = {mark.identity for mark in marks} | waiting
    labels: Counter[Label] = Counter(mark.label for mark in marks)
    kept = await views.mentions(brand=brand, limit=LOOKED_AT)
    questions = worth_asking(kept, brand, known, labels)[:limit]
    if not questions:
        say("nothing to mark: every mention of late is marked, or its language is not judged")
        return 0
    say(_HELP)
    done = await _Session(views, brand, by, questions).run()
    say(f"{done} marked; the daemon learns from them when there are enough: `badbuzz label status`")
    return 0


class _Session:
    """Question after question; what was answered is kept at once."""

    def __init__(self, views: Views, brand: str, by: str, questions: list[Question]) -> None:
        self._views, self._brand, self._by, self._questions = views, brand, by, questions
        self._answered: set[int] = set()

    async def run(self) -> int:
        at = 0
        while (key := self._key(at)) != "quit":
            if key == "undo":
                at = max(0, at - 1)
                await self._undo(at)
            elif at < len(self._questions):
                if key != "skip":
                    await self._leave(at, key)
                at += 1
        return len(self._answered)

    def _key(self, at: int) -> str:
        """What is answered to a question, or after the last one, where there is still a way back."""
        if at < len(self._questions):
            _show_question(self._questions[at], at + 1, len(self._questions))
            return _key(_HELP)
        say(_END)
        return _key(_END)

    async def _undo(self, at: int) -> None:
        if at in self._answered:
            self._answered.discard(at)
            await self._leave(at, None)

    async def _leave(self, at: int, label: str | None) -> None:
        question = self._questions[at]
        said = next((each for each in LABELS if each == label), None)
        wish = Wish(brand=self._brand, label=said, chosen=question.chosen)
        await self._views.ask_labels([(question.stored.mention.identity, wish)], self._by, Clock().now())
        if said:
            self._answered.add(at)


def _show_question(question: Question, number: int, of: int) -> None:
    # the judged tone is not shown: who sees it agrees with it
    mention = question.stored.mention
    console = shown()
    console.print(f"\n{number}/{of}  {mention.source}, {clock_time(question.stored.at)}", style="bold")
    console.print(f"  {shorten(defuse(full_text(mention)), _SHOWN)}")


def _key(keys: str) -> str:
    """What the next key means; the end of the input is the end."""
    while True:
        try:
            pressed = typer.getchar()
        except (KeyboardInterrupt, EOFError):
            return "quit"
        meaning = "quit" if pressed in {"", "\x1b", "\x04"} else _KEYS.get(pressed.lower())
        if meaning:
            say(f"  {meaning}")
            return meaning
        say(f"  {keys}")
