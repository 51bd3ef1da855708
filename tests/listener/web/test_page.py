import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import lxml.html
import msgspec
import pytest
from aiohttp.test_utils import TestClient

from alerts.ceiling import Spared
from alerts.silence import HeldBack, Hush, Silence
from listener.errors import PARTLY
from listener.store.asking import Answered
from listener.store.port import StoreError
from listener.web import words as words_module
from listener.web.status import RuleStatus, SourceStatus
from listener.web.words import ENGLISH, FRENCH, Words
from rules.instant import DAY, HOUR, MINUTE
from rules.transition import Share
from tests.listener.web.world import HOSTILE, NOW, delivery, incident, step, stored

NB = "\u00a0"


async def text(client: TestClient, path: str) -> str:
    """What a reader sees of a page."""
    answer = await client.get(path, headers={"Accept": "text/html"})
    page = lxml.html.fromstring(await answer.text())
    return re.sub(r"[ \n]+", " ", page.text_content())


async def test_the_page_says_what_is_open_against_what_is_usual(served):
    page = await text(await served(), "/")
    assert f"Acme Air · incident n°{NB}37 sérieux · ouvert" in page
    assert f"22{NB}mentions négatives en 15{NB}min, d’habitude 3, en apprentissage" in page


async def test_the_page_speaks_the_language_of_the_daemon_or_the_one_asked_for(served):
    client = await served()
    assert "Incidents ouverts" in await text(client, "/")
    assert "Open incidents" in await text(client, "/?lang=en")
    assert f"22{NB}negative mentions in 15 min, usually 3" in await text(client, "/?lang=en")


async def test_a_language_once_chosen_is_kept_in_every_link(served):
    page = await (await (await served()).get("/?lang=en")).text()
    assert 'href="/i/37?lang=en"' in page
    assert 'href="/?lang=en"' in page


async def test_the_page_says_what_is_not_heard_and_claims_no_calm_for_it(served, world):
    world.views.rows.clear()
    page = await text(await served(), "/")
    assert f"1{NB}source sur 2 entendue" in page
    assert "muette, accès refusé" in page
    assert "son silence ne prouve rien" in page
    assert FRENCH["all_heard"] not in page


async def test_a_blind_source_is_shown_with_the_code_of_its_platform_and_since_when(served, world):
    since = NOW - HOUR
    world.daemon.source = [SourceStatus(name="fedi", kind="feed", state="auth_failed", code="401", since=since)]
    shown = f"muette, accès refusé (401), depuis {Words('fr', 'Europe/Paris', NOW).time(since)}"
    assert shown in await text(await served(), "/")


async def test_an_incident_tells_how_much_of_what_is_usual_was_heard_when_it_was_not_all(served, world):
    client = await served()
    assert "Il nous manque" not in await text(client, "/i/37")
    evidence = msgspec.structs.replace(world.views.steps[-1].evidence, coverage=0.7)
    world.views.steps[-1] = msgspec.structs.replace(world.views.steps[-1], evidence=evidence)
    assert "Il nous manque environ 30\u202f% des mentions" in await text(client, "/i/37")
    assert "We miss about 30% of mentions" in await text(client, "/i/37?lang=en")


async def test_an_incident_says_which_steps_nobody_was_told_of_and_why(served, world):
    client = await served()
    assert "étape" not in await text(client, "/i/37")
    what = Hush(brand="acme-air")
    hushed = Silence(number=3, at=NOW - HOUR, until=NOW, by="Zoé\u202e", because="<b>connu</b>", what=what)
    behind = incident(number=36, id="36ff", severity="critical")
    world.views.rows.append(behind)
    world.views.hushed.append(hushed)
    world.views.quiet += [
        HeldBack(incident="5f0c", step=0, at=NOW - MINUTE, silence=3, told_at=NOW),
        HeldBack(incident="5f0c", step=1, at=NOW - MINUTE, behind="36ff"),
    ]
    world.views.kept_from.append(Spared(incident="5f0c", person="zoe", step=0, at=NOW, had=2, accept=2))
    world.views.steps[:] = [step(0), step(1, "worse")]
    page = await text(client, "/i/37")
    assert f"2{NB}étapes non annoncées" in page
    assert (
        f"sourdine n°{NB}3 (Zoé, fin{NB}: 23{NB}h{NB}10){NB}: <b>connu</b>. Annoncé depuis{NB}: 23{NB}h{NB}10." in page
    )
    assert f"Non annoncé partout, l’incident n°{NB}36 étant critique." in page
    assert f"Non annoncé à Zoé{NB}: plafond de fausses alertes 2, 2 reçues en 30{NB}jours." in page
    page = await text(client, "/i/37?lang=en")
    assert "Held back from Zoé: false-alarm ceiling 2, 2 had in 30 days." in page
    assert "2 steps held back" in page
    assert "Held back by silence 3 (Zoé, until 23:10): <b>connu</b>. Told since: 23:10." in page
    assert "Not told everywhere, as incident 36 was critical." in page


async def test_the_hours_of_a_silence_that_comes_again_each_week_are_told_in_the_readers_language(served, world):
    client = await served()
    what = Hush(brand="acme-air", hours=("Mon-Fri 08:00-10:00", "sun"), time_zone="Europe/Paris")
    world.views.hushed.append(Silence(number=3, at=NOW - HOUR, until=NOW, by="Zoé", because="connu", what=what))
    world.views.quiet.append(HeldBack(incident="5f0c", step=0, at=NOW - MINUTE, silence=3))
    assert f"(Zoé, lun.-ven. 08:00-10:00, dim., fin{NB}: 23{NB}h{NB}10){NB}: connu" in await text(client, "/i/37")
    assert "(Zoé, Mon-Fri 08:00-10:00, Sun, until 23:10): connu" in await text(client, "/i/37?lang=en")


async def test_an_incident_that_is_held_says_so_wherever_it_stands(served, world):
    client = await served()
    for path in ("/", "/i/37"):
        assert FRENCH["held"] not in await text(client, path)
    world.daemon.held_numbers = (37,)
    for path in ("/", "/i/37"):
        assert FRENCH["held"] in await text(client, path)


async def test_calm_is_claimed_when_everything_is_heard(served, world):
    world.views.rows.clear()
    world.daemon.source = [SourceStatus(name="press", kind="feed", state="live")]
    assert f"{FRENCH['no_open']} {FRENCH['all_heard']}" in await text(await served(), "/")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (SourceStatus(name="crm", kind="push", state="starting", code="waiting"), "en attente, rien reçu jusqu’ici"),
        (SourceStatus(name="press", kind="feed", state="live", code="partly"), "entendue en partie"),
    ],
)
async def test_no_calm_is_claimed_for_a_source_that_is_not_heard_yet_or_in_part(served, world, source, words):
    world.views.rows.clear()
    world.daemon.source = [source, SourceStatus(name="fedi", kind="feed", state="live")]
    page = await text(await served(), "/")
    assert words in page
    assert FRENCH["all_heard"] not in page


@pytest.mark.parametrize("path", ["/", "/i/37"])
async def test_an_open_incident_shows_the_present_beside_its_last_step(served, path):
    page = await text(await served(), path)
    assert re.search(f"À présent{NB}: \\d+{NB}mentions négatives en 15{NB}min", page)
    assert f": 22{NB}mentions négatives en 15{NB}min, d’habitude 3, en apprentissage" in page


async def test_the_page_says_which_languages_have_no_tone(served):
    assert f"Tonalité non jugée{NB}: de" in await text(await served(), "/")


async def test_strangers_words_are_shown_and_never_run(served):
    answer = await (await served()).get("/")
    page = await answer.text()
    assert page.count("<script") == page.count('<script src="/live.js" defer>') == 1
    assert "\u202e" not in page
    assert "Vol 4218 <script>alert(1)</script> écalé {{ 7 * 7 }}" in await text(await served(), "/")
    assert "\u202e" in HOSTILE


async def test_only_web_links_are_offered_and_they_show_where_they_lead(served):
    links = lxml.html.fromstring(await (await (await served()).get("/")).text()).xpath("//li//a")
    assert [(link.get("href"), link.text) for link in links] == [
        ("https://bsky.example/p/1", "voir le message (bsky.example)")
    ]


async def test_a_deleted_post_is_named_as_such(served):
    assert FRENCH["deleted"] in await text(await served(), "/")


async def test_a_delivery_that_failed_for_good_is_shown_with_its_reason(served):
    page = await text(await served(), "/")
    assert f"Équipe Acme Air · incident n°{NB}37 en échec, 23{NB}h{NB}09 3 Slack a répondu 404 (no_service)" in page


async def test_an_incident_shows_its_steps_its_quotations_and_its_deliveries(served, world):
    world.views.steps.append(step(1, "worse", severity="critical"))
    world.views.steps.append(
        step(2, "resolved", by="astreinte 2", because="the rule was removed from the configuration")
    )
    world.views.sends.append(delivery(channel="boss", state="sent", detail="", reason="", finished=NOW))
    page = await text(await served(), "/i/37")
    assert "s’aggrave · critique" in page
    assert f"par astreinte 2 22{NB}mentions" in page
    assert f"Raison{NB}: la règle a été retirée de la configuration" in page
    assert f"19{NB}auteurs · bluesky{NB}19, press{NB}3" in page
    assert f"Non entendu{NB}: fedi" in page
    assert "le premier · le plus suivi · Acme Air" in page
    assert f"boss envoyé 23{NB}h{NB}10" in page


async def test_an_unknown_incident_is_a_page_that_says_so(served):
    client = await served()
    assert (await client.get("/i/99")).status == 404
    assert FRENCH["not_found"] in await text(client, "/i/99")


async def test_an_unreadable_store_is_a_page_that_says_so(served, world):
    world.views.broken = StoreError("the disk is full: make room")
    client = await served()
    assert (await client.get("/")).status == 503
    assert "the disk is full: make room" in await text(client, "/")


async def form_of(client: TestClient, path: str, to: str = "ack") -> dict[str, str]:
    page = lxml.html.fromstring(await (await client.get(path)).text())
    return {
        field.get("name"): field.get("value") or ""
        for field in page.xpath(f"//form[contains(@action, '/{to}')]//input")
    }


async def test_an_incident_is_taken_by_a_form_and_the_page_tells_what_came_of_it(served, world):
    client = await served()
    form = {**await form_of(client, "/i/37"), "by": "Léa \u202e\n"}
    answer = await client.post("/i/37/ack", data=form)
    assert answer.url.path_qs == "/i/37?asked=1"
    assert [(command.verb, command.target, command.by, command.at) for command in world.views.asked] == [
        ("ack", "5f0c", "Léa", NOW)
    ]
    assert FRENCH["ack_asked"] in await text(client, "/i/37?asked=1")
    world.views.answers[1] = Answered(id=1, at=NOW, refusal="Anna already has incident 37")
    assert f"{FRENCH['ack_refused']} l’incident n°{NB}37 est déjà pris en charge par Anna" in await text(
        client, "/i/37?asked=1"
    )
    world.views.answers[1] = Answered(id=1, at=NOW)
    assert FRENCH["ack_done"] in await text(client, "/i/37?asked=1")


async def test_reading_never_takes_an_incident(served, world):
    client = await served()
    assert (await client.get("/i/37/ack")).status == 405
    assert world.views.asked == []


@pytest.mark.parametrize("state", [{"acknowledged_by": "Léa"}, {"state": "resolved"}])
async def test_what_is_taken_or_over_cannot_be_taken(served, world, state):
    world.views.rows = [incident(**state)]
    assert await form_of(await served(), "/i/37") == {}


@pytest.mark.parametrize("state", ["open", "resolved"])
async def test_what_an_incident_was_is_said_by_two_buttons(served, world, state):
    world.views.rows = [incident(state=state, acknowledged_by="Léa")]
    client = await served()
    form = {**await form_of(client, "/i/37", "resolve"), "by": "Léa", "because": "homonyme \u202e"}
    assert (400, 403) == (
        (await client.post("/i/37/resolve", data=form)).status,
        (await client.post("/i/37/resolve", data={**form, "form": "x", "ending": "real"})).status,
    )
    answer = await client.post("/i/37/resolve", data={**form, "ending": "false-alarm"})
    assert answer.url.path_qs == "/i/37?asked=1"
    (asked,) = world.views.asked
    assert ("resolve", "5f0c", "Léa", "homonyme", "false-alarm") == (
        asked.verb,
        asked.target,
        asked.by,
        asked.because,
        asked.ending,
    )
    world.views.rows = [incident(state="resolved", ending="false-alarm", judged_by="Léa", judged_because="homonyme")]
    page = await text(client, "/i/37")
    assert "clos, fausse alerte" in page
    assert f"par Léa{NB}: homonyme" in page
    assert await form_of(client, "/i/37", "resolve") == {}


async def test_what_was_called_real_and_came_back_can_be_ended_once_more(served, world):
    world.views.rows = [incident(state="reopened", ending="real", judged_by="Léa")]
    client = await served()
    assert "rouvert" in await text(client, "/i/37")
    assert await form_of(client, "/i/37", "resolve") != {}


async def test_a_brand_new_daemon_has_a_page_too(served, world):
    world.views.rows.clear()
    world.views.said.clear()
    world.views.sends.clear()
    world.daemon.watched, world.daemon.source = [], []
    page = await text(await served(), "/?lang=en")
    assert ENGLISH["no_brands"] in page
    assert ENGLISH["no_sources"] in page
    assert ENGLISH["no_mentions"] in page


async def test_a_huge_post_is_cut(served, world):
    world.views.said = [stored("9", "mot " * 10_000)]
    page = await text(await served(), "/")
    assert page.count("mot ") < 100


def test_both_languages_say_the_same_things():
    assert FRENCH.keys() == ENGLISH.keys()


def test_french_sentences_keep_their_signs_together():
    loose = [text for text in FRENCH.values() if re.search(r" [:;!?»%]|« | \d|'", text)]
    assert loose == []


@pytest.mark.parametrize(
    ("language", "ago", "expected"),
    [
        ("fr", 0, f"23{NB}h{NB}10"),
        ("fr", 10 * MINUTE, f"23{NB}h"),
        ("fr", 13 * DAY, f"dimanche 1er novembre, 23{NB}h{NB}10"),
        ("fr", 400 * DAY, f"samedi 11 octobre 2025, 0{NB}h{NB}10"),
        ("en", 0, "23:10"),
        ("en", 24 * HOUR, "Friday 23:10"),
    ],
)
def test_a_moment_is_written_as_the_language_does_with_the_day_when_it_is_not_today(language, ago, expected):
    assert Words(language, "Europe/Paris", NOW).time(NOW - ago) == expected


@pytest.mark.parametrize(
    ("language", "value", "expected"),
    [
        ("fr", 0, f"0{NB}mention en 2{NB}h"),
        ("fr", 1, f"1{NB}mention en 2{NB}h"),
        ("fr", 12_000, f"12\u202f000{NB}mentions en 2{NB}h"),
        ("en", 0, f"0{NB}mentions in 2 h"),
        ("en", 1, f"1{NB}mention in 2 h"),
        ("en", 12_000, f"12,000{NB}mentions in 2 h"),
    ],
)
def test_counts_follow_the_grammar_of_the_language(language, value, expected):
    assert Words(language, "UTC", NOW).counted("posts", value, 2 * HOUR) == expected


TOLD = {"rule": "r", "value": 22, "window": HOUR}


@pytest.mark.parametrize(
    ("status", "french", "english"),
    [
        (
            {"of": "negative", "share": Share(part=22, whole=61, usual=0.18)},
            f"22{NB}mentions négatives sur 61 en 1{NB}h (36\u202f%, d’habitude 18\u202f%)",
            f"22{NB}negative mentions of 61 in 1 h (36%, usually 18%)",
        ),
        (
            {"of": "negative", "share": Share(part=22, whole=61, since=NOW - 30 * DAY)},
            f"22{NB}mentions négatives sur 61 depuis jeudi 15 octobre, 22{NB}h{NB}10 (36\u202f%)",
            f"22{NB}negative mentions of 61 since Thursday 15 October, 22:10 (36%)",
        ),
        ({"of": "negative", "share": Share(part=0, whole=0)}, f"sur 0 en 1{NB}h", "of 0 in 1 h"),
        (
            {"of": "negative", "unit": "authors"},
            f"22{NB}auteurs de mentions négatives en 1{NB}h",
            f"22{NB}authors of negative mentions in 1 h",
        ),
        (
            {"of": "posts", "unit": "sources"},
            f"mentions provenant de 22{NB}sources en 1{NB}h",
            f"mentions from 22{NB}sources in 1 h",
        ),
        (
            {"of": "negative", "unit": "followers", "value": 84_000, "usual_high": 12_000.0},
            f"une mention négative d’un compte de 84\u202f000{NB}abonnés, d’habitude 12\u202f000 au plus",
            f"a negative mention by an account with 84,000{NB}followers, usually at most 12,000",
        ),
        (
            {"of": "negative", "unit": "followers", "value": 0},
            f"aucune mention négative en 1{NB}h",
            "no negative mention in 1 h",
        ),
    ],
)
def test_what_a_rule_counts_is_told_in_its_own_words(status, french, english):
    for language, expected in (("fr", french), ("en", english)):
        assert expected in Words(language, "UTC", NOW).present(RuleStatus(**(TOLD | status)))


async def test_a_reload_that_changes_the_language_counts_at_once(served, world):
    client = await served()
    world.settings = replace(world.settings, language="en")
    assert "Open incidents" in await text(client, "/")


def test_every_sentence_is_said_somewhere():
    folder = Path(words_module.__file__).parent
    said = "".join(
        path.read_text(encoding="utf-8")
        for path in (*folder.rglob("*.html"), *(folder / f"{name}.py" for name in ("pages", "guard", "live")))
    )
    said += (folder / "words.py").read_text(encoding="utf-8").partition("class Words")[2]
    states = {"due", "sent", "parked", "cancelled"}
    unsaid = {word for word in FRENCH if not re.search(rf'\b(?:t|text)\.{word}\b|"{word}"', said)}
    assert unsaid - states == set()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("404", f"n’existe pas à cette adresse{NB}: https://e.org/f answers 404"),
        ("503", f"panne du site (réponse 503){NB}: https://e.org/f answers 404"),
        ("1006", f"la liaison a été coupée{NB}: https://e.org/f answers 404"),
        ("not_a_feed", f"ce n’est pas un flux{NB}: https://e.org/f answers 404"),
        ("something else", "https://e.org/f answers 404"),
    ],
)
async def test_what_is_wrong_with_a_source_is_said_in_french_with_its_own_words(served, world, code, said):
    detail = "https://e.org/f answers 404"
    world.daemon.source = [SourceStatus(name="press", kind="feed", state="reconnecting", code=code, detail=detail)]
    client = await served()
    assert f" jamais jamais {said} " in await text(client, "/")
    assert f" never never {detail} " in await text(client, "/?lang=en")


def test_every_code_that_sources_fail_with_has_a_sentence_in_good_typography():
    root = Path(words_module.__file__).parents[1]
    text = "".join(path.read_text("utf-8") for path in root.rglob("*.py"))
    codes = {*re.findall(r'FetchError\([^\n]*code="(\w+)"', text), "401", "403", "404", "410", "429", "500", PARTLY}
    said = {code: Words("fr", "UTC", NOW).trouble(code) for code in codes}
    assert [] == [code for code, sentence in said.items() if not sentence]
    assert [] == [one for one in said.values() if re.search(r" [;!?»%]|« |'", one)]


async def test_a_refusal_is_said_in_the_language_of_the_page(served):
    client = await served()
    asked = await client.post("/i/37/ack", data={"by": "Anna", "form": "x"}, headers={"Accept": "text/html"})
    assert (403, True) == (asked.status, FRENCH["old_form"] in await asked.text())


async def test_mentions_are_listed_by_when_they_were_written_and_say_it(served, world):
    written = {"0": 20, "1": 21, "10": 8, "11": 9, "2": 23}
    world.views.said = [
        stored(f"bluesky:{name}", f"number {name}.", created_at=datetime(2026, 11, 14, hour, 5, tzinfo=UTC))
        for name, hour in written.items()
    ]
    page = await text(await served(), "/")
    # written at 23:05 UTC, which is to come: then it counts from when it was taken
    assert re.findall(r"number \d+", page) == [f"number {name}" for name in (2, 1, 0, 11, 10)]
    assert f"22{NB}h{NB}05 · @lea" in page
    assert f"10{NB}h{NB}05 · @lea" in page
    world.views.said = [stored("bluesky:0", "long ago", created_at=datetime(1, 1, 1, tzinfo=UTC))]
    assert f"23{NB}h{NB}09 · @lea" in await text(await served(), "/")
