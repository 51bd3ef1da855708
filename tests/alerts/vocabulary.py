"""The words that messages may say, each read through by a person.

`python -m tests.alerts.vocabulary` adds those that are new to `tests/data/words`, to be read before they are committed.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from alerts.alert import Language
from tests.alerts.reports import said_in_reports
from tests.alerts.speaking import everything_said, said

FOLDER = Path(__file__).parents[1] / "data" / "words"
_WORD = re.compile(r"[^\W\d_]+(?:[’-][^\W\d_]+)*")
_NOT_OURS = re.compile(r"https?://\S+|«[^»]*»|“[^”]*”|#\w+")


def words_in(texts: Iterable[str]) -> set[str]:
    """The words of texts in small letters, without quotations, links and hashtags."""
    return {word.lower() for text in texts for word in _WORD.findall(_NOT_OURS.sub("", text))}


def read_through(language: str) -> set[str]:
    """The words of a language, and the names that samples use."""
    return {word for name in (language, "names") for word in (FOLDER / f"{name}.txt").read_text("utf-8").split()}


def new_words() -> dict[str, set[str]]:
    """What messages say that nobody has read through, by language."""
    spoken: dict[Language, set[str]] = {"fr": words_in(said_in_reports("fr")), "en": words_in(said_in_reports("en"))}
    for _, message in everything_said():
        spoken[message.language] |= words_in(said(message))
    return {language: words - read_through(language) for language, words in spoken.items()}


def main() -> None:
    for language, words in new_words().items():
        path = FOLDER / f"{language}.txt"
        path.write_text("\n".join(sorted({*path.read_text("utf-8").split(), *words})) + "\n", "utf-8")


if __name__ == "__main__":
    main()
