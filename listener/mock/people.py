"""Who talks on mock platforms: made-up people, some of whom talk all the time and most once."""

import tomllib
from functools import cache
from importlib.resources import files
from random import Random

from listener.mock.chance import early
from listener.mock.world import Account

_REGULARS = 3_000
_FOLLOWERS = 2_000_000
_STEP = 641  # a prime that does not divide the number of names: neighbours are called differently, and no two alike


def person(number: int) -> Account:
    """The person of that number: always the same, with a handle of their own. Few have many followers."""
    firsts, seconds = _names()
    more, place = divmod(number, len(firsts) * len(seconds))
    first, second = divmod(place * _STEP % (len(firsts) * len(seconds)), len(seconds))
    return Account(
        handle=f"{firsts[first]}_{seconds[second]}{more or ''}",
        name=f"{firsts[first].title()} {seconds[second].title()}",
        followers=min(_FOLLOWERS, int(40 * Random(number).paretovariate(0.9))),
    )


def regular(random: Random) -> Account:
    """Somebody who talks about the brand now and then, or often."""
    return person(early(random, _REGULARS))


def newcomer(random: Random) -> Account:
    """Somebody who, as good as certainly, has not talked about it before."""
    return person(_REGULARS + random.randrange(10**9))


@cache
def _names() -> tuple[list[str], list[str]]:
    known = tomllib.loads(files(__package__).joinpath("voices", "people.toml").read_text("utf-8"))
    return known["first"], known["second"]
