"""What a field of another tool is here, value by value."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from rules.query.addresses import asked_address
from rules.query.codes import country, language
from rules.query.filters import FILTERS

Rewrite = Callable[[str], str]
"""What a value becomes, without its quotation marks. Raises ValueError, whose words say why it is lost."""

_SPAN = re.compile(r"\[?\s*(\w+|\*)\s*(?:TO|\.\.)\s*(\w+|\*)\s*\]?", re.IGNORECASE)
_SPACED = re.compile(r"[\s()]")
_TONES = {name: name for name in ("negative", "neutral", "positive")}
_DAYS = {day: day[:3] for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")}
_DAYS |= {short: short for short in _DAYS.values()}
_KINDS = {
    "retweet": "repost", "repost": "repost", "share": "repost", "reply": "reply", "quote": "quote",
    "comment": "comment", "question": "question", "review": "review",
}  # fmt: skip
_LASTS = {"hour": ("0", "23"), "dow": ("mon", "sun")}


def _lost(why: str) -> Rewrite:
    def lose(_value: str) -> str:
        raise ValueError(why)

    return lose


def _to(name: str, values: Mapping[str, str] | None = None) -> Rewrite:
    """A filter of that name; one that could never hold is lost."""

    def rewrite(value: str) -> str:
        known = value if values is None else values.get(value.lower())
        if known is None:
            raise ValueError(f"{name}: knows no '{value}', only {', '.join(dict.fromkeys((values or {}).values()))}")
        try:
            FILTERS[name](known, UTC)
        except ValueError as error:
            raise ValueError(f"'{value}' is no value of {name}: ({error})") from None
        return f'{name}:"{known}"' if _SPACED.search(known) else f"{name}:{known}"

    return rewrite


def _code(name: str, of: Callable[[str], str | None]) -> Rewrite:
    def rewrite(value: str) -> str:
        code = of(value)
        if code is None:
            raise ValueError(f"{name}: knows no '{value}'")
        return f"{name}:{code}"

    return rewrite


def _sign(sign: str) -> Rewrite:
    def rewrite(value: str) -> str:
        bare = value.lstrip(sign)
        if not bare or re.search(r"[^\w.@-]", bare.removesuffix("*")):
            raise ValueError(f"'{value}' is not one word")
        return sign + bare

    return rewrite


def _raw(value: str) -> str:
    return f'raw:"{value}"'


def _address(value: str) -> str:
    try:
        return asked_address(re.sub(r"/?\*$", "", value.removeprefix("//")))
    except ValueError as error:
        raise ValueError(f"'{value}' is no address ({error})") from None


def _site(value: str) -> str:
    """A part of a site and all below it. What was posted on Twitter stands at x.com now."""
    bare = _address(value.removeprefix("*."))
    return "site:(twitter.com OR x.com)" if bare == "twitter.com" else f"site:{bare}"


def _link(value: str) -> str:
    """What stands behind ? and # is not compared here."""
    return f"link:{_address(re.split('[?#]', value)[0])}"


def _url(value: str) -> str:
    """Letters anywhere in an address, which stars at both ends say elsewhere."""
    bare = re.sub(r"^(?:https?[*]?:)?//(?:www\.|[*]\.)?", "", value.strip("*"))
    return _to("url")(bare)


def _subreddit(value: str) -> str:
    return _site(f"reddit.com/r/{value.removeprefix('r/')}")


def _span(name: str, alone: str = "..") -> Rewrite:
    """[500 TO 1000], 500..1000, >500, and ranges that are open at one end; `alone` is what one number means."""

    def rewrite(value: str) -> str:
        if found := _SPAN.fullmatch(value):
            return _to(name)(_between(name, found[1], found[2]))
        if re.fullmatch(r"[<>]=?\d+", value):
            return _to(name)(value)
        if not value.isdecimal():
            raise ValueError(f"'{value}' is no number")
        return _to(name)(value if name in _LASTS else f"{value}..{value}" if alone == ".." else f"{alone}{value}")

    return rewrite


def _between(name: str, low: str, high: str) -> str:
    if name in _LASTS:
        first, last = _LASTS[name]
        return f"{first if low == '*' else low}..{last if high == '*' else high}"
    if high == "*":
        return f">={low}"
    return f"<={high}" if low == "*" else f"{low}..{high}"


def _days(value: str) -> str:
    if found := _SPAN.fullmatch(value):
        first, last = (_DAYS.get(day.lower(), day) for day in found.groups())
        return _to("dow")(_between("dow", first, last))
    return _to("dow", _DAYS)(value)


def _instant(name: str | None = None, per_second: int = 1) -> Rewrite:
    """A moment in seconds or milliseconds; what is compared says by its sign whether after or before it."""

    def rewrite(value: str) -> str:
        found = re.fullmatch(r"([<>]?)=?(\d{1,14})", value)
        if not found or not (name or found[1]):
            raise ValueError("write after: and before:, with dates")
        at = datetime.fromtimestamp(int(found[2]) // per_second, UTC)
        return _to(name or ("after" if found[1] == ">" else "before"))(f"{at:%Y-%m-%dT%H:%M:%SZ}")

    return rewrite


def _searched(value: str) -> str:
    """A day, or a moment as X's search page takes it."""
    return re.sub(r"_UTC$", "Z", value, flags=re.IGNORECASE).replace("_", "T")


def _shown_in_search(value: str) -> str:
    """What filter: of X's search page lets through."""
    name = {"links": "has:link", "replies": "is:reply", "retweets": "is:repost", "nativeretweets": "is:repost"}
    name |= {"quote": "is:quote", "hashtags": "has:hashtag", "mentions": "has:handle"}
    if value.lower() not in name:
        raise ValueError(f"'{value}' is not told apart here")
    return name[value.lower()]


_NO_PLACE = _lost("where authors are is not read from any source")
_NO_AUTHOR = _lost("that is not read of authors from any source")
_NO_SOURCE = _lost("kinds of sources are told apart by their names here: write source:")
_NO_PICTURE = _lost("what pictures show is not read from any source")
_NO_COUNT = _lost("answers, reposts, likes and points are counted together: write engagement:")
_ONE_TOOL = _lost("only that tool knows this")
_NO_LIST = _lost("write author:@list(name), and the authors under `lists:`")

_COMMON: Mapping[str, Rewrite] = {
    **dict.fromkeys(("city", "state", "region", "county", "continent", "place", "location"), _NO_PLACE),
    **dict.fromkeys(("point_radius", "bounding_box", "latitude", "longitude", "near", "within", "geocode"), _NO_PLACE),
    **dict.fromkeys(("place_country", "authorcountry", "authorlocation"), _NO_PLACE),
    **dict.fromkeys(("bio", "bio_name", "bio_location", "authorbio", "authorgender", "gender", "device"), _NO_AUTHOR),
    **dict.fromkeys(("authorverified", "authorverifiedtype", "accounttype", "verified"), _NO_AUTHOR),
    **dict.fromkeys(("pagetype", "contentsource", "sourcetype", "provider", "source", "media_type"), _NO_SOURCE),
    **dict.fromkeys(("image", "images", "imagetype", "objects", "contains"), _NO_PICTURE),
    **dict.fromkeys(("likes", "min_faves", "min_retweets", "min_replies", "retweets", "shares", "comments"), _NO_COUNT),
    "author": _to("author"),
    "site": _site,
    "url": _url,
    "lang": _code("lang", language),
    "language": _code("lang", language),
    "country": _code("country", country),
    "sentiment": _to("sentiment", _TONES),
    "links": _link,
    "http": _link,
    "https": _link,
}
FIELDS: Mapping[str, Mapping[str, Rewrite]] = MappingProxyType(
    {
        "brandwatch": {
            **_COMMON,
            "raw": _raw,
            "hashtags": _sign("#"),
            "at_mentions": _sign("@"),
            "engagementtype": _to("is", _KINDS),
            "engagingwith": _to("to"),
            "authorfollowers": _span("followers"),
            "followers": _span("followers"),
            "reach": _span("reach"),
            "engagement": _span("engagement"),
            "hourofday": _span("hour"),
            "dayofweek": _days,
            "threadid": _to("thread"),
            "subreddit": _subreddit,
            "itemreview": _to("is", {"true": "review"}),
            "authorgroup": _NO_LIST,
            **dict.fromkeys(("impact", "impressions", "rating", "tags", "category", "minuteofday"), _ONE_TOOL),
        },
        "meltwater": {
            **_COMMON,
            "from": _to("author"),
            "to": _to("to"),
            "hashtag": _sign("#"),
            "mention": _sign("@"),
            "link": _link,
            "is": _to("is", _KINDS),
            "sourcecountry": _code("country", country),
            **dict.fromkeys(("tag", "metadata"), _ONE_TOOL),
        },
        "talkwalker": {
            **_COMMON,
            "hashtag": _sign("#"),
            "mention": _sign("@"),
            **dict.fromkeys(("authorshort", "author_short", "author_id", "authorname"), _to("author")),
            **dict.fromkeys(("domainurl", "domain_url", "domain", "host_url", "hosturl"), _site),
            "sourcecountry": _code("country", country),
            "sentiment": _to("sentiment", {**_TONES, "<0": "negative", "0": "neutral", ">0": "positive"}),
            "is": _to("is", _KINDS),
            "followers": _span("followers"),
            "reach": _span("reach"),
            "engagement": _span("engagement"),
            "published": _instant(per_second=1000),
            **dict.fromkeys(("tags_internal", "cluster_id", "matched_profile"), _ONE_TOOL),
        },
        "x": {
            **_COMMON,
            "from": _to("author"),
            "to": _to("to"),
            "url": _link,
            "url_contains": _link,
            **dict.fromkeys(("url_title", "url_description"), _lost("pages that a post links to are not read")),
            "is": _to("is", _KINDS),
            "has": _to("has", {"links": "link", "hashtags": "hashtag", "mentions": "handle", "cashtags": "cashtag"}),
            "conversation_id": _to("thread"),
            "in_reply_to_tweet_id": _to("thread"),
            "in_reply_to_status_id": _to("thread"),
            "retweets_of_tweet_id": _to("thread"),
            "retweets_of": _lost("whose post is reposted is not told: write thread: with its id"),
            "followers_count": _span("followers", ">="),
            "since": lambda value: _to("after")(_searched(value)),
            "until": lambda value: _to("before")(_searched(value)),
            "since_time": _instant("after"),
            "until_time": _instant("before"),
            "filter": _shown_in_search,
            "list": _NO_LIST,
            **dict.fromkeys(("tweets_count", "following_count", "listed_count", "user_id"), _NO_AUTHOR),
            **dict.fromkeys(("context", "entity", "sample", "since_id", "max_id", "embedding"), _ONE_TOOL),
        },
    }
)
"""Of each tool its fields by their names in small letters, but for those of PARTS."""
PARTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "brandwatch": {"title": "title"},
        "meltwater": {"title": "title", "ingress": "text"},
        "talkwalker": {"title": "title", "content": "text"},
        "x": {},
    }
)
"""Fields of which the value is a query of its own."""
