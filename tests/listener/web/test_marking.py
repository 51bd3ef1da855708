"""Marking the tone of mentions on the page: plain forms, and the script that saves a way back."""

import lxml.html
import pytest

from listener.store.asking import Answered
from listener.store.marks import Wish
from listener.store.port import StoreError
from listener.web.words import FRENCH
from tests.browser import browser
from tests.listener.web.world import NOW

HTML = {"Accept": "text/html"}


async def forms(client, path="/"):
    """The forms of a page that mark, each as (form, its buttons by label)."""
    page = lxml.html.fromstring(await (await client.get(path, headers=HTML)).text())
    found = page.xpath("//form[@class='marking']")
    return [(form, {button.text_content(): button for button in form.iter("button")}) for form in found]


def filled(form, **more):
    return {one.get("name"): one.get("value") for one in form.iter("input")} | more


@pytest.mark.parametrize("path", ["/?lang=en", "/i/37?lang=en"])
async def test_a_mention_is_marked_by_a_button_and_the_page_comes_back(served, world, path):
    client = await served()
    form, buttons = (await forms(client, path))[0]
    assert ["negative", "neutral", "positive"] == list(buttons)
    answer = await client.post("/label?lang=en", data=filled(form, label=buttons["neutral"].get("value")))
    assert (200, path) == (answer.status, answer.url.path_qs)
    (asked,) = world.views.asked
    assert ("bluesky:1", "page", NOW) == (asked.target, asked.by, asked.at)
    assert Wish(brand="acme-air", label="neutral") == asked.wish


async def test_what_a_person_said_is_pressed_and_pressing_it_again_takes_it_back(served, world):
    client = await served()
    await world.views.ask_labels([("bluesky:1", Wish(brand="acme-air", label="positive"))], "Léa", NOW)
    form, buttons = (await forms(client))[0]
    pressed = {name: button.get("aria-pressed") for name, button in buttons.items()}
    assert {"négative": "false", "neutre": "false", "positive": "true"} == pressed
    await client.post("/label", data=filled(form, label=buttons["positive"].get("value")))
    assert None is world.views.asked[-1].wish.label


async def test_what_its_author_deleted_cannot_be_marked(served):
    assert 2 == len(await forms(await served()))


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"form": "0" * 64}, 403), ({"mention": "bluesky:2"}, 403), ({"brand": "other"}, 403), ({"label": "bad"}, 400)],
)
async def test_a_mark_that_the_page_did_not_offer_is_refused(served, world, changes, status):
    client = await served()
    form, _ = (await forms(client))[0]
    answer = await client.post("/label", data=filled(form, label="neutral") | changes)
    assert (status, []) == (answer.status, world.views.asked)


async def test_marking_never_leads_to_another_site(served):
    client = await served()
    form, _ = (await forms(client))[0]
    answer = await client.post("/label", data=filled(form, label="neutral", back="//evil.example"))
    assert "/" == answer.url.path_qs


async def test_a_refusal_is_said_in_the_language_of_the_page(served, world):
    client = await served()
    world.views.answers[1] = Answered(id=1, at=NOW, refusal="its author deleted bluesky:1")
    form, _ = (await forms(client))[0]
    answer = await client.post("/label", data=filled(form, label="neutral"), headers=HTML)
    said = await answer.text()
    assert 409 == answer.status
    assert "bluesky:1 a été supprimé par son auteur" in said
    assert FRENCH["refused"] in said


async def test_in_a_browser_a_mark_is_made_without_leaving_the_page(served, world, tmp_path):
    client = await served()
    async with browser(tmp_path) as tab:
        await tab.open(f"{client.make_url('/')}?lang=en")
        await tab.until("document.getElementById('live')?.textContent === 'Live'")
        await tab.run("window.stays = true; document.querySelector('#mentions .marking [value=positive]').click()")
        await tab.until("document.querySelector('#mentions .marking [aria-pressed=true]')?.textContent === 'positive'")
        assert True is await tab.run("window.stays")
        assert ["positive"] == [command.wish.label for command in world.views.asked]
        assert [] == [said for said in tab.errors if "Content Security Policy" in said]


async def test_in_a_browser_a_refusal_is_said_beside_the_form_and_not_asked_for_again(served, world, tmp_path):
    world.views.answers[1] = Answered(id=1, at=NOW, refusal="its author deleted bluesky:1")
    client = await served()
    async with browser(tmp_path) as tab:
        await tab.open(f"{client.make_url('/')}?lang=fr")
        await tab.until("document.getElementById('live')?.textContent === 'En direct'")
        await tab.run("window.stays = true; document.querySelector('#mentions .marking [value=positive]').click()")
        await tab.until("document.querySelector('.marking .refusal[role=alert]')")
        said = await tab.run("document.querySelector('.refusal').textContent")
        assert f"{FRENCH['refused']} bluesky:1 a été supprimé par son auteur" == said
        assert (True, 1) == (await tab.run("window.stays"), len(world.views.asked))
        world.views.broken = StoreError("the disk is full")
        await tab.run("HTMLFormElement.prototype.requestSubmit = () => (document.body.dataset.tried = 'plainly')")
        await tab.run("document.querySelector('#mentions .marking [value=negative]').click()")
        await tab.until("document.body.dataset.tried === 'plainly'")


async def test_a_mention_has_the_name_that_commands_take(served):
    page = lxml.html.fromstring(await (await (await served()).get("/", headers=HTML)).text())
    assert "bluesky:1" in page.xpath("//code[@class='name']/text()")
