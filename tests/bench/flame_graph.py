"""A flame graph as one small picture: what called what, as wide as the time that it took."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, ROW, TOP, LEAST = 1200, 15, 40, 0.004
"""Pixels; what took a smaller share than the last is left out."""
_LETTER = 6.2
_COLOURS = {
    "rules": "#f4a259",
    "listener": "#8cb369",
    "alerts": "#5b8e7d",
    "config": "#5b8e7d",
    "": "#d0d0d0",
}
"""By the room; grey is what libraries and Python itself do."""
_WAITING = "_worker (", "EpollSelector.select ("
_BEGINS = "Handle._run (", "_WorkItem.run ("


@dataclass
class Flame:
    """A function in its place: `count` samples were taken in it, or in what it called."""

    name: str
    count: int = 0
    callees: dict[str, "Flame"] = field(default_factory=dict)

    def add(self, stack: Sequence[str], count: int) -> None:
        self.count += count
        if stack:
            self.callees.setdefault(stack[0], Flame(stack[0])).add(stack[1:], count)


def grown(folded: Sequence[str]) -> Flame:
    """Of lines like `outer;inner 12`, as samplers write them, without what waits for work."""
    root = Flame("all")
    for line in folded:
        stack, _, count = line.rpartition(" ")
        called = stack.split(";")
        if not called[-1].startswith(_WAITING):
            root.add(_shortened(called), int(count))
    return root


def _shortened(called: Sequence[str]) -> Sequence[str]:
    """From where work begins: how an event loop or a pool came to it is always the same."""
    begun = next((place for place, name in enumerate(called) if name.startswith(_BEGINS)), 0)
    return called[begun:]


def drawn(root: Flame, title: str) -> str:
    """SVG that says names and shares where one points."""
    rows = list(_rows(root, root.count, 0.0, 0))
    height = TOP + ROW * (1 + max(depth for depth, _ in rows))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace"'
        ' font-size="10">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        f'<text x="4" y="18" font-size="14">{escape(title)}</text>'
    )
    return "\n".join([head, *(line for _, line in rows), "</svg>\n"])


def _rows(flame: Flame, whole: int, left: float, depth: int) -> Iterator[tuple[int, str]]:
    width = WIDTH * flame.count / whole
    yield depth, _box(flame, flame.count / whole, left, width, TOP + ROW * depth)
    for callee in sorted(flame.callees.values(), key=lambda each: each.name):
        if callee.count >= LEAST * whole:
            yield from _rows(callee, whole, left, depth + 1)
        left += WIDTH * callee.count / whole


def _box(flame: Flame, share: float, left: float, width: float, top: float) -> str:
    name, fits = escape(flame.name), int(width / _LETTER)
    shown = escape(flame.name.partition(" ")[0][:fits]) if fits > 2 else ""
    text = f'<text x="{left + 2:.1f}" y="{top + 11}">{shown}</text>' if shown else ""
    return (
        f'<g><title>{name}: {share:.1%}</title><rect x="{left:.1f}" y="{top}" width="{max(0.5, width - 0.5):.1f}"'
        f' height="{ROW - 1}" fill="{_colour(flame.name)}"/>{text}</g>'
    )


def _colour(name: str) -> str:
    place = name.partition("(")[2]
    return next(colour for room, colour in _COLOURS.items() if place.startswith(room))
