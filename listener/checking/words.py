"""What is wrong with words: queries, words of rules, words of a tone, and languages of which no tone can be told."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

from config.document import Document
from config.load import Catalogs, Loaded
from config.parse import Keys
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
    """Also those of brands that are none yet. What is wrong in a list is said once, and there."""
    document, settings, zone = loaded.document, loaded.settings, ZoneInfo(loaded.settings.daemon.time_zone)
    lists = document.data.get("lists")
    names = lists.keys() if isinstance(lists, dict) else set[str]()
    told: set[Keys] = {("lists", name) for name in names - settings.lists.keys()}
    for keys, text in _written(document):
        try:
            query = compile_query(text, settings.lists, zone)
        except QueryError as error:
            place = _place(error, keys, told)
            if place not in told:
                yield document.problem(place, str(error))
            told.add(place)
        else:
            yield from (document.problem(keys, warning, warning=True) for warning in query.warnings)


def _written(document: Document) -> Iterator[tuple[Keys, str]]:
    brands = document.data.get("brands")
    for name, brand in brands.items() if isinstance(brands, dict) else ():
        query, keys = brand.get("query") if isinstance(brand, dict) else None, ("brands", name, "query")
        if isinstance(query, str) and query.strip() and not document.is_broken(keys):
            yield keys, query


def _place(error: QueryError, keys: Keys, told: AbstractSet[Keys]) -> Keys:
    """Where a query is wrong: itself, or a list of which that was not told yet."""
    if error.entry is None:
        return keys
    name, number = error.entry
    if number is not None:
        return ("lists", name, number)
    return ("lists", name) if ("lists", name) in told else keys


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
