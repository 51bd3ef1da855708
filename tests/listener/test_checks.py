"""What is wrong with a configuration once one knows what it means."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.load import load
from config.problems import ConfigError
from listener.catalogs import CATALOGS
from listener.checks import check, examine
from listener.queries import query_of
from rules.instant import moment
from tests.rules.worlds import START

GOOD = {
    "daemon": "{language: fr, external_url: https://bb.example}",
    "operator": "{to: phone}",
    "brands": "{acme: {query: acme, languages: [fr, en]}}",
    "sources": "{press: {kind: feed, urls: [https://example.org/rss]}}",
    "rules": "{bad-buzz: {kind: spike}}",
    "channels": "{phone: {kind: ntfy, server: https://ntfy.example, topic: !secret env:TOPIC}, out: {kind: console}}",
    "routes": "[{to: [phone, out]}]",
}


def said(folder: Path, **changes: str) -> list[tuple[str, str, str]]:
    path = folder / "badbuzz.yaml"
    parts = {**GOOD, **changes}
    path.write_text("".join(f"{section}: {text}\n" for section, text in parts.items() if text), encoding="utf-8")
    loaded = load(path, CATALOGS, {"TOPIC": "t"})
    return [(problem.level, problem.path, problem.message) for problem in check(loaded, CATALOGS)]


def test_a_sound_configuration_has_no_problem(tmp_path: Path) -> None:
    assert said(tmp_path) == []


def test_a_key_that_is_too_short_says_what_is_counted(tmp_path: Path) -> None:
    short = "{out: {kind: webhook, url: https://hooks.example/x, secret: !secret env:TOPIC}}"
    with pytest.raises(ConfigError, match=r"channels\.out\.secret: must have at least 16 characters"):
        said(tmp_path, channels=short)


def test_a_query_that_cannot_be_understood_shows_the_place(tmp_path: Path) -> None:
    ((level, path, message),) = said(tmp_path, brands="{acme: {query: 'acme AND (air'}}")
    shown = message.splitlines()
    assert (level, path, shown[1].strip()) == ("error", "brands.acme.query", "acme AND (air")
    assert shown[2][shown[1].index("acme") :][9] == "^"


BROKEN = {
    "daemon": "{listen: '0.0.0.0:80', retention: soon}",
    "sources": "{press: {kind: fead}, own: {kind: feed, urls: ['http://127.0.0.1/a']}}",
    "rules": "{words: {kind: keyword, any: [recall, 'a*']}, calm: {kind: spike, sensitivity: 99}}",
    "channels": "{phone: {kind: ntfy, server: https://e.org, topic: !secret env:NO}, x: {kind: console}}",
    "routes": "[{to: phone}]",
    "brands": "{acme: {query: 'acme AND (', languages: [fr, eo]}, beta: {query: 'a AND (', languages: 5}}",
}


def test_what_is_valid_is_judged_although_something_else_is_not(tmp_path: Path) -> None:
    path = tmp_path / "badbuzz.yaml"
    path.write_text("".join(f"{section}: {text}\n" for section, text in {**GOOD, **BROKEN}.items()), encoding="utf-8")
    loaded, problems = examine(path, CATALOGS, {})
    assert loaded is None
    assert sorted({(problem.level, problem.path) for problem in problems}) == [
        ("error", "brands.acme.query"),
        ("error", "brands.beta.languages"),
        ("error", "brands.beta.query"),
        ("error", "channels.phone.topic"),
        ("error", "daemon.listen"),
        ("error", "daemon.retention"),
        ("error", "rules.calm.sensitivity"),
        ("error", "rules.words.any.1"),
        ("error", "sources.press.kind"),
        ("warning", "brands.acme.languages"),
        ("warning", "channels.x"),
        ("warning", "sources.own.urls.0"),
    ]


def test_one_value_stands_for_a_list_of_one(tmp_path: Path) -> None:
    mail = "mail: {kind: email, to: boss@acme.example, from: badbuzz@acme.example, smtp: 'smtp://mail.acme.example'}"
    parts = {
        "brands": "{acme: {query: acme, own_accounts: '@acme'}}",
        "sources": "{press: {kind: feed, urls: https://example.org/rss, brands: acme}}",
        "rules": "{bad-buzz: {kind: spike, brands: acme}}",
        "channels": GOOD["channels"].replace("out: {kind: console}", mail),
        "routes": "[{brand: acme, to: [phone, mail]}]",
    }
    assert said(tmp_path, **parts) == []
    assert (
        said(tmp_path, **{**parts, "channels": parts["channels"].replace("boss@acme.example", "[a@b.example]")}) == []
    )


def test_spans_in_which_nothing_can_happen_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "badbuzz.yaml"
    parts = {
        **GOOD,
        "rules": "{bad-buzz: {kind: spike, calm_for: 9s}}",
        "sources": "{press: {kind: feed, urls: [https://example.org/rss], retention: 0s}}",
    }
    path.write_text("".join(f"{section}: {text}\n" for section, text in parts.items()), encoding="utf-8")
    _, problems = examine(path, CATALOGS, {"TOPIC": "t"})
    assert [(problem.path, problem.message) for problem in problems] == [
        ("sources.press.retention", "must be at least 1h"),
        ("rules.bad-buzz.calm_for", "must be at least 10s: that is how often badbuzz looks"),
    ]


@pytest.mark.parametrize("section", GOOD)
@pytest.mark.parametrize("text", ["", "5", "[5]", "{a: 5}", "{a: {kind: 5}}", "[{to: nobody}]", "{to: 5}", "~"])
def test_a_section_that_is_none_makes_no_other_problem(tmp_path: Path, section: str, text: str) -> None:
    path = tmp_path / "badbuzz.yaml"
    parts = {**GOOD, section: text}
    path.write_text("".join(f"{name}: {held}\n" for name, held in parts.items()), encoding="utf-8")
    _, problems = examine(path, CATALOGS, {"TOPIC": "t"})
    named = {"brands": {"brands", "routes", "sources"}, "channels": {"channels", "operator", "routes"}}
    assert {problem.path.partition(".")[0] for problem in problems} <= named.get(section, {section, "brands"}), problems


def test_a_file_that_cannot_be_included_may_hold_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "badbuzz.yaml"
    path.write_text("include: gone.yaml\ndaemon: {listen: '0.0.0.0:80'}\nrules: {a: {kind: keyword, any: ['a*']}}\n")
    _, problems = examine(path, CATALOGS, {})
    assert [problem.path for problem in problems] == ["include", "rules.a.any.0"]


def test_words_of_a_rule_that_cannot_be_looked_for_are_errors(tmp_path: Path) -> None:
    found = said(tmp_path, rules="{words: {kind: keyword, any: [recall, 'a*']}}")
    assert [(level, path) for level, path, _ in found] == [("error", "rules.words.any.1")]


def test_a_language_without_tone_is_a_warning(tmp_path: Path) -> None:
    found = said(tmp_path, brands="{acme: {query: acme, languages: [fr, eo]}}")
    message = "the tone of 'eo' cannot be told: its mentions count as posts, never as negative"
    assert found == [("warning", "brands.acme.languages", message)]


def test_words_of_a_tone_that_cannot_be_looked_for_or_are_said_twice_are_errors(tmp_path: Path) -> None:
    tone = "{negative: [Zéphyr, '!!'], positive: 'zephyr', neutral: ['a*', killer]}"
    found = said(tmp_path, brands=f"{{acme: {{query: acme, tone: {tone}}}}}")
    assert [(level, path) for level, path, _ in found] == [
        ("error", "brands.acme.tone.negative.1"),
        ("error", "brands.acme.tone.positive.0"),
        ("error", "brands.acme.tone.neutral.0"),
    ]


def test_listening_to_others_needs_a_token(tmp_path: Path) -> None:
    assert [one[:2] for one in said(tmp_path, daemon="{listen: '0.0.0.0:80', external_url: https://bb.example}")] == [
        ("error", "daemon.listen")
    ]
    reached = "{listen: '0.0.0.0:80', token: !secret env:TOPIC, external_url: https://bb.example}"
    assert said(tmp_path, daemon=reached) == []


@pytest.mark.parametrize(
    ("address", "warned"), [("http://bb.example", True), ("https://bb.example", False), ("http://10.0.0.5:9465", False)]
)
def test_links_that_anybody_on_their_way_can_read_are_a_warning(tmp_path: Path, address: str, warned: bool) -> None:
    found = said(tmp_path, daemon=f"{{external_url: '{address}'}}")

    assert warned == (("warning", "daemon.external_url") in [one[:2] for one in found])


def test_critical_alerts_should_wake_somebody(tmp_path: Path) -> None:
    found = said(tmp_path, routes="[{severity: critical, to: out}, {to: [phone]}]")
    assert found == [("warning", "routes.0.to", "a critical alert on this route wakes nobody")]
    assert said(tmp_path, routes="[{severity: critical, to: phone}, {to: out}]") == []


def test_alerts_to_people_without_a_page_to_open_are_a_warning(tmp_path: Path) -> None:
    message = "alerts carry no link: nobody can take an incident from the phone"
    assert said(tmp_path, daemon="{}") == [("warning", "daemon.external_url", message)]
    bot = "{phone: {kind: telegram, token: '1:abc', chat: -1%s}, out: {kind: console}}"
    for buttons, warned in ((", buttons: false", True), ("", False)):
        found = [path for _, path, _ in said(tmp_path, daemon="{}", channels=bot % buttons)]
        assert warned is ("daemon.external_url" in found)
    alone = {"operator": "{to: out}", "channels": "{out: {kind: console}}", "routes": "[{to: [out]}]"}
    assert "daemon.external_url" not in [path for _, path, _ in said(tmp_path, daemon="{}", **alone)]


def test_incidents_that_nobody_is_told_of_are_warnings(tmp_path: Path) -> None:
    brands = "{acme: {query: acme}, beta: {query: beta}}"
    found = said(tmp_path, brands=brands, routes="[{brand: acme, to: [phone, out]}, {severity: critical, to: phone}]")
    assert found == [("warning", "routes", "no route takes warning incidents of 'beta': nobody is told")]


@pytest.mark.parametrize(
    ("routes", "gaps"),
    [
        ("[{hours: 08:00-19:00, to: [phone, out]}, {severity: critical, to: phone}]", ["warning"]),
        ("[{language: fr, to: phone}, {source: press, to: out}]", ["warning", "critical"]),
        ("[{hours: 08:00-19:00, to: phone}, {hours: [19:00-24:00, 00:00-08:00], to: out}]", []),
    ],
)
def test_what_fits_no_route_at_some_hour_or_in_some_language_is_a_warning(
    tmp_path: Path, routes: str, gaps: list[str]
) -> None:
    wanted = [f"not all {each} incidents of 'acme' fit a route, for their hour, language or source" for each in gaps]
    found = [message for _, path, message in said(tmp_path, routes=routes) if path.startswith("routes")]
    assert [message for message in found if "wakes nobody" not in message] == wanted


def test_what_serves_nobody_is_a_warning(tmp_path: Path) -> None:
    sources = "{press: {kind: feed, urls: [https://example.org/rss], brands: []}}"
    rules = "{bad-buzz: {kind: spike, brands: []}}"
    found = said(tmp_path, sources=sources, rules=rules, operator="", routes="[{to: phone}, {to: phone}]")
    assert [(level, path) for level, path, _ in found] == [
        ("warning", "operator"),
        ("warning", "brands.acme"),
        ("warning", "brands.acme"),
        ("warning", "routes.1"),
        ("warning", "channels.out"),
        ("warning", "sources.press.brands"),
        ("warning", "rules.bad-buzz.brands"),
    ]


def test_without_rules_nothing_is_ever_reported(tmp_path: Path) -> None:
    assert [one[:2] for one in said(tmp_path, rules="")] == [("warning", "rules")]


def test_an_address_inside_the_own_network_needs_to_be_meant(tmp_path: Path) -> None:
    urls = "['http://127.0.0.1/a', 'http://[::1]:8000/b', 'http://localhost/c', 'http://10.1.2.3/d', 'https://e.org/f']"
    found = said(tmp_path, sources=f"{{press: {{kind: feed, urls: {urls}}}}}")
    message = "a private or reserved address: it will not be read"
    assert found == [("warning", f"sources.press.urls.{number}", message) for number in range(4)]
    assert said(tmp_path, sources=f"{{press: {{kind: feed, urls: {urls}, allow_private: true}}}}") == []


def test_an_address_that_two_sources_read_is_pointed_out(tmp_path: Path) -> None:
    sources = (
        "{press: {kind: feed, urls: [https://e.org/a]}, news: {kind: feed, urls: [https://e.org/b, https://e.org/a]}}"
    )
    assert said(tmp_path, sources=sources) == [
        ("warning", "sources.news.urls.1", "source 'press' reads this address too")
    ]


@pytest.mark.parametrize(
    ("language", "days", "said"),
    [
        ("en", -400, " is over: "),
        ("en", 0, " is over: "),
        ("en", 7, None),
        ("en", 1200, "only critical alerts ring"),
        ("fr", -1, " est passé\xa0: "),
        ("fr", 1200, "seules les alertes critiques sonnent"),
    ],
)
def test_a_day_until_which_one_only_watches_should_lie_in_the_next_weeks(tmp_path, language, days, said):
    day = moment(START).date() + timedelta(days=days)
    parts = {
        **GOOD,
        "brands": f"{{acme: {{query: acme, watch_only: until {day}}}}}",
        "rules": f"{{bad-buzz: {{kind: spike, watch_only: {day}}}}}",
        "daemon": f"{{language: {language}, external_url: https://bb.example}}",
    }
    path = tmp_path / "badbuzz.yaml"
    path.write_text("".join(f"{section}: {text}\n" for section, text in parts.items()), encoding="utf-8")
    _, problems = examine(path, CATALOGS, {"TOPIC": "t"}, now=START)
    found = [problem for problem in problems if problem.path.endswith("watch_only")]
    assert (["brands.acme.watch_only", "rules.bad-buzz.watch_only"] if said else []) == [one.path for one in found]
    assert all(said in one.message and str(day) in one.message and one.level == "warning" for one in found)


PEOPLE = "{ann: {call_by: phone}, bob: {call_by: [phone, out]}}"


@pytest.mark.parametrize(
    ("watch", "found"),
    [
        ("{turns: [ann, bob]}", []),
        ("{turns: [ann, bob], hours: {week: 'Mon-Fri 19:00-08:00'}, otherwise: out}", []),
        ("{turns: [ann, bob], hours: {week: 'Mon-Fri 19:00-08:00'}}", [("oncall.hours", "nobody has the watch")]),
        ("{turns: [ann], swaps: [{from: 2026-12-24, to: 2026-12-26, who: bob}]}", [("oncall.turns", "no second")]),
        ("{turns: [ann, bob], ladder: [{after: 5m, remind: first}]}", [("oncall.ladder", "calls nobody else")]),
    ],
)
def test_holes_in_the_watch_are_told(tmp_path: Path, watch: str, found: list[tuple[str, str]]) -> None:
    watch = f"{watch[:-1]}, confirm_at_start: false}}"
    told = said(tmp_path, people=PEOPLE, oncall=watch, routes="[{to: [oncall, out]}]")
    assert [(level, path) for level, path, _ in told] == [("warning", path) for path, _ in found]
    assert all(words in message for (_, _, message), (_, words) in zip(told, found, strict=True))


def test_whoever_is_on_call_should_wake_and_see_the_brand(tmp_path: Path) -> None:
    people = "{ann: {call_by: out}, bob: {call_by: bobs, only: beta}, cy: {call_by: phone}}"
    parts = {"people": people, "brands": "{acme: {query: acme}, beta: {query: beta}}"}
    parts["channels"] = GOOD["channels"].replace("}, out", "}, bobs: {kind: telegram, token: '1:a', chat: 1}, out")
    told = said(
        tmp_path, **parts, oncall="{turns: [ann, bob], confirm_at_start: false}", routes="[{to: [phone, oncall]}]"
    )
    told = [each for each in told if "plain text" not in each[2]]
    assert [(path, message.split(":")[0]) for _, path, message in told] == [
        ("people.cy", "no route leads to this person, who is in no turn either"),
        ("people.bob.only", "'bob' may have the watch and hears nothing of 'acme'"),
        ("people.ann.call_by", "is on call, and none of these channels wakes anybody"),
        ("oncall.turns", "of 'acme' only 'ann' hears among the turns"),
    ]
    unnamed = said(tmp_path, people=PEOPLE, oncall="{turns: [ann, bob]}")
    assert [path for _, path, message in unnamed if "confirm" not in message] == ["oncall"]


def test_a_contact_of_playbooks_is_no_person_who_can_be_told(tmp_path: Path) -> None:
    people = "{ann: {call_by: out}, desk: {phone: '+33 1 99 00 12 34'}}"
    assert [] == said(tmp_path, people=people, routes="[{to: [ann, phone]}]")
    for to in ("[{to: [ann, desk, phone]}]", "[{severity: critical, to: [ann, phone]}, {to: desk}]"):
        (found,) = said(tmp_path, people=people, routes=to)
        assert ("error", "people.desk", "has a phone, which badbuzz does not call, and no channel") == found


def test_two_people_who_are_called_the_same_are_told(tmp_path: Path) -> None:
    people = "{ann: {call_by: phone, known_as: '@Ann.B'}, bob: {call_by: out, known_as: [bob, ann.b]}}"
    (found,) = [each for each in said(tmp_path, people=people, routes="[{to: [ann, bob]}]") if each[0] == "error"]
    assert ("error", "people.bob.known_as.1", "'ann.b' means 'ann' too") == found


@pytest.mark.parametrize("nobody", ["'@'", "''", "' '", "'telegram:'", "'telegram: @'"])
def test_a_way_to_know_somebody_that_is_nobodys_is_refused(tmp_path: Path, nobody: str) -> None:
    with pytest.raises(ConfigError) as refused:
        said(tmp_path, people=f"{{ann: {{call_by: phone, known_as: {nobody}}}}}", routes="[{to: [ann]}]")
    assert "names nobody: write a user id or an address" in str(refused.value)


@pytest.mark.parametrize(
    ("known_as", "unknown"),
    [("", "'room' and 'chat'"), (", known_as: ['@ann:m.example']", "'chat'"), (", known_as: ['9', 'matrix:Ann']", "")],
)
def test_who_would_not_be_known_where_others_read_too_is_told_how(tmp_path: Path, known_as: str, unknown: str) -> None:
    chats = ", room: {kind: matrix, server: 'https://m.example', token: t, room: '!r:m.example'},"
    chats += " chat: {kind: telegram, token: '1:a', chat: -1}}"
    parts = {"channels": GOOD["channels"].removesuffix("}") + chats, "routes": "[{to: [ann, room, chat]}]"}
    found = [text for *_, text in said(tmp_path, people=f"{{ann: {{call_by: phone{known_as}}}}}", **parts)]
    words = f"would not be known in {unknown}, where others read too: who takes an incident there gets no nudge"
    assert ([words] if unknown else []) == [text for text in found if "would not be known" in text]


def test_who_could_not_confirm_a_hand_over_is_told(tmp_path: Path) -> None:
    found = said(tmp_path, people=PEOPLE, oncall="{turns: [ann, bob]}", routes="[{to: [oncall]}]")
    assert ["people.ann.call_by", "people.bob.call_by"] == [path for _, path, text in found if "confirm it" in text]
    never = said(
        tmp_path, people=PEOPLE, oncall="{turns: [ann, bob], confirm_at_start: false}", routes="[{to: oncall}]"
    )
    assert not [text for _, _, text in never if "confirm it" in text]


@pytest.mark.parametrize(
    ("routes", "ladder", "found"),
    [
        ("[{to: [ann, bob]}]", "", [("routes.0.to", "nobody on this route may hear of 'beta'", "people.ann.only")]),
        ("[{brand: [acme], to: [ann]}, {to: [out]}]", "", []),
        ("[{to: [out]}, {to: [ann]}]", "", []),
        ("[{to: [bobs]}]", "", [("routes.0.to", "nobody on this route may hear of 'beta'", "people.bob.only")]),
        ("[{to: [oncall]}]", "", [("routes.0.to", "nobody on this route may hear of 'beta'", "people.ann.only")]),
        (
            "[{to: [oncall, out]}]",
            ", ladder: [{after: 5m, remind: first}, {after: 9m, call: bob}]",
            [("oncall.ladder.1.call", "'bob' hears nothing of 'beta': this rung calls nobody", "people.bob.only")],
        ),
    ],
)
def test_a_route_or_rung_that_means_nobody_who_may_hear_of_a_brand_is_told(
    tmp_path: Path, routes: str, ladder: str, found: list[tuple[str, str, str]]
) -> None:
    path = tmp_path / "badbuzz.yaml"
    people = "{ann: {call_by: anns, only: acme}, bob: {call_by: bobs, only: [acme]}, cy: {call_by: out}}"
    oncall = f"{{turns: [{'ann, cy' if ladder else 'ann, bob'}]{ladder}}}"
    parts = {**GOOD, "people": people, "oncall": oncall, "routes": routes, "operator": "{to: out}"}
    parts["brands"] = "{acme: {query: acme}, beta: {query: beta}}"
    parts["channels"] = "{anns: {kind: console}, bobs: {kind: console}, out: {kind: console}}"
    path.write_text("".join(f"{section}: {text}\n" for section, text in parts.items()), encoding="utf-8")
    every = [each for each in check(load(path, CATALOGS), CATALOGS) if "'beta'" in each.message]
    told = [each for each in every if each.path.startswith(("routes.", "oncall.ladder."))]
    assert [(path, message) for path, message, _ in found] == [(each.path, each.message) for each in told]
    assert all(way in each.hint and each.level == "warning" for each, (_, _, way) in zip(told, found, strict=True))


def test_no_digest_shows_one_client_the_figures_of_another_nor_rings(tmp_path: Path) -> None:
    more = {
        "brands": "{acme: {query: acme}, beta: {query: beta}}",
        "people": "{lea: {call_by: [phone], only: [beta]}}",
        "digest": "[{to: phone, brands: [acme], against: [beta]}, {to: out, brands: [beta]}, {to: lea, brands: acme}]",
    }
    found = [each for each in said(tmp_path, **more) if each[1].startswith("digest")]
    assert ("error", "digest.0.against", "'beta' has readers of its own, and these would see its figures") == found[0]
    assert ["digest.1.to", "digest.2.to", "digest.2.to"] == [path for _, path, _ in found[1:]]


def test_a_channel_of_somebody_who_hears_of_some_brands_is_shared_with_nobody_who_hears_of_more(tmp_path: Path) -> None:
    brands = "{acme: {query: acme}, other: {query: other}}"
    people = "{ann: {call_by: phone, only: acme}, bob: {call_by: phone}, eve: {call_by: phone, only: acme}}"
    told = said(tmp_path, people=people, brands=brands, routes="[{to: [ann, bob, eve, out]}]")
    errors = {(path, message) for level, path, message in told if level == "error"}
    assert {path for path, _ in errors} == {"operator.to", "people.bob.call_by"}
    assert ("people.bob.call_by", "'phone' reaches 'ann' too, who hears of fewer brands than 'bob'") in errors


def test_what_checking_compiled_is_not_compiled_again_while_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "badbuzz.yaml"
    parts = {**GOOD, "brands": "{acme: {query: acme}, beta: {query: beta OR bêta}}"}
    path.write_text("".join(f"{section}: {text}\n" for section, text in parts.items()), encoding="utf-8")
    loaded, _ = examine(path, CATALOGS, {"TOPIC": "t"})
    assert loaded
    again = [query_of(brand, loaded.settings) for brand in loaded.settings.brands.values()]
    assert [id(each) for each in again] == [id(each) for each in loaded.made]
