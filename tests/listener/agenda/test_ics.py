"""Calendars as others write them: what takes place when, what it means, and nothing that takes for ever."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calendar import CalendarFile
from config.settings import Brand
from listener.agenda.ics import LARGEST, MOST, CalendarError, contents
from listener.agenda.meaning import meaning_of

PARIS = ZoneInfo("Europe/Paris")
BEGIN = datetime(2026, 10, 20, tzinfo=UTC)
END = BEGIN + timedelta(days=40)
LATE = "DTSTART;TZID=Europe/Paris:20261024T233000"


def calendar(*events, head=""):
    parts = [
        f"BEGIN:VEVENT\nUID:{number}\nDTSTAMP:20260101T000000Z\n{event}\nEND:VEVENT\n"
        for number, event in enumerate(events)
    ]
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//agenda//\n{head}{''.join(parts)}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def read(*events, head=""):
    return contents(calendar(*events, head=head), BEGIN, END)


def starts(*events, head=""):
    return [f"{event.start:%d %H:%M}" for event in read(*events, head=head).events]


@pytest.mark.parametrize(
    ("event", "moments"),
    [
        (LATE, ["24 21:30"]),
        (f"{LATE}\nRRULE:FREQ=DAILY;COUNT=3", ["24 21:30", "25 22:30", "26 22:30"]),  # the clocks are put back
        (f"{LATE}\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID=Europe/Paris:20261025T233000", ["24 21:30", "26 22:30"]),
        ("DTSTART:20261024T233000", ["24 23:30"]),  # by the reader's clocks
        ("DTSTART;TZID=Nowhere/Land:20261024T233000", ["24 23:30"]),
        (f"{LATE}\nRDATE:20261026T100000Z", ["24 21:30", "26 10:00"]),
        (f"{LATE}\nSTATUS:CANCELLED", []),
        ("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1", ["31 00:00"]),
        ("DTSTART:20200101T090000Z\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=TH;BYSETPOS=4", ["26 09:00"]),
    ],
)
def test_an_event_takes_place_when_its_rules_say(event, moments):
    assert moments == starts(event)


def test_a_single_time_can_be_moved_or_called_off():
    series = f"{LATE}\nRRULE:FREQ=DAILY;COUNT=3"
    body = calendar(series).replace(
        b"END:VCALENDAR",
        b"BEGIN:VEVENT\r\nUID:0\r\nRECURRENCE-ID;TZID=Europe/Paris:20261025T233000\r\n"
        b"DTSTART;TZID=Europe/Paris:20261025T080000\r\nEND:VEVENT\r\n"
        b"BEGIN:VEVENT\r\nUID:0\r\nRECURRENCE-ID;TZID=Europe/Paris:20261026T233000\r\nSTATUS:CANCELLED\r\n"
        b"DTSTART;TZID=Europe/Paris:20261026T233000\r\nEND:VEVENT\r\nEND:VCALENDAR",
    )
    assert ["24 21:30", "25 07:00"] == [f"{event.start:%d %H:%M}" for event in contents(body, BEGIN, END).events]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=HOURLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=13",
        f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
        "FREQ=SOMETIMES",
        "COUNT=2",
    ],
)
def test_a_rule_that_takes_for_ever_costs_its_event_alone(rule):
    held = read(f"DTSTART:20200101T090000Z\nRRULE:{rule}", "DTSTART:20261024T090000Z")

    assert (1, 1) == (len(held.events), held.skipped)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "iCalendar"),
        (b"<html>Sign in</html>", "iCalendar"),
        (b"\xff\xfe\x00", "iCalendar"),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "iCalendar"),
        (calendar(LATE)[:80], "iCalendar"),
        (b"x" * (LARGEST + 1), "larger than 1 MiB"),
        (calendar(*["DTSTART:20261024T090000Z"] * (MOST + 1)), "more than 2000 events"),
        (calendar(*["DTSTART:20260801T090000Z\nRRULE:FREQ=DAILY"] * 60), "within 40 days"),
    ],
)
def test_what_is_no_calendar_is_told(body, word):
    with pytest.raises(CalendarError, match=word):
        contents(body, BEGIN, END)


lines = st.lists(st.sampled_from(["DTSTART", "DTEND", "RRULE", "DURATION", "EXDATE", "RDATE", "CATEGORIES", "UID"]))
values = st.one_of(st.sampled_from(["", "20261024T090000Z", "FREQ=DAILY", "P1D", "BYDAY=9XX", ";:="]), st.text())


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(lines, values), max_size=4))
def test_whatever_stands_in_a_calendar_is_read_or_refused(events):
    texts = ["\n".join(f"{name}:{value}" for name in names) or "SUMMARY:x" for names, value in events]
    try:
        held = contents(calendar(*texts), BEGIN, END)
    except CalendarError:
        return
    meaning_of(held.events, CalendarFile(ics="a.ics", unmarked="post"), {"acme": Brand(query="acme")}, PARIS)


BRANDS = {"acme": Brand(query="acme", name="Acme Air"), "zen": Brand(query="zen")}
DAY = "DTSTART;VALUE=DATE:20261101\nDTEND;VALUE=DATE:20261103"


def planned(*events, brands=None, **options):
    entry = CalendarFile(ics="a.ics", **options)
    return meaning_of(read(*events).events, entry, BRANDS if brands is None else brands, PARIS)


def test_marks_say_what_an_event_is_and_of_which_brand():
    meaning = planned(
        f"{LATE}\nSUMMARY:Soirée d’évasion #post #zen",
        f"{LATE}\nSUMMARY:Sale\nCATEGORIES:Publication,Acme Air",
        f"{DAY}\nSUMMARY:Hiver malin x2.5 #campagne\nCATEGORIES:acme",
        f"{LATE}\nSUMMARY:Lunch with #acme",
        f"{LATE}\nSUMMARY:Of somebody else #post",
        f"{DAY}\nSUMMARY:Some time #post #acme",
    )
    (span,) = meaning.agenda["acme"].spans

    assert ["Soirée d’évasion"] == [post.name for post in meaning.agenda["zen"].posts]
    assert ["Sale"] == [post.name for post in meaning.agenda["acme"].posts]
    assert ("Hiver malin", 2.5) == (span.name, span.posts)
    assert ["2026-10-31T23:00", "2026-11-02T23:00"] == [f"{at:%Y-%m-%dT%H:%M}" for at in (span.since, span.until)]
    assert (1, 1, 1) == (meaning.unmarked, meaning.nobodys, meaning.hourless)


def test_the_entry_says_what_its_events_do_not():
    meaning = planned(f"{LATE}\nSUMMARY:Sale", brand="zen", unmarked="post", stop_with="scheduler")
    assert [("Sale", "scheduler")] == [(post.name, post.stop_with) for post in meaning.agenda["zen"].posts]
    (span,) = planned(f"{LATE}\nDURATION:PT2H\nSUMMARY:Sale", unmarked="campaign", brand="acme").agenda["acme"].spans
    assert (timedelta(hours=2), None) == (span.until - span.since, span.posts)


def test_a_single_brand_need_not_be_named():
    assert ["acme"] == list(planned(f"{LATE}\nSUMMARY:#post", brands={"acme": Brand(query="acme")}).agenda)
