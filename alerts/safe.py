"""Words that are not ours, made safe before they meet a template."""

import re
from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import SplitResult, quote, urlsplit

from msgspec.structs import replace

from alerts.alert import Alert, Language, Notice, Quote
from alerts.digest import Digest
from alerts.dossier import Dossier
from alerts.playbook import Advice, InWords
from rules.text import defuse, shorten

NAME, WORD, QUOTED, REASON, ADDRESS, NOTE = 40, 30, 280, 200, 500, 1_000
"""Most characters of a name, a watched word, a quotation, a person's reason, a link and a note."""
HINT = 80
"""Characters of where a scheduled post is stopped."""
STEP, ANSWER, ANSWERS = 200, 1_000, 3
"""Most characters of a step and of a holding answer, and most answers in a message."""
READ = 2_000
"""Characters of a stranger’s text that are read at all."""
YEARS = range(1970, 3000)
"""Years of a stranger's date that are shown; time zones cannot be reckoned at the ends of the calendar."""
QUOTES = 3
"""Most quotations in a message."""
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_PRIVATE = re.compile(
    r"""(?<![\w/@.+-])(?:
        [\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}       # a mail address
      | (?:\+|00)[1-9]\d{0,2}(?:[ .-]?\(0\))?(?:[\s.-]?\d){7,12}  # a phone number with its country
      | 0[1-9](?P<gap>[ \u00a0\u202f.-]?)\d\d(?:(?P=gap)\d\d){3}  # French
      | 0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}                       # British
      | \(?[2-9]\d\d\)?[ .-]\d{3}[ .-]\d{4}                   # North American
    )(?![\w@])""",
    re.VERBOSE,
)
_MASK: dict[Language, str] = {"fr": "[masqué]", "en": "[masked]"}
Value = TypeVar("Value")


def alert_made_safe(alert: Alert, language: Language) -> Alert:
    """The same alert without a control, bidirectional or zero-width character, each text within its budget, links
    http(s) or None, phone numbers and mail addresses of passers-by masked.
    """
    figures = alert.figures
    return replace(
        alert,
        brand=_name(alert.brand),
        rule=_name(alert.rule),
        by=_maybe(alert.by, NAME),
        because=_maybe(alert.because, REASON),
        link=safe_link(alert.link),
        taken_by=_maybe(alert.taken_by, NAME),
        pending=alert.pending and replace(alert.pending, to=_maybe(alert.pending.to, NAME)),
        withheld=alert.withheld and replace(alert.withheld, by=_maybe(alert.withheld.by, NAME)),
        brand_name=_maybe(alert.brand_name, NAME),
        source_names=_shown(alert.source_names),
        channel_names=_shown(alert.channel_names),
        **{name: tuple(map(_name, getattr(alert, name))) for name in ("told", "untold", "takes", "partly")},
        reached=tuple(
            replace(each, channel=_name(each.channel), why=shorten(defuse(each.why), REASON)) for each in alert.reached
        ),
        unheard=_named(alert.unheard),
        posts=tuple(
            replace(each, name=_name(each.name), stop_with=_maybe(each.stop_with, HINT)) for each in alert.posts
        ),
        running=tuple(replace(each, name=_name(each.name)) for each in alert.running),
        advice=alert.advice and _advice(alert.advice),
        quotes=tuple(_quote(quote, language) for quote in alert.quotes if defuse(quote.text[:READ]))[:QUOTES],
        figures=replace(
            figures,
            sources=_named(figures.sources),
            source=_maybe(figures.source, NAME) or "",
            also=tuple(map(_name, figures.also)),
            raised_by=tuple(map(_name, figures.raised_by)),
            talk=tuple(
                replace(each, word=shorten(defuse(each.word), WORD)) for each in figures.talk if defuse(each.word)
            ),
            words={word: count for word, count in _words(figures.words) if word},
        ),
    )


def notice_made_safe(notice: Notice, language: Language) -> Notice:
    """The same notice, cleaned like an alert."""
    return replace(
        notice,
        subject=_name(notice.subject),
        brand=_maybe(notice.brand, NAME),
        passed_to=_maybe(notice.passed_to, NAME),
        subject_name=_maybe(notice.subject_name, NAME),
        brand_name=_maybe(notice.brand_name, NAME),
        passed_to_name=_maybe(notice.passed_to_name, NAME),
        detail=shorten(defuse(notice.detail), REASON),
        code=shorten(defuse(notice.code), NAME),
        heard=_named(notice.heard),
        held=tuple(replace(each, rule=_name(each.rule)) for each in notice.held),
        missed=tuple((_name(brand), number) for brand, number in notice.missed),
        several=tuple(replace(each, brand=_name(each.brand)) for each in notice.several),
        watch=notice.watch
        and replace(notice.watch, first=_name(notice.watch.first), second=_maybe(notice.watch.second, NAME)),
        link=safe_link(notice.link),
        live=notice.live
        and replace(
            notice.live,
            tag=_name(notice.live.tag),
            quotes=tuple(_quote(each, language) for each in notice.live.quotes if defuse(each.text[:READ]))[:QUOTES],
        ),
    )


def digest_made_safe(digest: Digest, language: Language) -> Digest:
    """The same digest, cleaned like an alert."""
    voice = digest.voice
    return replace(
        digest,
        brand=_name(digest.brand),
        voice=voice and replace(voice, against=tuple(map(_name, voice.against))),
        incidents=tuple(replace(each, rule=_name(each.rule)) for each in digest.incidents),
        withheld=tuple(
            replace(each, by=_maybe(each.by, NAME) or "", because=_maybe(each.because, REASON) or "")
            for each in digest.withheld
        ),
        worth=tuple(
            replace(each, quote=_quote(each.quote, language)) for each in digest.worth if defuse(each.quote.text[:READ])
        ),
        campaigns=tuple(replace(each, name=_name(each.name)) for each in digest.campaigns),
        events=tuple(replace(each, tag=_name(each.tag)) for each in digest.events),
        unheard=tuple(replace(each, source=_name(each.source)) for each in digest.unheard),
        ahead=tuple(replace(each, name=_maybe(each.name, REASON) or "") for each in digest.ahead),
    )


def dossier_made_safe(dossier: Dossier, language: Language) -> Dossier:
    """The same dossier, cleaned like an alert; notes and reasons are people's own words, and longer."""
    hold = dossier.hold
    return replace(
        dossier,
        brand=_name(dossier.brand),
        lived=replace(dossier.lived, rule=_name(dossier.lived.rule)),
        sources=_named(dossier.sources),
        words=dict(_words(dossier.words)),
        moments=tuple(
            replace(
                each,
                by=_text(each.by, NAME),
                text=_text(each.text, NOTE),
                channel=_text(each.channel, NAME),
                spared=tuple(_name(name) for name in each.spared),
            )
            for each in dossier.moments
        ),
        quotes=tuple(_quote(each, language) for each in dossier.quotes if defuse(each.text[:READ])),
        unheard=tuple(replace(each, source=_name(each.source)) for each in dossier.unheard),
        judged_by=_text(dossier.judged_by, NAME),
        judged_because=_text(dossier.judged_because, NOTE),
        hold=hold and replace(hold, by=_name(hold.by), because=_text(hold.because, NOTE)),
        removed=tuple(replace(each, quote=_quote(each.quote, language)) for each in dossier.removed),
    )


def safe_link(address: str | None) -> str | None:
    """A web address with nothing hidden in it, plain ASCII; None for anything else, a password in it included."""
    if address is None or len(address) > ADDRESS:
        return None
    try:
        parts = urlsplit(defuse(address))
        host = _host(parts)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    path, query, fragment = (quote(part, safe="/:@!$&()*+,;=%~-._?") for part in parts[2:])
    return SplitResult(parts.scheme, host, path, query, fragment).geturl()


def masked(text: str, language: Language) -> str:
    """The text without phone numbers and mail addresses."""
    return _PRIVATE.sub(_MASK[language], text)


def host_of(address: str) -> str:
    """The host of a safe link, in clear."""
    return urlsplit(address).hostname or ""


def _host(parts: SplitResult) -> str:
    """Host and port; names in other scripts as DNS spells them, so that none can pass for another."""
    name = parts.hostname or ""
    if not re.fullmatch(r"[\w.-]+|[0-9a-f:.]+", name):
        return ""
    plain = f"[{name}]" if ":" in name else name.encode("idna").decode()
    return plain if parts.port is None else f"{plain}:{parts.port}"


def _quote(quote: Quote, language: Language) -> Quote:
    known = quote.language is not None and _TAG.fullmatch(quote.language) is not None
    return replace(
        quote,
        text=shorten(masked(defuse(quote.text[:READ]), language), QUOTED),
        source=_name(quote.source),
        url=safe_link(quote.url),
        language=quote.language if known else None,
        created_at=quote.created_at if quote.created_at and quote.created_at.year in YEARS else None,
    )


def _advice(advice: Advice) -> Advice:
    client, answers = advice.client, advice.answers[:ANSWERS]
    return replace(
        advice,
        steps=tuple(
            replace(
                step,
                words=_in_words(step.words, STEP),
                by=_maybe(step.by, NAME),
                contact=_maybe(step.contact, NAME),
            )
            for step in advice.steps
        ),
        answers=tuple(replace(each, words=_in_words(each.words, ANSWER), by=_name(each.by)) for each in answers),
        client=client and replace(client, unless=client.unless and _in_words(client.unless, STEP)),
    )


def _in_words(words: InWords, limit: int) -> InWords:
    return InWords(fr=shorten(defuse(words.fr), limit), en=shorten(defuse(words.en), limit))


def _name(text: str) -> str:
    return shorten(defuse(text), NAME) or "?"


def _text(text: str, limit: int) -> str:
    return shorten(defuse(text), limit)


def _maybe(text: str | None, limit: int) -> str | None:
    return (shorten(defuse(text), limit) or None) if text is not None else None


def _words(counted: dict[str, int]) -> Iterator[tuple[str, int]]:
    return ((shorten(defuse(word), WORD), count) for word, count in counted.items())


def _shown(names: dict[str, str]) -> dict[str, str]:
    return {name: _name(shown) for name, shown in names.items()}


def _named(values: dict[str, Value]) -> dict[str, Value]:
    return {_name(name): value for name, value in values.items()}
