"""What reports are laid out of, and the mail or page that they become."""

from collections.abc import Mapping
from typing import Any

import msgspec

from alerts.message import Quotation


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One day of a chart in words, and the parts of its bar from the left: of what each is, and how many per cent of
    the whole width it has; `usual` is a mark, and `track` what is empty.
    """

    day: str
    posts: str
    negative: str
    usual: str
    cells: tuple[tuple[str, float], ...]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a report: sentences of ours, then a chart, then quotations. `columns` are the headings of the chart."""

    heading: str
    lines: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()
    caption: str = ""
    columns: Mapping[str, Any] = {}
    quotations: tuple[Quotation, ...] = ()
