"""Who is told, who joins later, and who instead when a channel fails."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.people import directory
from alerts.routing import Routed, objection, recipients
from alerts.silence import Hush, Silence
from alerts.step import ACTING, Step
from config.hours import within
from config.people import Person
from config.settings import Route
from rules.instant import HOUR, MINUTE, instant, moment

ROUTES = (
    Route(severity=("critical",), to=("team", "phone")),
    Route(brand=("other",), to=("other-team",)),
    Route(to=("team", "mail")),
)
AT = 1_800_000_000_000_000  # a Friday, 8:00 UTC
PARIS = ZoneInfo("Europe/Paris")


def routed(severity="warning", state="open", routes=ROUTES, brand="acme", **how) -> Routed:
    of_step = {name: how.pop(name) for name in ("at", "rises", "languages", "sources", "rule") if name in how}
    return recipients(routes, Step(brand=brand, severity=severity, state=state, **of_step), **how)


def silence(until=AT + HOUR, critical=False, **what) -> Silence:
    return Silence(
        number=3,
        at=AT,
        until=until,
        by="anna",
        because="known",
        what=Hush(critical=critical, **what or {"brand": "acme"}),
    )


def test_the_first_route_that_fits_is_used_alone():
    assert routed("critical").channels == ("team", "phone")
    assert routed("warning").channels == ("team", "mail")
    assert routed("warning", brand="other").channels == ("other-team",)


def test_a_route_that_goes_on_lets_the_next_one_add_its_channels_once():
    routes = (Route.model_validate({"severity": "critical", "to": ["phone", "team"], "continue": True}), *ROUTES[2:])

    assert routed("critical", routes=routes).channels == ("phone", "team", "mail")


def test_what_is_held_reaches_nobody_new_until_it_is_critical():
    assert routed(held=True, operator=("ops",)).channels == ()
    assert routed(state="worse", held=True, already=("mail",)).channels == ("mail",)
    assert routed("critical", "worse", held=True).channels == ("team", "phone")


@pytest.mark.parametrize("state", ["acknowledged", "better", "resolved"])
def test_a_step_that_asks_nothing_reaches_all_who_were_told_and_nobody_else(state):
    told = routed("critical", state, already=("mail", "gone-route"), operator=("ops",))

    assert (told.channels, dict(told.fallback)) == (("mail", "gone-route"), {})


def test_when_the_level_rises_new_channels_join_those_already_told():
    told = routed("critical", "worse", already=("team", "mail"))

    assert told.channels == ("team", "mail", "phone")
    assert told.reasons == (
        "team: was told of this incident before",
        "mail: was told of this incident before",
        "phone: route 1 fits critical of acme",
    )


def test_a_critical_step_falls_through_to_routes_not_used_and_then_to_the_operator():
    told = routed("critical", operator=("ops", "phone", "mail"))

    assert told.fallback == {"team": ("mail", "ops"), "phone": ("mail", "ops")}
    assert told.reasons[-2:] == ("mail: only if a channel fails", "ops: only if a channel fails")


def test_what_wakes_somebody_is_told_first_in_another_s_place():
    routes = (Route(severity=("critical",), to=("team",)), Route(to=("mail", "phone", "siren")))
    rouses = {"siren": 2, "phone": 1, "pager": 2}.get
    told = routed("critical", routes=routes, operator=("ops", "pager"), rouses=lambda name: rouses(name, 0))

    assert told.fallback == {"team": ("siren", "phone", "mail", "pager", "ops")}


def test_a_step_that_is_not_critical_has_no_fallback():
    assert routed(operator=("ops",)).fallback == {}


def test_a_critical_alert_that_no_route_fits_goes_to_the_operator():
    told = routed("critical", routes=ROUTES[1:2], operator=("ops", "ops"))

    assert (told.channels, told.reasons) == (("ops",), ("ops: no route fits, so the operator is told",))


def test_nobody_is_a_decision_with_a_reason():
    assert routed(routes=()).reasons == ("nobody: no route fits warning of acme",)
    assert routed(routes=(), state="resolved").reasons == ("nobody: nobody was told of this incident before",)


@pytest.mark.parametrize(
    ("condition", "fitting", "other", "why"),
    [
        ({"language": "fr"}, {"languages": {"fr", "en"}}, {"languages": {"en"}}, "only where mentions are in fr"),
        ({"source": ["press", "x"]}, {"sources": {"x"}}, {"sources": ()}, "only where mentions are from press or x"),
        (
            {"hours": "Fri 10:00-20:00", "time_zone": "America/New_York"},
            {"at": AT + 8 * HOUR},
            {"at": AT},
            "only Fri 10:00-20:00 in America/New_York, where it is Fri 03:00",
        ),
        ({"hours": ["Mon-Thu", "Fri 09:00-10:00"]}, {"at": AT}, {"at": AT + HOUR}, "where it is Fri 10:00"),
    ],
)
def test_a_route_looks_at_languages_sources_and_hours(condition, fitting, other, why):
    route = Route.model_validate({"to": "night", **condition})
    tried = {"routes": (route, ROUTES[2]), "zone": "Europe/Paris"}

    assert routed(**fitting, **tried).channels == ("night",)
    assert routed(**other, **tried).channels == ("team", "mail")
    assert why in objection(route, Step(brand="acme", severity="info", **other), "Europe/Paris")


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [
        ("Mon-Fri 19:00-08:00", ["Mon 19:00", "Sat 07:59", "Tue 00:00"], ["Sat 08:00", "Sun 23:00", "Mon 07:00"]),
        ("Fri 19:00 - Mon 08:00", ["Fri 19:00", "Sun 12:00", "Mon 07:59"], ["Mon 08:00", "Fri 18:59"]),
        ("sat-mon, wed", ["Sat 00:00", "Mon 23:59", "Wed 12:00"], ["Tue 00:00", "Thu 00:00"]),
        ("08:00–20:00", ["Sun 08:00"], ["Sun 20:00"]),
        ("Sun 22:00-24:00", ["Sun 23:59"], ["Mon 00:00"]),
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall(hours, inside, outside):
    def shown(text):
        return datetime.strptime(f"2026 47 {text}", "%G %V %a %H:%M").replace(tzinfo=PARIS)

    assert [each for each in inside + outside if within(hours, shown(each))] == inside


@pytest.mark.parametrize(
    "hours", ["", "Mon-Fri 9-17", "Mo 9:00-10:00", "Mon 25:00-26:00", "10:00-10:00", "Mon 9:75-10:00"]
)
def test_other_hours_are_refused(hours):
    with pytest.raises(ValueError, match=r"write|begins"):
        Route.model_validate({"to": "team", "hours": hours})


@pytest.mark.parametrize(
    ("night", "minutes"), [("2026-03-28", 8 * 60 + 5 * 60 - 60), ("2026-10-24", 8 * 60 + 5 * 60 + 60)]
)
def test_a_night_that_is_an_hour_shorter_or_longer_is_covered_whole(night, minutes):
    """From Saturday 19:00 to Sunday 8:00, through midnight and the change of the clock."""
    begin = instant(datetime.fromisoformat(f"{night}T12:00").replace(tzinfo=PARIS))
    route = Route.model_validate({"to": "night", "hours": "Sat 19:00-08:00", "time_zone": "Europe/Paris"})
    step = [Step(brand="acme", severity="info", at=begin + minute * MINUTE) for minute in range(24 * 60)]
    fits = [not objection(route, each) for each in step]

    assert sum(fits) == minutes
    assert sum(before != after for before, after in pairwise(fits)) == 2


@given(st.integers(0, 7 * 24 * 60 * 60), st.sampled_from(["2026-03-27", "2026-10-23", "2026-11-27"]))
def test_hours_and_those_around_them_cover_each_moment_once(seconds, day):
    at = datetime.fromisoformat(day).replace(tzinfo=PARIS) + timedelta(seconds=seconds)
    local = moment(instant(at)).astimezone(PARIS)

    assert within("Fri 19:00 - Mon 08:00", local) != within("Mon 08:00 - Fri 19:00", local)
    assert within("19:00-08:00", local) != within("08:00-19:00", local)


@given(
    st.sampled_from(["info", "warning", "critical"]),
    st.sampled_from(["open", "worse", "better", "reopened"]),
    st.data(),
)
def test_each_step_has_channels_or_a_reason_and_a_silence_never_outlives_its_end(severity, state, data):
    names = st.sampled_from(["a", "b", "c"])
    some = st.lists(names, unique=True, max_size=3)
    route = st.builds(
        Route,
        severity=st.sampled_from([None, ("critical",), ("info", "warning")]),
        brand=st.sampled_from([None, ("acme",), ("other",)]),
        language=st.sampled_from([None, ("fr",)]),
        hours=st.sampled_from([None, ("Fri 08:00-09:00",)]),
        to=st.lists(names, min_size=1, max_size=2),
        quiet_while_critical=st.booleans(),
    )
    at = AT + data.draw(st.integers(-HOUR, 2 * HOUR))
    rises, quiet = data.draw(st.booleans()), silence(critical=data.draw(st.booleans()))
    already, operator = data.draw(some), data.draw(some)
    told = routed(
        severity,
        state,
        routes=data.draw(st.lists(route, max_size=3)),
        at=at,
        rises=rises,
        languages=data.draw(st.sampled_from([None, (), ("fr",)])),
        already=already,
        operator=operator,
        silences=[quiet],
        busy=dict.fromkeys(data.draw(some), "i1"),
    )

    assert told.reasons
    assert all(any(reason.startswith(f"{name}: ") for reason in told.reasons) for name in told.channels)
    assert len(told.channels) == len(set(told.channels))
    if told.silence:
        assert quiet.at <= at < quiet.until
        assert quiet.what.critical or not (rises or severity == "critical")
        assert told.channels == ()
    else:
        assert set(already) <= set(told.channels)
    if severity == "critical" and operator and state in ACTING and not told.silence:
        assert told.channels


@pytest.mark.parametrize(
    ("step", "channels"),
    [
        ({}, ()),
        ({"state": "worse", "already": ("mail",)}, ()),
        ({"state": "resolved", "already": ("mail",)}, ("mail",)),
        ({"state": "resolved"}, ()),
        ({"state": "worse", "rises": True}, ("team", "mail")),
        ({"severity": "critical"}, ("team", "phone")),
        ({"at": AT + HOUR}, ("team", "mail")),
        ({"brand": "other"}, ("other-team",)),
        ({"rule": "words"}, ("team", "mail")),
    ],
)
def test_a_silence_holds_what_fits_it_unless_that_is_louder(step, channels):
    told = routed(**{"at": AT, "rule": "many", "silences": [silence(brand="acme", rule="many")]} | step)

    assert told.channels == channels


def test_a_silence_that_says_so_holds_what_is_critical_and_is_named():
    told = routed("critical", at=AT, operator=("ops",), silences=[silence(critical=True)])

    assert told.channels == ()
    assert told.reasons == ("nobody: silence 3 of anna until 2027-01-15T09:00:00Z: known",)


def test_who_knows_of_a_critical_incident_is_spared_what_is_not_by_a_route_that_says_so():
    quiet = Route(to=("team", "mail"), quiet_while_critical=True)
    told = routed(routes=(quiet,), busy={"team": "i1"})

    assert (told.channels, told.behind) == (("mail",), "i1")
    assert told.reasons[0] == "team: not now: it was told of incident i1 of acme, which is critical"
    assert routed("critical", routes=(quiet,), busy={"team": "i1"}).channels == ("team", "mail")
    assert routed(routes=(Route(to=("team",)),), busy={"team": "i1"}).channels == ("team",)
    assert routed(routes=(quiet,), busy={"team": "i1"}, already=("team",), state="worse").channels == ("team", "mail")


def test_a_channel_of_somebody_who_hears_of_some_brands_gets_no_other_whoever_names_it():
    people = {"ann": Person(call_by=("mail",), only=("other",))}
    reach = directory(people, None, "UTC").reach

    assert routed(reach=reach).channels == ("team",)
    assert "ann: hears nothing of acme" in routed(reach=reach).reasons
    assert routed(routes=(Route(to=("mail",)),), brand="other", reach=reach).channels == ("mail",)
