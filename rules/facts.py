"""What a brand's engine knows of one mention: derived facts, single words at most, no name of an author."""

from typing import Literal

import msgspec

from rules.instant import Instant

Label = Literal["negative", "neutral", "positive", "unsupported"]


class Tone(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # of millions none is within itself
    """The tone of a text. `compound` in [-1, 1], None when the language is unsupported; `confidence` in [0, 1];
    `words` are those that decided, as written.
    """

    language: str | None
    label: Label
    compound: float | None
    confidence: float
    scorer: str
    words: tuple[str, ...] = ()


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One mention of one brand, reduced to what rules count.

    `mention` is its identity; `moment` the instant it counts for; `author` a pseudonym that only tells authors apart
    ("" unknown); `hits` the keyword rules whose words it holds, `said` the few words that it holds of each, as it says
    them: the rule's own, ended otherwise; `own` written by the brand itself, kept but never counted; `history` stored
    and shown, in no window and no baseline. `story` is a number that near copies of a text nearly share
    (`stories.py`), of which nobody can read it; 0 when it is too short, or was heard before stories were told apart.
    `terms` are the hashtags and few telling words of a negative mention, folded, where a rule of the brand asks for
    them: single words, out of their order. `reactions` is how many reacted to it so far, where a rule of the brand asks
    for that; None for what has none of its own, such as a repost.
    """

    mention: str
    moment: Instant
    source: str
    author: str = ""
    reach: int = 0
    label: Label = "unsupported"
    compound: float | None = None
    hits: tuple[str, ...] = ()
    said: dict[str, tuple[str, ...]] = {}
    own: bool = False
    history: bool = False
    story: int = 0
    terms: tuple[str, ...] = ()
    reactions: int | None = None
