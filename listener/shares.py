"""Which brands are judged together, where several processes judge: a brand is never split."""

from dataclasses import dataclass
from zlib import crc32

DESK = 0
"""The part that judges no brand: it does what spans all of them."""


@dataclass(frozen=True)
class Share:
    """One part of all `parts`, numbered from 1, or the desk."""

    part: int
    parts: int

    def has(self, brand: str) -> bool:
        """Whether the brand is judged here."""
        return self.part == part_of(brand, self.parts)


def part_of(brand: str, parts: int) -> int:
    """The part that judges a brand: the same for every process and at all times, from 1 to `parts`."""
    return 1 + crc32(brand.encode()) % parts
