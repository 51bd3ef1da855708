"""`badbuzz report --digest`: what is sent once a week, written now."""

import json

from tests.listener.cli.stocked import stocked
from tests.listener.reporting.test_digest import PARTS


def test_the_command_writes_it_as_text_page_or_data(badbuzz, tmp_path):
    config = stocked(tmp_path, **PARTS)
    told = ("report", config, "--digest", "--brand", "acme", "--period", "2026-W46")
    line = json.loads(badbuzz(*told, "--json").out)
    assert ("digest", "2026-W46", "0s") == (line["type"], line["period"], line["stopped"])
    assert badbuzz(*told, "--language", "en").out.startswith("Acme Air: week 46 (9–15 November)\n")
    assert badbuzz(*told, "--html").out.startswith("<!DOCTYPE html>")
    assert "write 2026-W46" in badbuzz(*told[:-1], "soon").err
