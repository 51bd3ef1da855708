"""Who tells the language of a text whose platform does not: the built-in, or a library that the operator chose."""

from copy import copy
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rules.language import Guess, by_words, written

if TYPE_CHECKING:
    from config.settings import Detection  # a worker does without the configuration

_TOLD = ("de", "en", "es", "fr", "it", "nl", "pt")
_SURE = 0.4


def is_missing(chosen: "Detection") -> bool:
    """Whether what was chosen is not installed."""
    return chosen != "built-in" and find_spec(chosen) is None


def guess_by(chosen: "Detection") -> Guess:
    """The one chosen. Raises ImportError when it is missing; the library takes half a second and 85 MB at first."""
    return by_words if chosen == "built-in" else _py3langid()


@lru_cache(1)
def _py3langid() -> Guess:
    return _Py3langid()


class _Py3langid:
    """A `Guess` among the languages that have a tone, Dutch, and the brand's own."""

    def __init__(self) -> None:
        library = import_module("py3langid.langid")  # an extra
        self._all: Any = library.LanguageIdentifier.from_model_file(library.MODEL_FILE, norm_probs=True)
        self._among = lru_cache(16)(self._narrowed)  # one for each choice of languages that brands have

    def __call__(self, text: str, known: tuple[str, ...]) -> str | None:
        words = " ".join(written(text))
        if not words:
            return None
        ranked: list[tuple[str, float]] = self._among(known).rank(words)
        best, sure = ranked[0]
        if sure >= _SURE or not known:
            return best
        return next((code for code, _ in ranked if code in known), None)

    def _narrowed(self, known: tuple[str, ...]) -> Any:
        narrowed = copy(self._all)
        narrowed.set_languages({*_TOLD, *known} & set(self._all.labels))
        return narrowed
