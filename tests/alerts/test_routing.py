"""Who is told, who joins later, and who instead when a channel fails."""

import pytest

from alerts.routing import recipients
from config.settings import Route

ROUTES = (
    Route(severity=("critical",), to=("team", "phone")),
    Route(brand=("other",), to=("other-team",)),
    Route(to=("team", "mail")),
)


def test_the_first_route_that_fits_is_used_alone():
    assert recipients(ROUTES, "acme", "critical", "open").channels == ("team", "phone")
    assert recipients(ROUTES, "acme", "warning", "open").channels == ("team", "mail")
    assert recipients(ROUTES, "other", "warning", "open").channels == ("other-team",)


def test_a_route_that_goes_on_lets_the_next_one_add_its_channels_once():
    routes = (Route.model_validate({"severity": "critical", "to": ["phone", "team"], "continue": True}), *ROUTES[2:])

    assert recipients(routes, "acme", "critical", "open").channels == ("phone", "team", "mail")


def test_what_is_held_reaches_nobody_new_until_it_is_critical():
    assert recipients(ROUTES, "acme", "warning", "open", held=True, operator=("ops",)).channels == ()
    assert recipients(ROUTES, "acme", "warning", "worse", held=True, already=("mail",)).channels == ("mail",)
    assert recipients(ROUTES, "acme", "critical", "worse", held=True).channels == ("team", "phone")


@pytest.mark.parametrize("state", ["acknowledged", "better", "resolved"])
def test_a_step_that_asks_nothing_reaches_all_who_were_told_and_nobody_else(state):
    routed = recipients(ROUTES, "acme", "critical", state, already=("mail", "gone-route"), operator=("ops",))

    assert (routed.channels, dict(routed.fallback)) == (("mail", "gone-route"), {})


def test_when_the_level_rises_new_channels_join_those_already_told():
    routed = recipients(ROUTES, "acme", "critical", "worse", already=("team", "mail"))

    assert routed.channels == ("team", "mail", "phone")
    assert routed.reasons == (
        "team: was told of this incident before",
        "mail: was told of this incident before",
        "phone: route 1 fits critical of acme",
    )


def test_a_critical_step_falls_through_to_routes_not_used_and_then_to_the_operator():
    routed = recipients(ROUTES, "acme", "critical", "open", operator=("ops", "phone", "mail"))

    assert routed.fallback == {"team": ("mail", "ops"), "phone": ("mail", "ops")}
    assert routed.reasons[-2:] == ("mail: only if a channel fails", "ops: only if a channel fails")


def test_what_wakes_somebody_is_told_first_in_another_s_place():
    routes = (Route(severity=("critical",), to=("team",)), Route(to=("mail", "phone", "siren")))
    rouses = {"siren": 2, "phone": 1, "pager": 2}.get
    routed = recipients(
        routes, "acme", "critical", "open", operator=("ops", "pager"), rouses=lambda name: rouses(name, 0)
    )

    assert routed.fallback == {"team": ("siren", "phone", "mail", "pager", "ops")}


def test_a_step_that_is_not_critical_has_no_fallback():
    assert recipients(ROUTES, "acme", "warning", "open", operator=("ops",)).fallback == {}


def test_a_critical_alert_that_no_route_fits_goes_to_the_operator():
    routed = recipients(ROUTES[1:2], "acme", "critical", "open", operator=("ops", "ops"))

    assert (routed.channels, routed.reasons) == (("ops",), ("ops: no route fits, so the operator is told",))


def test_nobody_is_a_decision_with_a_reason():
    assert recipients((), "acme", "warning", "open").reasons == ("nobody: no route fits warning of acme",)
    assert recipients((), "acme", "warning", "resolved").reasons == ("nobody: nobody was told of this incident before",)
