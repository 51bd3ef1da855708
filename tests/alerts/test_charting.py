"""What a chart says, and the picture of it."""

from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image

from alerts.channels._picture import HEIGHT, WIDTH, picture
from alerts.message import Bar, Chart
from alerts.render import render
from tests.alerts.samples import ALERTS, OPEN

PARIS = ZoneInfo("Europe/Paris")
BAND, BAR, BEYOND, LINE = 1, 2, 3, 4
NB = "\u00a0"
COUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=60)


def chart(*counts, usual=None, first=None):
    bars = tuple(Bar(str(number), count) for number, count in enumerate(counts))
    return Chart(caption="", label="", bars=bars, usual=usual, first=first)


def heights(drawn, x):
    """How much of each colour stands in a column of the picture."""
    image = Image.open(BytesIO(picture(drawn)))
    column = [image.getpixel((x, y)) for y in range(HEIGHT)]
    return {colour: column.count(colour) for colour in (BAND, BAR, BEYOND, LINE)}


FRENCH = (
    f"Mentions négatives par 15{NB}min, samedi 14 novembre, de 20{NB}h{NB}08 à 23{NB}h{NB}08."
    f" Bande grise{NB}: l’habituel à cette heure, jusqu’à 7. Dernière valeur{NB}: 22."
    f" Trait vertical{NB}: premier message, 22{NB}h{NB}50."
)
ENGLISH = (
    "Negative mentions per 15 min, Saturday 14 November, 20:08 to 23:08."
    " Grey band: usual at this hour, up to 7. Last value: 22. Vertical line: first post, 22:50."
)


@pytest.mark.parametrize(("language", "caption"), [("fr", FRENCH), ("en", ENGLISH)])
def test_a_caption_tells_all_that_the_picture_shows(language, caption):
    drawn = render(ALERTS["drawn"], language, PARIS)

    assert caption == drawn.chart.caption
    assert drawn.html.count(caption) == 2  # below it, and in its place


def test_the_figures_stand_beside_the_picture():
    page = render(ALERTS["drawn"], "en", PARIS)

    assert [("20:23", 1), ("23:08", 22)] == [
        (bar.until, bar.count) for bar in (page.chart.bars[0], page.chart.bars[-1])
    ]
    assert page.html.count('<th class="quiet" scope="row"') == 12


@pytest.mark.parametrize("curve", [None, replace(ALERTS["drawn"].curve, counts=(0, 0, 0, 0))])
def test_there_is_no_picture_of_nothing(curve):
    message = render(replace(OPEN, curve=curve), "fr", PARIS)

    assert message.chart is None
    assert "<img" not in message.html


def test_a_first_post_before_the_picture_is_not_in_it():
    early = render(replace(ALERTS["drawn"], first_at=OPEN.at - timedelta(hours=5)), "en", PARIS)

    assert early.chart.first is None
    assert "Vertical line" not in early.chart.caption


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=60),
    st.none() | st.floats(0, 10**6),
    st.none() | st.floats(0, 1),
)
def test_any_counts_make_a_small_picture(counts, usual, first):
    made = picture(chart(*counts, usual=usual, first=first))

    assert (WIDTH, HEIGHT) == Image.open(BytesIO(made)).size
    assert len(made) < 20_000


def test_a_bar_is_as_high_as_its_count_and_another_colour_above_the_band():
    drawn = chart(10, 20, 40, usual=20)
    low, same, high = (heights(drawn, round((number + 0.5) * WIDTH / 3)) for number in range(3))

    assert high[BEYOND] == pytest.approx(4 * low[BAR], abs=2)
    assert same[BAR] == pytest.approx(high[BEYOND] / 2, abs=1)
    assert low[BAND] == pytest.approx(low[BAR], abs=1)
    assert (0, 0, 0) == (low[BEYOND], same[BAND], high[BAR])


def test_a_dashed_line_stands_where_the_first_post_was():
    drawn = chart(1, 1, 1, first=0.5)

    assert heights(drawn, WIDTH // 2)[LINE] > HEIGHT // 3 > heights(drawn, WIDTH // 2 + 5)[LINE]
