"""What the operator chose to tell languages with."""

import sys
from importlib.util import find_spec

import pytest

from config.settings import Settings
from listener.catalogs import CATALOGS
from listener.checks import examine
from listener.detection import guess_by
from listener.pipeline.setup import build_setup
from rules.inputs import plan_hash
from rules.instant import moment
from rules.language import identify
from rules.mention import Mention

LIBRARY = pytest.mark.skipif(not find_spec("py3langid"), reason="an extra")


def settings(detection: str) -> Settings:
    brand = {"query": "acme", "languages": ["fr", "en"]}
    return Settings.model_validate(
        {"daemon": {"detection": detection}, "brands": {"acme": brand}, "sources": {}, "rules": {}, "channels": {},
         "routes": []}
    )  # fmt: skip


def test_a_library_that_is_not_installed_is_an_error_with_the_way_to_get_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "py3langid", None)
    path = tmp_path / "badbuzz.yaml"
    path.write_text("daemon: {detection: py3langid}\n", encoding="utf-8")
    said = [(found.level, found.line, found.hint) for found in examine(path, CATALOGS)[1] if "py3langid" in str(found)]
    assert said == [("error", 1, "install badbuzz[language], or write built-in")]


@LIBRARY
@pytest.mark.parametrize(
    ("text", "languages", "told"),
    [
        ("O atendimento da Acme é péssimo, ninguém responde", ("fr", "en"), "pt"),
        ("https://acme.example @acme 😡😡", ("fr", "en"), "fr"),
        ("https://acme.example @acme 😡😡", ("en", "fr"), "en"),
        ("Acme", ("de",), "de"),
        ("Obsługa Acme jest fatalna, nikt nie odpowiada", ("pl",), "pl"),
        ("Где мой багаж", ("ru",), "ru"),
        ("Mon vol est en retard", (), "fr"),
    ],
)
def test_the_library_tells_a_brands_languages_from_others(text, languages, told) -> None:
    found = identify(text, None, languages, guess_by("py3langid"))
    assert found == told


@LIBRARY
def test_what_is_chosen_is_asked_and_what_was_learnt_before_is_a_starting_point() -> None:
    built, library = (build_setup(settings(choice)) for choice in ("built-in", "py3langid"))
    said = Mention(
        id="1", source="s", platform="file", observed_at=moment(0), text="O serviço da Acme não presta, que vergonha"
    )
    assert "pt" == library.classifier.classify(said)[0].tone.language
    assert plan_hash(built.plans["acme"]) != plan_hash(library.plans["acme"])
