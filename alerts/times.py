"""Moments as the reader's clock shows them."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_day_names, get_timezone_location

from alerts.alert import Language
from alerts.typography import NO_BREAK
from config.hours import DAYS

_NIGHT = timedelta(hours=3)
_WEEK = timedelta(days=6)
_DAYS = re.compile("|".join(DAYS), re.IGNORECASE)


@dataclass(frozen=True)
class Times:
    """Puts moments into words for one reader. The day is said when it is not the day of `now`, and the offset from
    UTC within three hours of a change of clocks, when one hour comes twice.
    """

    now: datetime
    zone: ZoneInfo
    language: Language

    def hour(self, moment: datetime) -> str:
        """`23 h 08`, `9 h`; `23:08`, `9:00`."""
        local = moment.astimezone(self.zone)
        if self.language == "fr":
            text = f"{local.hour}{NO_BREAK}h" + (f"{NO_BREAK}{local.minute:02}" if local.minute else "")
        else:
            text = f"{local.hour}:{local.minute:02}"
        before, after = ((moment + step).astimezone(self.zone).utcoffset() for step in (-_NIGHT, _NIGHT))
        return text if before == after else f"{text}{NO_BREAK}{_offset(local)}"

    def moment(self, moment: datetime) -> str:
        """The hour, with its day unless that is today: the weekday within the last six days, else the date."""
        local, today = moment.astimezone(self.zone).date(), self.now.astimezone(self.zone).date()
        if local == today:
            return self.hour(moment)
        if timedelta() < today - local <= _WEEK:
            return f"{format_date(local, 'EEEE', locale=self.language)} {self.hour(moment)}"
        return f"{self.day(moment)}, {self.hour(moment)}"

    def weekday(self, moment: datetime) -> str:
        """The day of the week of a moment to come within six days; "" when that is today."""
        local, today = moment.astimezone(self.zone).date(), self.now.astimezone(self.zone).date()
        return "" if local == today else format_date(local, "EEEE", locale=self.language)

    def date(self, day: date) -> str:
        """A day of the calendar, as `day` says it."""
        return self.day(datetime.combine(day, time(12), tzinfo=self.zone))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How long it is from one moment to another as their hours are shown, to the minute; exact within a minute."""
        shown = _minute(end) - _minute(start)
        return shown or end - start

    def week(self, hours: str) -> str:
        """Hours of a week as a configuration writes them, their days in the reader’s words: `lun.-ven. 8:00-9:00`."""
        names = get_day_names("abbreviated", locale=self.language)
        return _DAYS.sub(lambda day: names[DAYS.index(day[0].title())], hours)

    def day(self, moment: datetime) -> str:
        """`samedi 14 novembre`, `dimanche 1er novembre`; `Saturday 14 November`; the year when it is another one."""
        local = moment.astimezone(self.zone).date()
        year = " y" if local.year != self.now.astimezone(self.zone).year else ""
        text = format_date(local, f"EEEE d MMMM{year}", locale=self.language)
        return re.sub(r"(?<= )1(?= )", "1er", text) if self.language == "fr" else text

    @cached_property
    def place(self) -> str:
        """The zone in words, to be said once in a message: `heure de Paris`, `Paris time`, `UTC`."""
        name = self.zone.key
        if "/" not in name or name.startswith("Etc/"):
            return _offset(self.now.astimezone(self.zone))
        city = get_timezone_location(self.zone, locale=self.language, return_city=True).rpartition("/")[2]
        return _time_of(city) if self.language == "fr" else f"{city} time"


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _offset(local: datetime) -> str:
    minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    shown = f"{hours}:{rest:02}" if rest else f"{hours}"
    return f"UTC{'+' if minutes > 0 else '−'}{shown}" if minutes else "UTC"


def _time_of(city: str) -> str:
    if city.startswith("Le "):
        return f"heure du {city[3:]}"
    if city[0] in "AEIOUÉÈÎÔ":
        return f"heure d’{city}"
    return f"heure de {city}"
