"""Whom a name in a route means at a moment: channels, people, and whoever has the watch."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

from alerts.delivery import Call
from alerts.rota import Rota, Watch
from config.oncall import FIRST, ONCALL, SECOND, OnCall
from config.people import Person, plain
from rules.instant import Instant, moment


@dataclass(frozen=True, kw_only=True)
class Seat:
    """One channel that is told, for whom, and because of what, in words; "" where its name says it."""

    channel: str
    call: Call | None = None
    because: str = ""


@dataclass(frozen=True, kw_only=True)
class Meant:
    """Whom a name means: the `seats`, and who is left out and why, in words."""

    seats: tuple[Seat, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Directory:
    """The people of a configuration, and their watch. Whoever is to see `only` some brands is reached for no other:
    the next in the line of the watch is called in their place. Outside the hours of the watch, `oncall` is what its
    `otherwise` says, or, without one, whoever has the turn: there is always somebody.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    oncall: OnCall | None = None
    zone: str = "UTC"
    rota: Rota | None = None

    def reach(self, name: str, brand: str, at: Instant) -> Meant:
        """Whom a name in a route means for an incident of a brand."""
        if name == ONCALL and self.oncall and self.rota:
            return self._watch(self.oncall, self.rota, brand, at)
        if name not in self.people:
            blind = [each for each in self.behind(name) if not self.sees(each, brand)]
            left_out = tuple(self._unseen(each, brand) for each in blind)
            return Meant(left_out=left_out) if blind else Meant(seats=(Seat(channel=name),))
        if not self.sees(name, brand):
            return Meant(left_out=(self._unseen(name, brand),))
        return Meant(seats=tuple(self.seats(name, Call(person=name), self.called(name))))

    def who(self, name: str, brand: str, at: Instant) -> str | None:
        """The person whom a rung of the ladder means; None when there is none."""
        line = self._line(brand, at)
        if name == FIRST:
            return line[0] if line else None
        if name == SECOND:
            return line[1] if len(line) > 1 else None
        return name if name in self.people and self.sees(name, brand) else None

    def owner(self, channel: str) -> str | None:
        """Whose channel it is: the one person it reaches; None when it reaches several, or nobody by name."""
        mine = self.behind(channel)
        return mine[0] if len(mine) == 1 else None

    def behind(self, channel: str) -> list[str]:
        """The people whom a channel reaches."""
        return [name for name, person in self.people.items() if channel in person.call_by]

    def sees(self, name: str, brand: str) -> bool:
        """Whether somebody may hear of a brand."""
        only = self.people[name].only if name in self.people else None
        return only is None or brand in only

    def called(self, name: str) -> str:
        """What people call somebody."""
        return (self.people[name].name if name in self.people else None) or name

    def named(self, called: str) -> str | None:
        """The person who is called so here, by their key or name; None for others."""
        said = plain(called)
        return next((name for name in self.people if said in (plain(name), plain(self.called(name)))), None)

    def known(self, kind: str, by: str, identity: str) -> str | None:
        """The person who acts in a channel of a kind, where they call themselves `by`, and `identity` is theirs alone;
        "" where there is no such. None for others: a name makes nobody a person that is not said to be theirs there.
        """
        said = {plain(f"{kind}:{each}") for each in (by, identity) if each} | {plain(identity)} - {""}
        mine = ((name, each) for name, person in self.people.items() for each in person.known_as)
        return next((name for name, each in mine if plain(each) in said), None)

    def seats(self, name: str, call: Call, because: str) -> Iterator[Seat]:
        """The channels of a person, all at once."""
        for channel in self.people[name].call_by:
            yield Seat(channel=channel, call=call, because=because)

    def _watch(self, oncall: OnCall, rota: Rota, brand: str, at: Instant) -> Meant:
        watch = rota.at(at)
        if not watch.on and oncall.otherwise:
            return self._instead(oncall.otherwise, brand, at, watch)
        at_once = [rung.who for rung in oncall.ladder if rung.call and not rung.after] or [FIRST]
        line = self._line(brand, at)
        called = dict.fromkeys(who for each in (FIRST, *at_once) if (who := self.who(each, brand, at)))
        left_out = [self._unseen(who, brand) for who in watch.line if who not in line and watch.first == who]
        seats = (
            seat
            for who in called
            for seat in self.seats(who, Call(person=who, ladder=at), self._on_watch(who, watch, brand))
        )
        return Meant(seats=tuple(seats), left_out=tuple(left_out))

    def _instead(self, names: Iterable[str], brand: str, at: Instant, watch: Watch) -> Meant:
        assert self.rota
        begins, found = self.rota.begins(at), [self.reach(name, brand, at) for name in names]
        because = f"as nobody has the watch {self._until(watch)}"
        seats = tuple(
            Seat(
                channel=seat.channel,
                call=Call(person=seat.call.person if seat.call else None, ladder=begins),
                because=", ".join(filter(None, (seat.because, because))),
            )
            for each in found
            for seat in each.seats
        )
        return Meant(seats=seats, left_out=tuple(words for each in found for words in each.left_out))

    def _line(self, brand: str, at: Instant) -> list[str]:
        watch = self.rota.at(at) if self.rota else None
        return [name for name in watch.line if name in self.people and self.sees(name, brand)] if watch else []

    def _on_watch(self, who: str, watch: Watch, brand: str) -> str:
        until, has = self._until(watch), "the watch" if watch.on else "the turn, outside its hours"
        if who == watch.first:
            swap = f", in place of {self.called(watch.swapped)}" if watch.swapped else ""
            return f"{self.called(who)} has {has} {until}{swap}"
        sees = self.sees(watch.first, brand)
        steps_in = "is called at once as well" if sees else f"steps in for {self.called(watch.first)}"
        return f"{self.called(who)} {steps_in}"

    def _until(self, watch: Watch) -> str:
        if watch.until is None or not self.oncall:
            return "always"
        local = moment(watch.until).astimezone(ZoneInfo(self.oncall.time_zone or self.zone))
        return f"until {local:%a %d %b %H:%M}"

    def _unseen(self, name: str, brand: str) -> str:
        return f"{self.called(name)}: hears nothing of {brand}"


def directory(people: Mapping[str, Person], oncall: OnCall | None, zone: str) -> Directory:
    """The directory of a configuration, of which `zone` is the time zone."""
    return Directory(people=people, oncall=oncall, zone=zone, rota=_rota(oncall, zone) if oncall else None)


_rota = lru_cache(maxsize=4)(Rota)
