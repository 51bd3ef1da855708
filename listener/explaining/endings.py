"""How far alerts of a rule can be believed: what its incidents were, by those who looked."""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from alerts.alert import Language
from alerts.typography import NO_BREAK as NB
from alerts.typography import THIN, number, plural
from listener.store.port import IncidentRow
from rules.labelling.quality import Estimate, share

_ASK_EN = "and nobody said what they were (`badbuzz incidents resolve ID --as real` or `--as false-alarm`)"
_ASK_FR = (
    "et personne n’a dit ce que c’était"
    f" («{NB}badbuzz incidents resolve ID --as real{NB}» ou «{NB}--as false-alarm{NB}»)"
)


class Belief(msgspec.Struct, frozen=True, kw_only=True):
    """Of the incidents of `rule`, those that a person called `real` or `false` alarms, and those `unjudged`."""

    rule: str
    real: int
    false: int
    unjudged: int

    @property
    def precision(self) -> Estimate:
        """The share of real ones among those judged, with Wilson's interval."""
        return share(self.real, self.real + self.false)


def beliefs(rows: Iterable[IncidentRow]) -> list[Belief]:
    """One for each rule that ever rang, by name."""
    counted = Counter((row.rule, row.ending) for row in rows)
    return [
        Belief(
            rule=rule,
            real=counted[rule, "real"],
            false=counted[rule, "false-alarm"],
            unjudged=counted[rule, None],
        )
        for rule in sorted({rule for rule, _ in counted})
    ]


def sentences(found: Iterable[Belief], language: Language) -> Iterator[str]:
    """What is said of each rule."""
    for each in found:
        yield (_in_french if language == "fr" else _in_english)(each)


def _in_english(each: Belief) -> str:
    judged = each.real + each.false
    if not judged:
        return f"Rule {each.rule}: {each.unjudged} {plural(each.unjudged, 'incident', 'incidents', 'en')}, {_ASK_EN}."
    value, low, high = (f"{round(100 * part)}%" for part in msgspec.structs.astuple(each.precision))
    incidents = plural(judged, "incident", "incidents", "en")
    rest = f"; {number(each.unjudged, 'en')} not judged" if each.unjudged else ""
    return (
        f"Rule {each.rule}: of {number(judged, 'en')} {incidents} judged, {number(each.real, 'en')} real"
        f" ({value}, likely {low} to {high}){rest}."
    )


def _in_french(each: Belief) -> str:
    judged = each.real + each.false
    rule = f"Règle {each.rule}{NB}:"
    if not judged:
        return f"{rule} {each.unjudged} {plural(each.unjudged, 'incident', 'incidents', 'fr')}, {_ASK_FR}."
    value, low, high = (f"{round(100 * part)}{THIN}%" for part in msgspec.structs.astuple(each.precision))
    incidents = plural(judged, "incident qualifié", "incidents qualifiés", "fr")
    real = plural(each.real, "vrai", "vrais", "fr")
    rest = f"{NB}; {number(each.unjudged, 'fr')} sans avis" if each.unjudged else ""
    return (
        f"{rule} sur {number(judged, 'fr')} {incidents}, {number(each.real, 'fr')} {real}"
        f" ({value}, sans doute entre {low} et {high}){rest}."
    )
