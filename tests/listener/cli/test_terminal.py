"""Which configuration a command means."""

from pathlib import Path

import pytest

from listener.cli.terminal import config_path


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_is_given_is_meant_even_when_it_is_not_there(tmp_path: Path) -> None:
    Path("badbuzz.yaml").touch()
    assert Path("other.yaml") == config_path(Path("other.yaml"), system=tmp_path / "etc.yaml")


def test_the_file_here_comes_before_that_of_the_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = tmp_path / "etc.yaml"
    service.touch()
    assert service == config_path(None, system=service)
    Path("badbuzz.yaml").touch()
    assert Path("badbuzz.yaml") == config_path(None, system=service)
    assert "" == capsys.readouterr().err


def test_when_there_is_none_every_place_that_was_searched_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = tmp_path / "etc.yaml"
    assert Path("badbuzz.yaml") == config_path(None, system=service)
    assert f"neither badbuzz.yaml here nor {service}" in capsys.readouterr().err
