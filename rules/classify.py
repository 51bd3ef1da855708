"""Which brands a mention concerns, in what tone, and which keyword rules it touches. Pure; no clock."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from hashlib import blake2b
from types import MappingProxyType

import msgspec

from rules.facts import Tone
from rules.labelling.model import LabelModel
from rules.language import Guess, by_words, identify
from rules.live import Live
from rules.mention import Mention
from rules.named import Names, names_of
from rules.packs.lexicon import Lexicon
from rules.packs.own import ToneWords
from rules.query.compiled import Match, Query, Words, compile_words
from rules.query.content import Content, Span
from rules.query.index import Index, index_of
from rules.terms import Terms
from rules.toward import score_toward

_SHORT = 1_000
"""Characters of a title or text of which it may be remembered what was found in it."""
_WHENEVER = datetime(1970, 1, 1, tzinfo=UTC)
NO_MODELS: Mapping[str, LabelModel] = MappingProxyType({})


class BrandTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What to listen for. `keywords` maps a rule's name to its words; `own_accounts` are handles (with or without @),
    account ids or addresses of accounts; with `terms`, the few telling words of negative mentions are wanted. While one
    of the events in `live` goes on, what it hears is a mention too.
    """

    query: Query
    languages: tuple[str, ...] = ()
    own_accounts: tuple[str, ...] = ()
    keywords: Mapping[str, tuple[str, ...]] = {}
    tone: ToneWords = ToneWords()
    terms: bool = False
    live: tuple[Live, ...] = ()


class Classified(msgspec.Struct, frozen=True, kw_only=True):
    """One brand a mention concerns. `own`: written by the brand itself; `hits` names the keyword rules it touches,
    `words` are their words that it holds, as the rules write them, `said` those of each rule as the mention says them;
    `story` is what near copies of it share and `terms` are its telling words, as in `Facts`.
    """

    brand: str
    tone: Tone
    match: Match
    own: bool
    hits: tuple[str, ...]
    words: tuple[str, ...]
    said: Mapping[str, tuple[str, ...]]
    story: int
    terms: tuple[str, ...]


class _Listening:
    # of thousands, most never hear anything
    __slots__ = ("_handles", "_told", "accounts", "keywords", "languages", "live", "name", "own_words", "query")

    def __init__(self, name: str, terms: BrandTerms) -> None:
        self.name, self.query, self.languages = name, terms.query, terms.languages
        self.accounts = frozenset(map(_account, terms.own_accounts))
        handles = [account for account in self.accounts if "/" not in account]
        self._handles = names_of(f"@{name}" for handle in handles for name in (handle, handle.partition("@")[0]))
        self.own_words = terms.tone.compile()
        self._told = terms.terms
        self.live = terms.live
        self.keywords: dict[str, Words] = {rule: _words(words) for rule, words in terms.keywords.items()}

    def classify(self, mention: Mention, content: Content, tones: "_Tones") -> Classified | None:
        """By the words alone: whoever wrote them, without a label model, and with the terms of whatever tone."""
        match = self.query.find(content, partial(self.hear, content, tones)) or self._live_match(mention, content)
        if match is None:
            return None
        found = {rule: hits for rule, words in self.keywords.items() if (hits := words.find(content))}
        story = content.story  # first: the tone may cut parts of the text into words, and only the last are remembered
        return Classified(
            brand=self.name,
            tone=tones.tone(self.languages, self.own_words, self.names(mention, match.spans)),
            match=match,
            own=False,
            hits=tuple(found),
            words=tuple(dict.fromkeys(word for hits in found.values() for word in hits)),
            said={rule: self.keywords[rule].said(content) for rule in found},
            story=story,
            terms=_terms(self.query).of(content.tokens()) if self._told else (),
        )

    def hear(self, content: Content, tones: "_Tones") -> Tone:
        """For a query that asks for the tone: who is meant is told by all of its words."""
        spans = [span for term in self.query.terms for field in content.fields for span in content.spans(term, field)]
        return tones.tone(self.languages, self.own_words, self.names(content.mention, spans))

    @property
    def asked(self) -> Query:
        """What is true of a mention only if its query is, or the one of an event."""
        return self.query.together([each.query for each in self.live])

    def _live_match(self, mention: Mention, content: Content) -> Match | None:
        heard = (each.query.find(content) for each in self.live if each.hears(mention))
        return next((match for match in heard if match), None)

    def is_by(self, mention: Mention) -> bool:
        """Whether the brand itself wrote it."""
        return _is_by(mention, self.accounts)

    def names(self, mention: Mention, spans: Iterable[Span]) -> Names:
        """What the mention calls the brand: what its query found there, with a capital or a sign if anything has one,
        and its accounts.
        """
        found = tuple(getattr(mention, span.field)[span.start : span.end] for span in spans)
        return _called(found) | self._handles


class Judge:
    """What the language packs make of texts towards a brand, as `Classifier` does without a label model."""

    def __init__(self, terms: BrandTerms, guess: Guess = by_words) -> None:
        self._brand, self._guess = _Listening("", terms), guess

    def hear(self, content: Content) -> Tone:
        """The tone of a mention as the brand's query is told it, where it asks for that."""
        return self._brand.hear(content, _Tones(content.mention, self._guess))

    def is_own(self, mention: Mention) -> bool:
        """Whether the brand itself wrote it."""
        return self._brand.is_by(mention)

    def __call__(self, text: str, language: str) -> Tone:
        """The tone of a text; of all of it when it does not name the brand."""
        mention = Mention(id="", source="", platform="", text=text, observed_at=_WHENEVER)
        match = self._brand.query.find(Content(mention))
        names = self._brand.names(mention, match.spans) if match else frozenset()
        return score_toward(text, language, names, self._brand.own_words)


class Classifier:
    """Built once from all brands; `guess` tells the language of a mention that does not say its own. What was found in
    the words of so many short mentions is `remembered`, by a digest of their text: much is passed on. Raises
    QueryError when a keyword cannot be looked for, ValueError when a word of the tone cannot. One that comes after
    another is built from it: soon where most queries are the same, and slower to ask until `merge` was called.
    """

    def __init__(
        self,
        brands: Mapping[str, BrandTerms],
        guess: Guess = by_words,
        remembered: int = 0,
        before: "Classifier | None" = None,
    ) -> None:
        self._guess, self._remembered = guess, remembered
        self._brands = {name: _Listening(name, terms) for name, terms in brands.items()}
        self.languages = frozenset(language for terms in brands.values() for language in terms.languages)
        asked = {name: brand.asked for name, brand in self._brands.items()}
        self.index: Index = before.index.changed(asked) if before else index_of(asked)
        self._filtered = frozenset(name for name, query in asked.items() if query.asks_more)
        self._live = [each for terms in brands.values() for each in terms.live]
        self._lately: OrderedDict[bytes, list[Classified]] = OrderedDict()

    def classify(self, mention: Mention, models: Mapping[str, LabelModel] = NO_MODELS) -> list[Classified]:
        """The brands the mention concerns, in the order they were given; none is the usual answer. The label model of a
        brand judges after the language pack.
        """
        return self.heard(self.by_words(mention), mention, models)

    def heard(
        self, found: Iterable[Classified], mention: Mention, models: Mapping[str, LabelModel] = NO_MODELS
    ) -> list[Classified]:
        """What `by_words` found, with who wrote it and what the label models judge."""
        return [self._as_heard(each, mention, models.get(each.brand)) for each in found]

    def may_concern(self, mention: Mention) -> list[str]:
        """The brands that it may concern: told soon, and for sure that it concerns no other."""
        return self.index.candidates(Content(mention, self._guess))

    def _as_heard(self, found: Classified, mention: Mention, model: LabelModel | None) -> Classified:
        tone, own = found.tone, self._brands[found.brand].is_by(mention)
        tone = model.judge(full_text(mention), tone) if model else tone
        if not (own or model or found.terms):
            return found
        terms = found.terms if tone.label == "negative" else ()
        return msgspec.structs.replace(found, tone=tone, own=own, terms=terms)

    def merge(self) -> None:
        """Make it as fast as if it had been built of nothing. May take seconds, in a thread of its own while it is
        in use.
        """
        self.index = self.index.merged()

    def sameness(self, mention: Mention) -> bytes | None:
        """What all mentions share of which `by_words` finds the same; None where there is more to it than words."""
        return None if self._filtered else self._digest(mention)

    def recall(self, words: bytes) -> list[Classified] | None:
        """What `by_words` finds of mentions that share this, where that is remembered."""
        return self._known(words) if words in self._lately else None

    def remember(self, mention: Mention, found: list[Classified]) -> None:
        """What `by_words` of the same classifier found somewhere else."""
        self._learn(self._digest(mention), mention, found)

    def by_words(self, mention: Mention) -> list[Classified]:
        """As `classify`, whoever wrote it, without a label model, and with the terms of whatever tone."""
        words = self._digest(mention)
        if words in self._lately and not self._filtered:
            return self._known(words)
        content = Content(mention, self._guess)
        asked = self.index.candidates(content)
        if not self._filtered.isdisjoint(asked):
            return self._asked(asked, content)  # the same words of somebody else may be another matter
        if words in self._lately:
            return self._known(words)
        found = self._asked(asked, content)
        self._learn(words, mention, found)
        return found

    def _digest(self, mention: Mention) -> bytes:
        # what is heard of the same words depends on which events go on
        going_on = [each.hears(mention) for each in self._live] if self._live else ()
        return _digest((mention.title, mention.language, *going_on), mention.text)

    def _known(self, words: bytes) -> list[Classified]:
        self._lately.move_to_end(words)
        return self._lately[words]

    def _learn(self, words: bytes, mention: Mention, found: list[Classified]) -> None:
        if not found or len(mention.text) > _SHORT or len(mention.title or "") > _SHORT:
            return
        self._lately[words] = found
        if len(self._lately) > self._remembered:
            self._lately.popitem(last=False)

    def _asked(self, names: Iterable[str], content: Content) -> list[Classified]:
        tones = _Tones(content.mention, self._guess)
        brands = (self._brands[name] for name in names)
        return [each for brand in brands if (each := brand.classify(content.mention, content, tones))]


def full_text(mention: Mention) -> str:
    """What is scored: the title and the text, the title once when the text begins with it."""
    title, text = (mention.title or "").strip(), mention.text.strip()
    bare = title.rstrip("…. ")
    return text if not title or (bare and text.startswith(bare)) else f"{title}\n{text}".strip()


class _Tones:
    """The tones of one mention towards each who is named in it."""

    def __init__(self, mention: Mention, guess: Guess) -> None:
        self.text, self._tag, self._guess = full_text(mention), mention.language, guess

    def tone(self, languages: tuple[str, ...], own: Lexicon | None, names: Names) -> Tone:
        return score_toward(self.text, identify(self.text, self._tag, languages, self._guess), names, own)


@lru_cache(1024)
def _called(found: tuple[str, ...]) -> Names:
    proper = [name for name in found if name[0].isupper() or name[0] in "@#"]
    return names_of(proper or found)


_words = lru_cache(256)(compile_words)  # of a rule, for all its brands
_terms = lru_cache(256)(Terms)


def _digest(about: tuple[str | bool | None, ...], text: str) -> bytes:
    # not the text itself: that goes when its author takes it back
    return blake2b(f"{about}\n{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _account(written: str) -> str:
    return written.strip().removeprefix("@").rstrip("/").casefold()


def _is_by(mention: Mention, accounts: frozenset[str]) -> bool:
    if not accounts:
        return False
    author = mention.author
    if any(value and _account(value) in accounts for value in (author.handle, author.id)):
        return True
    address = (mention.url or "").casefold()
    return any("://" in account and f"{address}/".startswith(f"{account}/") for account in accounts)
