"""The page behind a link in a message."""

import re
from dataclasses import replace

import msgspec
import pytest

from alerts.acts import REASONS
from alerts.links import LIFE, mark_of
from listener.store.asking import Answered
from listener.web.guard import FAILURES_PER_MINUTE, LOOKS_PER_MINUTE
from listener.web.status import Recipient
from rules.instant import HOUR, MINUTE
from tests.browser import browser
from tests.listener.web.world import LINKS, NOW, incident, step

RECIPIENTS = {
    mark_of("phone"): Recipient(label="Astreinte 1", language="fr", time_zone="Europe/Paris"),
    mark_of("boss"): Recipient(label="boss", language="en", time_zone="UTC"),
}
PATH = f"/i/{LINKS.token(37, 'phone', NOW)}"
ENGLISH = f"/i/{LINKS.token(37, 'boss', NOW)}"
FORGED = [PATH[:-1] + ("A" if PATH[-1] != "A" else "B"), "/i/" + "A" * 32, f"/i/{LINKS.token(37, 'nobody', NOW)}"]


@pytest.fixture(autouse=True)
def reachable(world):
    world.demand_token()
    world.settings = replace(world.settings, external_url="https://bb.example", recipients=RECIPIENTS)
    world.views.rows.append(incident(38, id="0ther", brand="zenith"))


async def pressed(client, path=PATH, **form):
    seal = re.search(r'name="form" value="(\w+)"', await (await client.get(path)).text())
    answer = await client.post(path, data={"form": seal[1] if seal else "", **form}, allow_redirects=False)
    return answer, await answer.text()


async def test_a_link_opens_its_incident_without_a_token_in_the_language_of_whom_it_was_sent_to(served):
    client = await served()
    french, english = [await (await client.get(path)).text() for path in (PATH, ENGLISH)]

    assert '<html lang="fr">' in french
    assert "Acme Air, incident n°\u00a037" in french
    assert "Je prends en charge" in french
    assert "Acme Air, incident 37" in english
    assert "22:08" in english  # in their time zone


async def test_a_link_opens_nothing_else(served):
    client = await served()
    page = await (await client.get(PATH)).text()

    assert "zenith" not in page
    assert not re.findall(r'(?:href|src|action)="(?!https?://|/i/[\w-]{32}")', page)
    for path in ("/", "/i/37", "/i/38", "/events", f"{PATH}/events", f"{PATH}/ack", "/metrics"):
        assert (await client.get(path, allow_redirects=False)).status in {401, 404}


async def test_looking_changes_nothing_however_it_is_done(served, world):
    client = await served()
    for ask in (client.get, client.head, client.options):
        await ask(f"{PATH}?act=ack")
    assert [] == world.views.asked


async def test_a_press_takes_the_incident_in_the_name_of_whom_it_was_sent_to(served, world):
    world.views.answers = {number: Answered(id=number, at=NOW) for number in (1, 2, 3)}
    client = await served()
    answers = [
        await pressed(client, act="ack"),
        await pressed(client, act="ack", by="Léa <b>\u202e"),
        await pressed(client, act="namesake"),
    ]

    assert [(303, PATH)] * 3 == [(answer.status, answer.headers["Location"]) for answer, _ in answers]
    assert [("ack", "Astreinte 1", None), ("ack", "Léa <b>", None), ("resolve", "Astreinte 1", "false-alarm")] == [
        (each.verb, each.by, each.ending) for each in world.views.asked
    ]
    assert {"5f0c"} == {each.target for each in world.views.asked}


async def test_who_says_that_it_is_a_false_alarm_is_asked_why_before_anything_is_done(served, world):
    answer, page = await pressed(await served(), act="false-alarm", by="Léa")

    assert (200, []) == (answer.status, world.views.asked)
    assert "Fausse alerte, pourquoi" in page
    assert 'value="Léa"' in page
    assert list(REASONS) == re.findall(r'name="act" value="([\w-]+)"', page)


@pytest.mark.parametrize(
    ("severity", "said"),
    [("warning", "0\u00a0h\u00a010, sauf si le niveau monte"), ("critical", "quoi qu’il devienne")],
)
async def test_a_press_silences_the_incident_for_an_hour(served, world, severity, said):
    world.views.rows[0] = incident(severity=severity)
    world.views.answers = {1: Answered(id=1, at=NOW)}
    client = await served()
    answer, _ = await pressed(client, act="silence")
    (silence,) = world.views.hushed

    assert (303, "Astreinte 1", "5f0c") == (answer.status, silence.by, silence.what.incident)
    assert said in await (await client.get(PATH)).text()


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        ({}, {}),
        ({"Sec-Fetch-Site": "cross-site"}, {"act": "ack"}),
        ({"Origin": "https://evil.example"}, {"act": "ack"}),
        ({}, {"act": "ack", "form": "0" * 64}),
    ],
)
async def test_what_was_not_pressed_on_the_page_does_nothing(served, world, headers, form):
    answer = await (await served()).post(PATH, data=form, headers=headers)

    assert (403, []) == (answer.status, world.views.asked)


async def test_a_form_of_our_own_comes_without_an_origin(served, world):
    client = await served()
    seal = re.search(r'name="form" value="(\w+)"', await (await client.get(PATH)).text())[1]
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    await client.post(PATH, data={"form": seal, "act": "ack"}, headers=headers, allow_redirects=False)

    assert 1 == len(world.views.asked)


async def test_a_refusal_is_told_on_the_page(served, world):
    world.views.answers = {1: Answered(id=1, at=NOW, refusal="incident 37 is resolved")}
    answer, page = await pressed(await served(), act="ack")

    assert 409 == answer.status
    assert "Ce n’est pas fait" in page


@pytest.mark.parametrize(
    ("changes", "said", "choices"),
    [
        ({}, "Rien n’est fait tant que vous n’appuyez pas", ["ack", "silence", "false-alarm"]),
        ({"acknowledged_by": "Léa"}, "Pris en charge par Léa", ["unack", "silence", "false-alarm"]),
        ({"state": "resolved"}, "Était-ce une vraie alerte", ["real", "false-alarm"]),
        ({"state": "resolved", "ending": "real"}, "Cet incident est clos", []),
    ],
)
async def test_the_page_says_how_the_incident_stands_and_offers_what_is_left(served, world, changes, said, choices):
    world.views.rows[0] = incident(**changes)
    page = await (await served()).get(PATH)
    text = await page.text()

    assert said in text
    assert choices == re.findall(r'name="act" value="([\w-]+)"', text)


@pytest.mark.parametrize("method", ["get", "post"])
async def test_an_expired_link_shows_nothing_and_tells_how_to_act_otherwise(served, world, method):
    world.now = NOW + LIFE + HOUR
    answer = await getattr(await served(), method)(PATH)
    page = await answer.text()

    assert 410 == answer.status
    assert "badbuzz incidents ack 37" in page
    assert "Acme" not in page
    assert [] == world.views.asked


@pytest.mark.parametrize("path", FORGED)
async def test_a_made_up_link_is_no_page(served, path):
    assert 404 == (await (await served()).get(path)).status


@pytest.mark.parametrize(("only", "status"), [(("acme-air",), 200), (("zenith",), 404)])
async def test_who_may_no_longer_see_a_brand_opens_nothing_of_it(served, world, only, status):
    mine = {mark: replace(each, only=only) for mark, each in RECIPIENTS.items()}
    world.settings = replace(world.settings, recipients=mine)

    assert status == (await (await served()).get(PATH)).status


async def test_without_an_address_of_the_page_no_link_is_good(served, world):
    world.settings = replace(world.settings, external_url=None)

    assert 404 == (await (await served()).get(PATH)).status


async def test_guesses_are_bounded_and_keep_nobody_out_who_was_sent_a_link(served, world):
    client = await served()
    guesses = [(await client.get(FORGED[0])).status for _ in range(FAILURES_PER_MINUTE + 1)]
    looks = [(await client.get(PATH)).status for _ in range(LOOKS_PER_MINUTE + 1)]
    world.now += MINUTE + 1

    assert [404] * FAILURES_PER_MINUTE + [429] == guesses
    assert [200] * LOOKS_PER_MINUTE + [429] == looks
    assert 200 == (await client.get(PATH)).status


async def test_the_page_tells_nobody_where_it_is_and_runs_nothing(served):
    headers = (await (await served()).get(PATH)).headers

    assert "no-referrer" == headers["Referrer-Policy"]
    assert "noindex" in headers["X-Robots-Tag"]
    assert "nosniff" == headers["X-Content-Type-Options"]
    assert "no-store" == headers["Cache-Control"]
    assert re.match(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'", headers["Content-Security-Policy"]
    )


async def test_in_a_browser_a_press_is_taken_and_nothing_is_blocked(served, world, tmp_path):
    world.views.answers = {1: Answered(id=1, at=NOW)}
    base = str((await served()).make_url(""))
    async with browser(tmp_path) as tab:
        await tab.open(f"{base.rstrip('/')}{PATH}")
        assert await tab.run("getComputedStyle(document.querySelector('button')).minHeight") == "48px"
        assert await tab.run("document.documentElement.scrollWidth <= window.innerWidth")
        await tab.run("document.querySelector('[name=by]').value = 'Léa'")
        world.views.rows[0] = incident(acknowledged_by="Léa")
        await tab.run("document.querySelector('[value=ack]').click()")
        await tab.until("document.querySelector('[role=status]')?.textContent.includes('Léa')")
        assert [] == tab.errors
    assert ["Léa"] == [each.by for each in world.views.asked]


async def test_strangers_words_are_quoted_without_a_tag_or_a_phone_number(served, world):
    one = world.views.said[0]
    hostile = msgspec.structs.replace(one.mention, text="<img src=x> +33 6 39 98 01 02")
    world.views.said[0] = msgspec.structs.replace(one, mention=hostile)
    world.views.steps = [step(0)]
    page = await (await served()).get(PATH)
    text = await page.text()

    assert "&lt;img src=x&gt; [masqué]" in text
