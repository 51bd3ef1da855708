"""Which brands a page shows where there are many."""

from collections.abc import Sequence

import lxml.html
import pytest
from aiohttp.test_utils import TestClient

from listener.web.status import BrandStatus
from listener.web.words import ENGLISH, FRENCH
from rules.instant import HOUR
from tests.browser import browser
from tests.listener.web.test_marking import HTML
from tests.listener.web.world import HOSTILE, NOW, World, incident, step

MANY = 60


def watch(world: World, count: int = MANY, **labels: str) -> None:
    """Brands of that many; the last matters most."""
    world.daemon.watched = [BrandStatus(name=f"brand-{number}") for number in range(1, count + 1)]
    world.daemon.labels = {name.replace("_", "-"): label for name, label in labels.items()}


async def page_of(client: TestClient, path: str) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(await (await client.get(path, headers=HTML)).text())


def shown(page: lxml.html.HtmlElement) -> Sequence[str]:
    return page.xpath("//section[@id='brands']//h3/text()")


async def test_as_many_brands_as_fit_stand_as_they_are_configured_and_nothing_is_asked(served, world):
    watch(world, 24)
    page = await page_of(await served(), "/")
    assert [f"brand-{number}" for number in range(1, 25)] == shown(page)
    assert [] == page.xpath("//form[@role='search'] | //nav[@class='turn']")


async def test_of_many_brands_those_that_matter_come_first_and_links_lead_to_all(served, world):
    watch(world)
    client, seen, path = await served(), list[str](), "/?lang=en"
    said = ["1 to 24 of 60", "25 to 48 of 60", "49 to 60 of 60"]
    for where in said:
        page = await page_of(client, path)
        seen += shown(page)
        assert f"{where} · {ENGLISH['loudest']}" in page.text_content()
        path = next(iter(page.xpath("//a[@rel='next']/@href")), "").partition("#")[0]
    assert [f"brand-{number}" for number in range(60, 0, -1)] == seen
    assert "" == path
    assert ["/?lang=en&page=2#brands"] == page.xpath("//a[@rel='prev']/@href")


@pytest.mark.parametrize(
    ("page", "first"), [("4", "brand-12"), ("999999999", "brand-12"), ("0", "brand-60"), ("x", "brand-60")]
)
async def test_a_page_that_there_is_not_is_the_last_or_the_first(served, world, page, first):
    watch(world)
    assert first == shown(await page_of(await served(), f"/?page={page}"))[0]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("electricite", ["Électricité du Nord"]),
        (" ÉLECTRICITÉ ", ["Électricité du Nord"]),
        ("brand-7", ["brand-7"]),
        ("nord", ["Chocolat du Nord", "Électricité du Nord"]),
    ],
)
async def test_a_brand_is_found_by_what_it_is_called_without_accents_and_case(served, world, wanted, found):
    watch(world, brand_8="Électricité du Nord", brand_9="Chocolat du Nord")
    page = await page_of(await served(), f"/?brand={wanted}")
    assert found == shown(page)
    assert [wanted.strip()] == page.xpath("//form[@role='search']/input[@name='brand']/@value")
    assert ["/#brands"] == page.xpath(f"//a[text()='{FRENCH['all_brands']}']/@href")


async def test_a_search_that_finds_nothing_says_so_and_whatever_was_typed_is_harmless(served, world):
    watch(world)
    answer = await (await served()).get("/", params={"brand": HOSTILE}, headers=HTML)
    html = await answer.text()
    assert "<script>alert" not in html
    assert FRENCH["no_brand_found"] in html


async def test_a_search_is_kept_by_its_pages_its_events_and_who_marks_a_mention(served, world):
    watch(world, 120)
    page = await page_of(await served(), "/?brand=brand-1&page=2&lang=en")
    assert ["/?lang=en&brand=brand-1&page=1#brands"] == page.xpath("//a[@rel='prev']/@href")
    assert ["/events?brand=brand-1&page=2&lang=en"] == page.xpath("//body/@data-events")
    assert ["/?brand=brand-1&page=2&lang=fr"] == page.xpath("//a[@hreflang='fr']/@href")
    assert {"/?lang=en&brand=brand-1&page=2"} == {*page.xpath("//input[@name='back']/@value")}
    assert ["en"] == page.xpath("//form[@role='search']/input[@name='lang']/@value")


async def test_of_many_open_incidents_the_worst_are_listed_and_the_rest_is_counted(served, world):
    world.views.rows = [incident(number, id=f"{number:04x}") for number in range(60, 1, -1)]
    old = NOW - 5 * HOUR
    world.views.rows.append(incident(1, id="0001", severity="critical", opened_at=old, changed_at=old))
    world.views.steps = [step(0, incident=row.id, severity=row.severity, at=row.changed_at) for row in world.views.rows]
    page = await page_of(await served(), "/?lang=en")
    links = page.xpath("//section[@id='incidents']//h2/a/@href")
    assert ["/i/1?lang=en", *(f"/i/{number}?lang=en" for number in range(60, 41, -1))] == links
    assert "And 40 more, less serious or older" in page.text_content()
    assert page.xpath("//div[@id='news']//a/@href") == [f"/i/{number}?lang=en" for number in (60, 59, 58)]
    world.views.rows = world.views.rows[-3:]
    assert "more, less serious" not in (await page_of(await served(), "/?lang=en")).text_content()


async def test_a_brand_has_its_open_incidents_the_worst_first_however_few_of_all_are_listed(served, world):
    watch(world)
    world.views.rows = [incident(number, id=f"{number:04x}", severity="critical") for number in range(60, 30, -1)]
    world.views.rows += [incident(number, id=f"{number:04x}", brand="brand-9") for number in (5, 4)]
    world.views.rows.append(incident(3, id="0003", brand="brand-9", severity="critical"))
    page = await page_of(await served(), "/?lang=en&brand=brand-9")
    assert [f"/i/{number}?lang=en" for number in (3, 5, 4)] == page.xpath("//section[@id='brands']//article/p/a/@href")


async def test_in_a_browser_a_mark_leaves_the_search_as_it_is(served, world, tmp_path):
    watch(world)
    client = await served()
    async with browser(tmp_path) as tab:
        await tab.open(f"{client.make_url('/')}?brand=brand-60&lang=en")
        await tab.until("document.getElementById('live')?.textContent === 'Live'")
        await tab.run("document.querySelector('#mentions .marking [value=positive]').click()")
        await tab.until("document.querySelector('#mentions .marking [aria-pressed=true]')?.textContent === 'positive'")
        assert "brand-60" == await tab.run(
            "[...document.querySelectorAll('#brands h3')].map((h) => h.textContent).join()"
        )
