"""An explanation in words, in the reader's language and time."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from math import exp, log
from zoneinfo import ZoneInfo

from alerts.alert import Language
from alerts.times import Times
from alerts.typography import NO_BREAK, number, percent, plural, span
from listener.explaining.replay import Moment, NotJudgedError
from listener.explaining.words import CHANCES, CONDITIONS, DECIMALS, MISSING, RATES, SERIES, SHARES, TEXTS, UNITS
from listener.store.port import IncidentRow
from rules.account import Condition, Proportion, Scale
from rules.explaining import Explanation
from rules.instant import Instant, moment
from rules.text import defuse

_BEYOND = log(1e6)
"""Evidence beyond which nobody tells numbers apart."""


class Teller:
    """Explains to one reader: a language, a time zone, a present."""

    def __init__(self, language: Language, zone: str, now: Instant) -> None:
        self.language = language
        self._texts = TEXTS[language]
        self._times = Times(now=moment(now), zone=ZoneInfo(zone), language=language)

    def title(self, told: Moment, brand: str) -> str:
        """The brand, and which moment in whose time."""
        return self._texts["title"].format(brand=brand, time=self.time(told.at), zone=self._times.place)

    def why_open(self, number: int, rule: str) -> str:
        """What is explained: an opening."""
        return self._texts["why_incident"].format(number=number, rule=rule)

    def time(self, at: Instant) -> str:
        """When it was."""
        return self._times.moment(moment(at))

    def not_judged(self, error: NotJudgedError, brand: str) -> str:
        """Why nothing can be said of that moment."""
        if error.since is not None:
            return self._texts["before"].format(brand=brand, since=self.time(error.since))
        if error.until is not None:
            return self._texts["after"].format(until=self.time(error.until))
        return self._texts["nothing"].format(brand=brand)

    def coverage(self, told: Moment) -> str:
        """How much was heard at the time, and what was not."""
        if told.coverage >= 1 and not told.partly:
            return self._texts["coverage_all"]
        text = self._texts["coverage"].format(share=self._percent(told.coverage))
        partly = ", ".join(
            self._texts["partly"].format(source=source, share=self._percent(share))
            for source, share in sorted(told.partly.items())
        )
        return f"{text}; {partly}" if partly else text

    def lines(self, why: Explanation, largest: str, row: IncidentRow | None, held: date | None) -> Iterator[str]:
        """All that is known of one rule: what it comes to first. `largest` names the biggest voice, `row` is the
        incident that was open already, `held` the day before which an alert was held back.
        """
        yield self._heading(why)
        yield from (f"  {line}" for line in (self._opening(why) if row is None else self._ongoing(row)))
        if why.verdict.also:
            yield f"  {self._texts['also'].format(sources=', '.join(why.verdict.also))}"
        if held is not None:
            yield "  " + self._texts["held"].format(day=self._times.date(held))
        yield from (f"  {self._scale(scale, why)}" for scale in why.account.scales)
        yield from (f"  {line}" for line in self._proportion(why.account.proportion))
        if row is None:  # what speaks for news begins at nothing once it was told
            yield from (f"  {line}" for line in self._rarity(why))
        yield from (f"  {line}" for line in self._terms(why))
        yield from (f"  {line}" for line in self._drivers(why, largest))

    def _opening(self, why: Explanation) -> Iterator[str]:
        yield self.verdict(why)
        yield from (f"  {self._mark(each)} {self._filled(CONDITIONS, each, why)}" for each in why.account.conditions)

    def _ongoing(self, row: IncidentRow) -> Iterator[str]:
        yield self._texts["goes_on"].format(number=row.number, since=self.time(row.opened_at))

    def verdict(self, why: Explanation) -> str:
        """`11 of 12 conditions met: only 3 authors of 4 needed`."""
        conditions, missing = why.account.conditions, why.missing
        between = f"{NO_BREAK}; " if self.language == "fr" else "; "
        outcome = between.join(self._filled(MISSING, each, why) for each in missing) or self._texts["opens"]
        return self._texts["met"].format(met=len(conditions) - len(missing), all=len(conditions), outcome=outcome)

    def _heading(self, why: Explanation) -> str:
        kind, _, _ = why.verdict.of.partition(":")
        series, unit = SERIES[self.language].get(kind, why.verdict.of), why.verdict.unit
        if unit != "mentions":
            series = self._texts["of_unit"].format(unit=UNITS[self.language][unit], series=series)
        if why.verdict.source:
            series = self._texts["of_source"].format(series=series, source=why.verdict.source)
        return self._texts["rule"].format(rule=why.rule, series=series)

    def _mark(self, condition: Condition) -> str:
        return self._texts["met_mark" if condition.met else "missing_mark"]

    def _filled(self, texts: Mapping[Language, Mapping[str, str]], condition: Condition, why: Explanation) -> str:
        say = self.rate if condition.name in RATES else lambda value: self._figure(condition.name, value)
        text = texts[self.language].get(condition.name, condition.name)
        unit, below = UNITS[self.language][why.verdict.unit], self._figure(condition.name, condition.below)
        return text.format(observed=say(condition.observed), needed=say(condition.needed), below=below, unit=unit)

    def _figure(self, name: str, value: float | None) -> str:
        if value is None:
            return "?"
        if name in SHARES:
            return self._percent(value)
        if name in CHANCES:
            return self.probability(value)
        return self._mean(value) if name in DECIMALS else number(round(value), self.language)

    def _scale(self, scale: Scale, why: Explanation) -> str:
        minutes, language, counted = (
            span(timedelta(minutes=scale.minutes), self.language),
            self.language,
            why.verdict.unit,
        )
        key = "scale" if counted == "mentions" else "scale_audience" if counted == "followers" else "scale_unit"
        observed, unit = number(scale.observed, language), UNITS[language][counted]
        text = self._texts[key].format(minutes=minutes, observed=observed, unit=unit)
        if scale.expected is not None:
            text += self._texts["expected"].format(expected=self._mean(scale.expected))
        if scale.most is not None:
            text += self._texts["most"].format(most=self._mean(scale.most))
        if scale.tail is not None:
            tail = "tail_few" if why.verdict.fewer else "tail"
            text += self._texts[tail].format(tail=self.probability(scale.tail))
        if scale.further is not None:
            further = self._texts["further"].format(part=self.probability(scale.further))
            text += self._texts["ordinary"] if scale.further >= 1 else further
        return text

    def _proportion(self, found: Proportion | None) -> Iterator[str]:
        if found is None:
            return
        texts, since = self._texts, found.since
        when = texts["in_window"] if since is None else texts["since"].format(since=self.time(since))
        text = texts["share" if found.whole else "share_none"].format(
            since=when,
            part=number(found.part, self.language),
            whole=number(found.whole, self.language),
            share=self._percent(found.part / max(1, found.whole)),
            sure=self._percent(found.confidence),
            low=self._percent(found.low),
            high=self._percent(found.high),
        )
        usual = found.usual
        text += texts["share_unknown"] if usual is None else texts["share_usual"].format(usual=self._percent(usual))
        yield text if found.limit is None else text + texts["share_limit"].format(limit=self._percent(found.limit))

    def _terms(self, why: Explanation) -> Iterator[str]:
        for each in why.account.terms:
            yield self._texts["term"].format(
                term=defuse(each.term),
                count=number(each.count, self.language),
                authors=self._authors(each.authors),
                before=self._mean(each.before),
            )

    def _authors(self, count: int) -> str:
        forms = ("auteur", "auteurs") if self.language == "fr" else ("author", "authors")
        return f"{number(count, self.language)} {plural(count, *forms, self.language)}"

    def _rarity(self, why: Explanation) -> Iterator[str]:
        rarity, texts = why.account.rarity, self._texts
        if rarity is not None:
            ratio = self._likelihood(rarity.evidence)
            yield texts["evidence"].format(ratio=ratio) if rarity.evidence > 0.05 else texts["evidence_none"]
            rate = "rate" if rarity.rate is not None else "rate_unknown"
            yield texts[rate].format(rate=self.rate(rarity.rate), budget=self.rate(rarity.budget))
            yield texts["learning" if why.verdict.learning else "learnt"]
        if why.hushed is not None:
            yield texts["hushed"].format(count=number(why.hushed, self.language))

    def _drivers(self, why: Explanation, largest: str) -> Iterator[str]:
        drivers, texts = why.drivers, self._texts
        if drivers.sources:
            yield texts["sources"].format(sources=self._counted(drivers.sources))
        if drivers.words:
            yield texts["words"].format(words=self._counted(drivers.words))
        if drivers.authors:
            authors = self._authors(drivers.authors)
            yield texts["voices"].format(authors=authors, loudest=number(drivers.loudest, self.language))
        if largest and drivers.reach > 0:
            yield texts["largest"].format(name=largest, reach=number(drivers.reach, self.language))

    def _counted(self, counts: Mapping[str, int]) -> str:
        return ", ".join(f"{name} {number(count, self.language)}" for name, count in counts.items())

    def _mean(self, mean: float) -> str:
        text = f"{mean:.2g}" if mean < 10 else number(round(mean), self.language)
        return text.replace(".", ",") if self.language == "fr" else text

    def _percent(self, share: float) -> str:
        return percent(round(100 * share), 100, self.language)

    def probability(self, value: float) -> str:
        """`1 in 3,200`, `4 in 10`; the rarest are not told apart."""
        fr = self.language == "fr"
        if value > 0.95:
            return "presque toujours" if fr else "nearly always"
        if value < 1e-6:
            return "moins d’une fois sur un million" if fr else "less than 1 in a million"
        part, whole = (round(10 * value), "10") if value >= 0.1 else (1, self._rounded(1 / value))
        return f"{part} fois sur {whole}" if fr else f"{part} in {whole}"

    def rate(self, monthly: float | None) -> str:
        """How often something is so, of a number in 30 days: `3 times a month`, `once in 4 months`."""
        fr = self.language == "fr"
        if monthly is None:
            return "trop souvent pour être compté" if fr else "too often to count"
        if monthly >= 1.5:
            times = self._rounded(monthly)
            return f"{times} fois par mois" if fr else f"{times} times a month"
        if monthly >= 2 / 3:
            return "une fois par mois" if fr else "once a month"
        if monthly < 1 / 12_000:
            return "moins d’une fois en mille ans" if fr else "less than once in a thousand years"
        months, years = self._rounded(1 / monthly), self._rounded(1 / (12 * monthly))
        if monthly > 1 / 24:
            return f"une fois en {months} mois" if fr else f"once in {months} months"
        return f"une fois en {years} ans" if fr else f"once in {years} years"

    def _likelihood(self, evidence: float) -> str:
        fr = self.language == "fr"
        if evidence > _BEYOND:
            return "plus d’un million de fois plus probable" if fr else "more than a million times as likely"
        ratio = exp(evidence)
        times = self._mean(ratio) if ratio < 10 else self._rounded(ratio)
        return f"{times} fois plus probable" if fr else f"{times} times as likely"

    def _rounded(self, value: float) -> str:
        """A whole number, of which two digits are told."""
        digits = len(str(int(value)))
        return number(int(round(value, min(0, 2 - digits))), self.language)
