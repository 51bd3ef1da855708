"""What is wrong with who reads digests: two clients in one message, and channels that are no place to read."""

from collections.abc import Iterator

from config.digest import DigestPlan
from config.load import Catalogs, Loaded
from config.problems import Problem
from config.settings import Settings

_MOST_SENT = "each of them is sent once"


def check_digests(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    """Every problem of the section, in its order."""
    settings = loaded.settings
    if "digest" in loaded.flawed:
        return
    told: set[tuple[str, str, str]] = set()
    for number, plan in enumerate(settings.digest):
        keys = ("digest", number)
        for brand in _others(settings, plan):
            message = f"'{brand}' has readers of its own, and these would see its figures"
            yield loaded.document.problem((*keys, "against"), message, "compare with brands that no client reads of")
        for name in _blind(settings, plan):
            message, hint = f"'{name}' hears of none of these brands", "take them out of `to`, or mend their `only`"
            yield loaded.document.problem((*keys, "to"), message, hint, warning=True)
        for name, channel in _channels(settings, plan):
            spec = catalogs.channels.spec(settings.channels[channel].kind)
            if not spec.people or spec.wakes == "yes":
                message = f"'{channel}' is for programs, or rings whoever is on call: a digest is read in peace"
                yield loaded.document.problem((*keys, "to"), message, "choose mail or a chat", warning=True)
            sent = {(plan.every, brand, channel) for brand in plan.brands}
            if told & sent:
                message = f"an entry before tells '{name}' of the same brand"
                yield loaded.document.problem((*keys, "to"), message, _MOST_SENT, warning=True)
            told |= sent


def _others(settings: Settings, plan: DigestPlan) -> list[str]:
    """Brands to compare with that other readers have a digest of."""
    mine = {channel for _, channel in _channels(settings, plan)}
    return [
        brand
        for brand in plan.against
        for other in settings.digest
        if brand in other.brands and not mine & {channel for _, channel in _channels(settings, other)}
    ][:1]


def _blind(settings: Settings, plan: DigestPlan) -> list[str]:
    people = {name: settings.people[name].only for name in plan.to if name in settings.people}
    return [name for name, only in people.items() if only is not None and not set(only) & set(plan.brands)]


def _channels(settings: Settings, plan: DigestPlan) -> list[tuple[str, str]]:
    return [(name, channel) for name in plan.to for channel in settings.reached_by(name)]
