"""The few words of a mention that may be news: hashtags, and words that say something alone."""

from collections.abc import Iterable
from functools import cache

from rules.language import little_words
from rules.query.compiled import Query
from rules.text import Token, read
from rules.tone import supported_languages

MOST_TERMS = 8
"""Terms of one mention."""
_SHORTEST, _LONGEST = 4, 30  # characters
_READ = 100  # tokens


class Terms:
    """Finds what is said beside the words of a brand's own query."""

    def __init__(self, query: Query) -> None:
        forms = [form for term in query.terms for form in term.forms]
        self._ours = {form.key.lstrip("#@") for form in forms if not form.prefix}
        self._begun = tuple(form.key.lstrip("#@") for form in forms if form.prefix)

    def of(self, tokens: Iterable[Token]) -> tuple[str, ...]:
        """Hashtags in their order, then words, the longest first: folded, each once, few. None of scripts that are
        written without spaces but hashtags.
        """
        told = [token for token in tokens if token.kind in ("hashtag", "word") and self._is_told(token.text)][:_READ]
        tags = [f"#{token.text}" for token in told if token.kind == "hashtag"]
        words = [token.text for token in told if token.kind == "word" and token.text not in _plain()]
        return tuple(dict.fromkeys([*tags, *sorted(words, key=len, reverse=True)]))[:MOST_TERMS]

    def written(self, text: str) -> dict[str, str]:
        """All that are in a text, each mapped to the form in which it first stands there."""
        folded, tokens = read(text)
        found: dict[str, str] = {}
        for token in tokens:
            if token.kind in ("hashtag", "word") and self._is_told(token.text):
                start, end = folded.origin(token.start, token.end)
                if token.kind == "hashtag":
                    found.setdefault(f"#{token.text}", text[start:end])
                elif token.text not in _plain():
                    found.setdefault(token.text, text[start:end])
        return found

    def _is_told(self, text: str) -> bool:
        ours = text in self._ours or (self._begun and text.startswith(self._begun))
        return _SHORTEST <= len(text) <= _LONGEST and not ours


@cache
def _plain() -> frozenset[str]:
    return frozenset().union(*map(little_words, supported_languages()))
