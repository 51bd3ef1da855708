"""What the configuration means for the pipeline, worked out once at the start and at each reload."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2s
from typing import Any

from alerts.agenda import Agenda, Planned, together, written
from config.model import Model
from config.settings import Brand, Component, Settings
from listener.collector import COLLECTORS, SourceOptions
from listener.detection import guess_by
from listener.pool.texts import REMEMBERED
from listener.queries import query_of
from listener.shares import Share
from rules.campaigns import Campaign
from rules.classify import BrandTerms, Classifier
from rules.inputs import Plan, RulePlan
from rules.instant import Span, instant, span
from rules.live import Live
from rules.moment import LATENESS, lateness_of
from rules.packs.own import ToneWords
from rules.query.compiled import compile_query
from rules.query.reading import named
from rules.rule import RULES, RuleOptions

NOBODY: AbstractSet[str] = frozenset()
"""The brands that hear a source which is none."""
_OF_ZONE = re.compile(r"(?i)\b(?:hour|dow|after|before):")


@dataclass(frozen=True, kw_only=True)
class Setup:
    """`names` is what people call each brand; `agenda` what is known beforehand; `plans` by brand; `lateness` and
    `listeners` (the brands that hear it) by source; `honouring` are the sources of which deletions are taken over;
    `in_order` those in which nothing comes after its deletion; `polled` those that are asked now and then, the others
    are always listened to; `attentive` those of the latter whose silence is heard; `engaged` are the brands of which
    reactions are counted.
    """

    settings: Settings
    names: Mapping[str, str]
    agenda: Agenda
    plans: Mapping[str, Plan]
    classifier: Classifier
    lateness: Mapping[str, Span]
    listeners: Mapping[str, AbstractSet[str]]
    honouring: frozenset[str]
    in_order: frozenset[str]
    polled: frozenset[str]
    attentive: frozenset[str]
    engaged: frozenset[str] = frozenset()


def build_setup(
    settings: Settings, elsewhere: Agenda | None = None, before: Setup | None = None, share: Share | None = None
) -> Setup:
    """The setup of a checked configuration; `elsewhere` is what calendars that are not in the configuration say,
    `before` the setup that it comes after. With a `share` only brands of that are heard and judged. Raises QueryError
    when a query does not compile, ImportError when what should tell languages is not installed.
    """
    agenda = together([written(settings), elsewhere or {}])
    mine = {name: brand for name, brand in settings.brands.items() if share is None or share.has(name)}
    lateness = {name: _lateness(source) for name, source in settings.sources.items()}
    listeners = {name: _listeners(source, mine) for name, source in settings.sources.items()}
    rules = {brand: rules_of(brand, settings) for brand in mine}
    plans = dict(_plans(settings, mine, agenda, lateness, listeners))
    specs = {name: COLLECTORS.spec(source.kind) for name, source in settings.sources.items()}
    terms = dict(terms_in(settings, agenda, mine))
    classifier = Classifier(
        terms, guess_by(settings.daemon.detection), REMEMBERED, before.classifier if before else None
    )
    return Setup(
        settings=settings,
        names={name: brand.name or name for name, brand in settings.brands.items()},
        agenda=agenda,
        plans=plans,
        classifier=classifier,
        lateness=lateness,
        listeners=listeners,
        honouring=frozenset(name for name, source in settings.sources.items() if _honours(source)),
        in_order=frozenset(name for name, spec in specs.items() if spec.in_order),
        polled=frozenset(name for name, spec in specs.items() if spec.polled),
        attentive=frozenset(name for name, spec in specs.items() if spec.hears_silence and not spec.polled),
        engaged=frozenset(
            brand for brand, named in rules.items() if any(RULES.spec(rule.kind).reactions for rule in named)
        ),
    )


def terms_in(
    settings: Settings, agenda: Agenda, brands: Mapping[str, Brand] | None = None
) -> Iterator[tuple[str, BrandTerms]]:
    """What to listen for, brand by brand, of some `brands` or of all."""
    for name, brand in (settings.brands if brands is None else brands).items():
        yield name, terms_of(brand, settings, rules_of(name, settings), _live(agenda[name]))


def _plans(
    settings: Settings,
    brands: Mapping[str, Brand],
    agenda: Agenda,
    lateness: Mapping[str, Span],
    listeners: Mapping[str, AbstractSet[str]],
) -> Iterator[tuple[str, Plan]]:
    judged = {
        name: RulePlan(name=name, kind=rule.kind, options=_judged(rule.options))
        for name, rule in settings.rules.items()
    }
    for name, brand in brands.items():
        sources = tuple(source for source, heard in listeners.items() if name in heard)
        yield (
            name,
            Plan(
                brand=name,
                query=_digest(brand, settings),
                lateness=max(map(lateness.__getitem__, sources), default=LATENESS),
                sources=sources,
                rules=tuple(judged[rule.name] for rule in rules_of(name, settings)),
                campaigns=tuple(_campaigns(agenda[name])),
            ),
        )


def _campaigns(planned: Planned) -> Iterator[Campaign]:
    for span_ in planned.spans:
        if span_.posts:
            yield Campaign(name=span_.name, since=instant(span_.since), until=instant(span_.until), posts=span_.posts)


def _live(planned: Planned) -> list[Live]:
    return [
        Live(query=compile_query(each.tag), since=each.since, until=each.until) for each in planned.spans if each.tag
    ]


def _judged(options: Model) -> dict[str, Any]:
    """What of a rule's options its judgement goes by: who is told when is none of that."""
    return options.model_dump(mode="json", exclude={"watch_only"})


def _lateness(source: Component) -> Span:
    every = getattr(source.options, "every", None)
    polled = COLLECTORS.spec(source.kind).polled
    return lateness_of(span(every) if polled and isinstance(every, timedelta) else None)


def _honours(source: Component) -> bool:
    return isinstance(source.options, SourceOptions) and source.options.honour_deletes


def _listeners(source: Component, brands: Collection[str]) -> AbstractSet[str]:
    """In the order of the configuration."""
    assert isinstance(source.options, SourceOptions)
    chosen = source.options.brands
    names = brands if chosen is None else [name for name in brands if name in {*chosen}]
    return dict.fromkeys(names).keys()


def rules_of(brand: str, settings: Settings) -> list[Component]:
    """The rules that judge a brand."""

    def applies(options: object) -> bool:
        return isinstance(options, RuleOptions) and (options.brands is None or brand in options.brands)

    return [rule for rule in settings.rules.values() if applies(rule.options)]


def terms_of(
    brand: Brand, settings: Settings, rules: Sequence[Component] = (), live: Sequence[Live] = ()
) -> BrandTerms:
    """What the configuration says of a brand, with the words of `rules` and its live events."""
    words = {rule.name: RULES.spec(rule.kind).words(rule.options) for rule in rules}
    return BrandTerms(
        query=query_of(brand, settings),
        languages=brand.languages,
        own_accounts=brand.own_accounts,
        keywords={name: terms for name, terms in words.items() if terms},
        terms=any(RULES.spec(rule.kind).terms for rule in rules),
        tone=ToneWords(**brand.tone.model_dump()),
        live=tuple(live),
    )


def _digest(brand: Brand, settings: Settings) -> str:
    heard, daemon = f"{brand.query}\n{brand.languages}", settings.daemon
    if lists := named(brand.query, settings.lists):
        heard += f"\n{lists}"
    if any(own := brand.tone.model_dump().values()):
        heard += f"\n{list(own)}"
    if daemon.detection != "built-in":
        heard += f"\n{daemon.detection}"
    if _OF_ZONE.search(brand.query):
        heard += f"\n{daemon.time_zone}"
    return blake2s(heard.encode(), digest_size=8).hexdigest()
