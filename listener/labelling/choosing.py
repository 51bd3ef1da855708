"""Which mentions are worth a person's mark. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from itertools import zip_longest

from listener.store.marks import PERSON, Chosen
from listener.store.port import StoredMention
from rules.classify import full_text
from rules.facts import Label

_RANDOM_ONE_IN = 4


@dataclass(frozen=True, kw_only=True)
class Question:
    """A mention to be marked, and how it was chosen."""

    stored: StoredMention
    chosen: Chosen


def worth_asking(
    kept: Sequence[StoredMention], brand: str, marked: Collection[str], labels: Mapping[Label, int]
) -> list[Question]:
    """The mentions of a brand that nobody has marked, in the order to ask: one drawn at random, then two that teach
    most, since their tone is unsure or their label was marked seldom (`labels`), and so on.

    Chance is a digest of the identity: what it draws is never asked for another reason, however often this is called,
    so that what was drawn at random tells how good the labels are of all there is.
    """
    open_ones = list(_open(kept, brand, marked))
    drawn = [stored for stored in open_ones if _draw(stored) % _RANDOM_ONE_IN == 0]
    others = [stored for stored in open_ones if _draw(stored) % _RANDOM_ONE_IN]
    total = sum(labels.values())

    def teaches(stored: StoredMention) -> float:
        tone = stored.tones[brand]
        return tone.confidence + (labels.get(tone.label, 0) / total if total else 0.0)

    others.sort(key=lambda stored: (teaches(stored), stored.mention.identity))
    random = [Question(stored=stored, chosen="random") for stored in sorted(drawn, key=_draw)]
    asked = [Question(stored=stored, chosen="asked") for stored in others]
    mixed = zip_longest(random, asked[::2], asked[1::2])
    return [question for three in mixed for question in three if question]


def _open(kept: Sequence[StoredMention], brand: str, marked: Collection[str]) -> Iterator[StoredMention]:
    """Those whose tone is judged by nobody so far, each text once."""
    texts = set[str]()
    for stored in kept:
        tone, facts, text = stored.tones.get(brand), stored.facts.get(brand), full_text(stored.mention)
        unknown = tone and facts and not facts.own and tone.label != "unsupported" and tone.scorer != PERSON
        if unknown and text and text not in texts and stored.mention.identity not in marked:
            texts.add(text)
            yield stored


def _draw(stored: StoredMention) -> int:
    return int.from_bytes(blake2s(stored.mention.identity.encode("utf-8", "surrogatepass"), digest_size=8).digest())
