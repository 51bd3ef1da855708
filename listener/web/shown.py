"""Which of the brands a page shows: all of a few, of thousands those that matter most, or those somebody looks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from listener.pipeline.slices import next_slice, sliced
from listener.web.chart import Chart, chart
from listener.web.status import BrandStatus, Status
from rules.text import fold_whole

SHOWN = 24
"""Brands on one page."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Brands with their drawings: page `page` of `pages`, both counted from 1. The first is number `first` of the
    `found` that were looked for, of `known`.
    """

    brands: Sequence[tuple[BrandStatus, Chart | None]]
    page: int
    pages: int
    first: int
    found: int
    known: int

    @property
    def last(self) -> int:
        return self.first + len(self.brands) - 1


async def shown(status: Status, wanted: str, page: int) -> Shown:
    """The brands that have `wanted` in what they are called; the last page instead of one there is not. As many as fit
    stand as they are configured, others by how much they matter.
    """
    await next_slice()  # pages begin at the same time, when something is new
    names = status.brand_names()
    order = await status.loudest() if len(names) > SHOWN else list(names)
    found = await _found(order, names, fold_whole(wanted)) if wanted else order
    pages = max(1, -(-len(found) // SHOWN))
    page = min(page, pages)
    begin = (page - 1) * SHOWN
    here = [status.brand(name) async for name in sliced(found[begin : begin + SHOWN])]
    return Shown(
        brands=[(brand, chart(brand.rates)) for brand in here if brand],
        page=page,
        pages=pages,
        first=begin + 1,
        found=len(found),
        known=len(names),
    )


async def _found(order: Sequence[str], names: Mapping[str, str], folded: str) -> list[str]:
    return [
        name async for name in sliced(order) if folded in fold_whole(name) or folded in fold_whole(names.get(name, ""))
    ]
