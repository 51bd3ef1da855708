"""What is wrong with words: queries, words of rules, words of a tone, and languages of which no tone can be told."""

from collections.abc import Iterator

from config.document import Document
from config.lists import Lists
from config.load import Catalogs, Loaded
from config.problems import Problem
from rules.kinds.keyword import KeywordOptions
from rules.packs.own import ToneWords
from rules.query.compiled import compile_query, compile_words
from rules.query.errors import QueryError
from rules.text import fold
from rules.tone import supported_languages


def check_words(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    """Every problem of the words that a configuration holds."""
    yield from _queries(loaded)
    yield from _languages(loaded)
    yield from _tones(loaded)
    yield from _words(loaded)


def _queries(loaded: Loaded) -> Iterator[Problem]:
    """Also those of brands that are none yet."""
    document = loaded.document
    brands = document.data.get("brands")
    for name, brand in brands.items() if isinstance(brands, dict) else ():
        query = brand.get("query") if isinstance(brand, dict) else None
        if isinstance(query, str) and query.strip() and not document.is_broken(("brands", name, "query")):
            yield from _query(document, name, query, loaded.settings.lists)


def _query(document: Document, brand: str, text: str, lists: Lists) -> Iterator[Problem]:
    keys = ("brands", brand, "query")
    try:
        query = compile_query(text, lists)
    except QueryError as error:
        yield document.problem(keys, str(error))
        return
    for warning in query.warnings:
        yield document.problem(keys, warning, warning=True)


def _languages(loaded: Loaded) -> Iterator[Problem]:
    known = supported_languages()
    for name, brand in loaded.settings.brands.items():
        for language in brand.languages:
            if language not in known:
                message = f"the tone of '{language}' cannot be told: its mentions count as posts, never as negative"
                hint = f"supported: {', '.join(sorted(known))}; a keyword or threshold rule hears the others"
                yield loaded.document.problem(("brands", name, "languages"), message, hint, warning=True)


def _tones(loaded: Loaded) -> Iterator[Problem]:
    """Words of a tone that cannot be found, and words that two tones claim."""
    for name, brand in loaded.settings.brands.items():
        first: dict[str, str] = {}
        for tone, entries in brand.tone:
            for number, entry in enumerate(entries):
                keys = ("brands", name, "tone", tone, number)
                try:
                    ToneWords(neutral=(entry,)).compile()
                except ValueError:
                    yield loaded.document.problem(keys, "holds no word to look for, or too short a beginning")
                if first.setdefault(fold(entry), tone) != tone:
                    yield loaded.document.problem(keys, f"is said to be {first[fold(entry)]} too")


def _words(loaded: Loaded) -> Iterator[Problem]:
    for name, rule in loaded.settings.rules.items():
        if isinstance(rule.options, KeywordOptions):
            for number, words in enumerate(rule.options.any):
                try:
                    compile_words([words])
                except QueryError as error:
                    yield loaded.document.problem(("rules", name, "any", number), str(error))
