"""What a change of the configuration means to the engine of a brand."""

import pytest

from config.settings import Settings
from listener.pipeline.setup import build_setup
from rules.inputs import plan_hash


def plan(**brand: object) -> str:
    settings = Settings(brands={"acme": {"query": "acme", **brand}}, sources={}, rules={}, channels={}, routes=())  # type: ignore[arg-type]
    return plan_hash(build_setup(settings).plans["acme"])


@pytest.mark.parametrize(
    ("brand", "same"),
    [
        ({"name": "Acme Air"}, True),
        ({"own_accounts": ["@acme"]}, True),
        ({"tone": {}}, True),
        ({"query": "acme OR acmé"}, False),
        ({"languages": ["fr"]}, False),
        ({"tone": {"negative": ["killer"]}}, False),
        ({"tone": {"neutral": "killer"}}, False),
    ],
)
def test_what_changes_the_counts_of_a_brand_is_another_plan(brand: dict[str, object], same: bool) -> None:
    assert same == (plan() == plan(**brand))


def test_a_tone_is_not_the_same_when_a_word_changes_sides() -> None:
    assert plan(tone={"negative": ["killer"]}) != plan(tone={"positive": ["killer"]})
