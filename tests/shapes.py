"""Whether what a mock platform says has the shape of what the platform itself was recorded to say."""

from typing import Any

Difference = tuple[str, str, str]


def differences(ours: Any, theirs: Any, place: str = "", *, exact: bool = False) -> list[Difference]:
    """Where the type of a field differs (place, ours, theirs); null stands for any type. A list is like another when
    each of its elements is like one of the other's. `exact`: a field that only one of them has differs too.
    """
    if isinstance(ours, dict) and isinstance(theirs, dict):
        alone = [(f"{place}.{name}", *_whose(name, ours)) for name in ours.keys() ^ theirs.keys() if exact]
        shared = ours.keys() & theirs.keys()
        return alone + [
            each for name in shared for each in differences(ours[name], theirs[name], f"{place}.{name}", exact=exact)
        ]
    if isinstance(ours, list) and isinstance(theirs, list):
        return [each for one in ours if theirs for each in _nearest(one, theirs, f"{place}[]", exact=exact)]
    same = ours is None or theirs is None or type(ours) is type(theirs)
    return [] if same else [(place, type(ours).__name__, type(theirs).__name__)]


def _whose(name: str, ours: dict[str, Any]) -> tuple[str, str]:
    return ("there", "missing") if name in ours else ("missing", "there")


def _nearest(one: Any, theirs: list[Any], place: str, *, exact: bool) -> list[Difference]:
    return min((differences(one, other, place, exact=exact) for other in theirs), key=len)
