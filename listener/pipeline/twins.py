"""Mentions that concern several brands of one part come once for each brand, and are taken in once for all."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from listener.pipeline.work import Read
from listener.store.port import Seen
from rules.mention import Mention

T = TypeVar("T")


def unheard(read: Read, brands: Sequence[str] | None, known: Callable[[str], Seen | None]) -> Read:
    """A reading for some brands without what these heard with those of another record."""
    if brands is None:
        return read
    fresh = [not _is_heard(mention, brands, known(mention.identity)) for mention in read.mentions]
    if all(fresh):
        return read
    judged = read.judged and replace(read.judged, found=_those(read.judged.found, fresh))
    return replace(read, mentions=_those(read.mentions, fresh), judged=judged)


def _is_heard(mention: Mention, brands: Sequence[str], seen: Seen | None) -> bool:
    return seen is not None and mention.revision in seen.revisions and seen.facts.keys() >= {*brands}


def _those(each: Sequence[T], wanted: Sequence[bool]) -> list[T]:
    return [one for one, is_wanted in zip(each, wanted, strict=True) if is_wanted]
