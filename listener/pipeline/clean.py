"""What strangers send, made fit to be kept: bounded in every field, and free of what no store can hold."""

import re
from collections.abc import Mapping
from hashlib import sha256

import msgspec

from rules.mention import Author, Mention

LONGEST_ID = 2_000
LONGEST_NAME = 500
LONGEST_ADDRESS = 4_000
LONGEST_TITLE = 2_000
LONGEST_TEXT = 100_000
MOST_COUNTS = 50
_SHORTEST_LIMIT = min(LONGEST_ID, LONGEST_NAME, LONGEST_ADDRESS, LONGEST_TITLE)
LARGEST = 2**53
"""Beyond this, readers of JSON disagree about numbers; nobody has that many followers."""

_BROKEN = re.compile("[\0\ud800-\udfff]")
"""NUL, and halves of characters: databases refuse the one, UTF-8 the others."""


def fit(mention: Mention, source: str) -> Mention:
    """The mention as heard from `source`, whatever it says of itself. Too long texts are cut, too long or broken names
    become digests, broken characters U+FFFD, and addresses and numbers that cannot be are left out.
    """
    return mention if _is_fit(mention, source) else _refitted(mention, source)


def _is_fit(mention: Mention, source: str) -> bool:
    """Whether nothing of it needs to be looked at more closely: nearly always."""
    author = mention.author
    names = (
        *(mention.id, mention.platform, mention.revision, mention.key, mention.url, mention.title, mention.language),
        *(mention.parent_id, mention.repost_of, author.id, author.handle, author.name),
    )
    written = "".join(filter(None, names))
    return (
        mention.source == source
        and not mention.counts
        and len(written) <= _SHORTEST_LIMIT
        and len(mention.text) <= LONGEST_TEXT
        and (author.followers is None or _is_sane(author.followers))
        and not (_BROKEN.search(written) or _BROKEN.search(mention.text))
    )


def _refitted(mention: Mention, source: str) -> Mention:
    author = mention.author
    return msgspec.structs.replace(
        mention,
        id=_name(mention.id),
        source=source,
        platform=_name(mention.platform),
        url=_address(mention.url),
        author=Author(
            id=_optional(author.id),
            handle=_cut(author.handle, LONGEST_NAME),
            name=_cut(author.name, LONGEST_NAME),
            followers=author.followers if _is_sane(author.followers) else None,
        ),
        title=_cut(mention.title, LONGEST_TITLE),
        text=_cut(mention.text, LONGEST_TEXT) or "",
        language=_cut(mention.language, LONGEST_NAME),
        parent_id=_optional(mention.parent_id),
        repost_of=_optional(mention.repost_of),
        counts=_counts(mention.counts),
        key=_optional(mention.key),
        revision=_name(mention.revision),
    )


def whole(text: str) -> str:
    """The text without broken characters."""
    return _BROKEN.sub("\ufffd", text)


def _cut(text: str | None, longest: int) -> str | None:
    return None if text is None else whole(text[:longest])


def _name(name: str) -> str:
    """A name that still tells apart what it told apart."""
    if len(name) <= LONGEST_ID and not _BROKEN.search(name):
        return name
    return f"sha256:{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _optional(name: str | None) -> str | None:
    return None if name is None else _name(name)


def _address(url: str | None) -> str | None:
    """Half an address leads somewhere else: a too long one is left out."""
    return None if url is None or len(url) > LONGEST_ADDRESS else _cut(url, LONGEST_ADDRESS)


def _is_sane(number: float | None) -> bool:
    return number is not None and 0 <= number <= LARGEST  # also false for what is no number


def _counts(counts: Mapping[str, int | float]) -> dict[str, int | float]:
    sane = ((_name(name), number) for name, number in counts.items() if _is_sane(number))
    return dict(list(sane)[:MOST_COUNTS])
