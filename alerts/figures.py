"""What was counted, as it can be told: always with its normal and its window."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from rules.transition import Unit

Of = Literal["negative", "positive", "posts", "reach", "hits", "term"]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """`part` of `whole` mentions, in the window or, where that is given, `since` then; `usual` is the share that the
    brand usually has, 0 to 1.
    """

    part: int
    whole: int
    usual: float | None = None
    since: datetime | None = None


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """The count doubles in `every`, or halves where it `falls`: in between `fastest` and `slowest`, in four of five
    cases. When nothing changes `low` to `high` are to come until `ahead` from now, None when nobody can say.
    """

    every: timedelta
    fastest: timedelta
    slowest: timedelta
    falls: bool = False
    low: int | None = None
    high: int | None = None
    ahead: timedelta = timedelta(minutes=15)


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """A word or hashtag, a stranger's, that `count` mentions hold, far more than before; `new`: none did before."""

    word: str
    count: int
    new: bool = False


class Eased(msgspec.Struct, frozen=True, kw_only=True):
    """That the count eases was told: the highest since the rise before was `high`, at `high_at`."""

    high: int
    high_at: datetime


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted, always with its normal and its window. `of` is `negative`, `positive`, `posts`, `reach`
    (negative by authors with many followers), `hits` (keywords) or `term` (a new word); `unit` what `count`, `opening`
    and `peak` are numbers of; `fewer`: too few is what is wrong.

    `usual` is the expected count for the same window, None when the rule has no notion of it; `learning` says that
    there is little history behind it. `during` counts since the opening; `sources` maps source name to count.
    `second_half` is the count of the latter half of the window; `words` maps what was said of a keyword rule's words to
    mentions (0: said earlier), the most frequent first; `stories` is how many different texts they are, 0 when that is
    not known; `least` mentions by `least_authors` are what the rule asks for. `source` is the only one that is counted,
    "" where all are, `also` others that were as bad by themselves; `raised_by` the rules whose incidents made this one
    critical. `eased` is told until the next rise, `rose_from` is the count that it had eased to before the last.
    `trend` is None where it is not sure. One author wrote `most` of them, and one has `followers`, the most of all: 0
    when that is not known. `talk` are words that stand out in the `read` mentions that were looked through,
    and `languages` maps the code of a language to how many of these are in it.
    """

    of: Of
    count: int
    window: timedelta
    usual: float | None = None
    usual_high: float | None = None
    learning: bool = False
    posts: int = 0
    negative: int = 0
    authors: int = 0
    sources: dict[str, int] = {}
    second_half: int | None = None
    words: dict[str, int] = {}
    least: int | None = None
    least_authors: int | None = None
    opening: int | None = None
    during: int | None = None
    peak: int | None = None
    peak_at: datetime | None = None
    unsupported: int = 0
    unit: Unit = "mentions"
    fewer: bool = False
    share: Share | None = None
    stories: int = 0
    source: str = ""
    also: tuple[str, ...] = ()
    raised_by: tuple[str, ...] = ()
    trend: Trend | None = None
    most: int = 0
    followers: int = 0
    talk: tuple[Talk, ...] = ()
    read: int = 0
    languages: dict[str, int] = {}
    eased: Eased | None = None
    rose_from: int | None = None
