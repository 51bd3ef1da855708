"""`badbuzz init`: a starter that works at once."""

import stat
from datetime import date, timedelta
from pathlib import Path

import pytest

from listener.clock import Clock
from rules.instant import moment
from tests.listener.cli.conftest import Badbuzz

ANSWERED = ("--time-zone", "Europe/Paris", "--feed", "https://example.org/rss.xml?a=b c", "--phone", "a-topic")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("brand", ["Acme", 'Éclair d\'Or "Plus" ${X}', "東京", "C&A (Paris)"])
def test_a_starter_passes_check_and_is_told_what_the_phone_cannot_do_yet(
    badbuzz: Badbuzz, language: str, brand: str
) -> None:
    written = badbuzz("init", "--brand", brand, "--language", language, *ANSWERED)
    checked = badbuzz("check")
    assert (written.code, checked.code) == (0, 0), written.err
    assert checked.err.endswith("badbuzz.yaml: fine (brands 1, sources 1, rules 2, channels 1), 1 warning\n")
    assert "daemon.external_url: alerts carry no link" in checked.out


def test_comments_are_in_the_language_chosen(badbuzz: Badbuzz) -> None:
    badbuzz("init", "fr.yaml", "--brand", "Acme", "--language", "fr", *ANSWERED)
    badbuzz("init", "en.yaml", "--brand", "Acme", "--language", "en", *ANSWERED)
    assert "qui il prévient" in Path("fr.yaml").read_text("utf-8")
    assert "whom it tells" in Path("en.yaml").read_text("utf-8")


def test_it_asks_for_what_it_is_not_told(badbuzz: Badbuzz) -> None:
    run = badbuzz("init", answers="fr\nAcme Air\nEurope/Paris\nhttps://example.org/rss\n\n\n", at_a_terminal=True)
    settings = badbuzz("config", "show", "-o", "json").json
    assert (run.code, run.out.strip()) == (0, "")
    assert settings["daemon"]["time_zone"] == "Europe/Paris"
    assert settings["brands"]["acme-air"]["name"] == "Acme Air"
    assert settings["brands"]["acme-air"]["query"] == '"Acme Air" OR #acmeair'
    assert settings["sources"]["news"]["urls"] == ["https://example.org/rss"]


@pytest.mark.parametrize(
    ("options", "answer", "watched"),
    [([], "", True), ([], "no\n", False), (["--no-watch-only"], "", False), (["--watch-only"], "", True)],
)
def test_a_new_brand_is_only_watched_for_a_week_unless_that_is_refused(
    badbuzz: Badbuzz, options: list[str], answer: str, watched: bool
) -> None:
    given = ["--language", "en", "--brand", "Acme", *ANSWERED, *options]
    badbuzz("init", *given, answers=answer, at_a_terminal=bool(answer))
    until = badbuzz("config", "show", "-o", "json").json["brands"]["acme"].get("watch_only")
    assert watched == (until is not None)
    if watched:
        left = date.fromisoformat(until.removeprefix("until ")) - moment(Clock().now()).date()
        assert timedelta(days=6) <= left <= timedelta(days=8)


def test_without_anybody_to_ask_the_missing_options_are_named(badbuzz: Badbuzz) -> None:
    run = badbuzz("init", "--brand", "Acme", "--feed", "https://example.org/rss")
    assert (run.code, run.out, list(Path().iterdir())) == (2, "", [])
    assert "--language, --time-zone, --phone: nobody can be asked, as this is no terminal" in run.err


def test_the_topic_is_kept_in_a_file_of_its_owner_alone(badbuzz: Badbuzz) -> None:
    badbuzz("init", "--brand", "Acme", "--language", "en", *ANSWERED)
    secret = Path("secrets/phone-topic")
    assert (secret.read_text(), stat.S_IMODE(secret.stat().st_mode)) == ("a-topic\n", 0o600)
    assert "a-topic" not in Path("badbuzz.yaml").read_text("utf-8")


def test_an_existing_file_is_never_touched(badbuzz: Badbuzz) -> None:
    Path("badbuzz.yaml").write_text("mine", encoding="utf-8")
    run = badbuzz("init", "--brand", "Acme", "--language", "en", *ANSWERED)
    assert (run.code, Path("badbuzz.yaml").read_text("utf-8")) == (1, "mine")
    assert "exists already" in run.err


def test_a_wrong_answer_writes_nothing_and_says_why(badbuzz: Badbuzz) -> None:
    answers = ["--language", "en", "--brand", "Acme", "--phone", "x", "--feed", "https://example.org/rss"]
    run = badbuzz("init", *answers, "--time-zone", "Europe/Pari")
    assert (run.code, "no such time zone: write it like Europe/Paris" in run.err) == (2, True)
    assert list(Path().iterdir()) == []
    run = badbuzz("init", *answers, "--time-zone", "Europe/Paris", "--language", "de")
    assert (run.code, "whatever language people talk in" in " ".join(run.err.split())) == (2, True)
    run = badbuzz("init", *answers, "--time-zone", "Europe/Paris", "--server", "ftp://x")
    assert (run.code, "channels.phone.server" in run.err, list(Path().iterdir())) == (1, True, [])


def test_a_wrong_answer_is_asked_again_with_the_reason_and_nothing_is_lost(badbuzz: Badbuzz) -> None:
    answers = ["deutsch", "FRANÇAIS", "\"'", "Acme Air", "Europe/Pari", "Europe/Paris", "", "example.org", "ftp://x/y"]
    answers += ["https://example.org/rss", "a topic", "a-topic", "peut-être", "Oui"]
    run = badbuzz("init", answers="\n".join([*answers, ""]), at_a_terminal=True)
    reasons = [
        "write en or fr / les alertes sont en anglais ou en français",
        "un nom a des lettres ou des chiffres",
        "ce fuseau n’existe pas\u00a0: écrivez-le comme Europe/Paris",
        "ce n’est pas une adresse web\u00a0: écrivez-la comme https://example.org/feed.xml",
        "un sujet a de 1 à 64 lettres, chiffres, - ou _, sans l’adresse du serveur",
        "oui ou non",
    ]
    assert [1, 1, 1, 3, 1, 1] == [run.err.count(reason) for reason in reasons]
    assert (run.code, badbuzz("check").code, Path("secrets/phone-topic").read_text()) == (0, 0, "a-topic\n")


@pytest.mark.parametrize(
    ("spoken", "said"),
    [
        ("fr", ["Un flux est l’adresse", "badbuzz.yaml est écrit. Ensuite\u00a0: ", "abonnez-y le téléphone"]),
        ("English", ["A feed is the address", "badbuzz.yaml written; next: ", "subscribe to it on the phone"]),
    ],
)
def test_it_speaks_the_language_chosen_to_the_end(badbuzz: Badbuzz, spoken: str, said: list[str]) -> None:
    answers = f"{spoken}\nAcme\nEurope/Paris\nhttps://example.org/rss\n\n\n"
    run = badbuzz("init", answers=answers, at_a_terminal=True)
    assert [part for part in said if part not in run.err] == []


def test_a_folder_that_is_not_there_is_made(badbuzz: Badbuzz) -> None:
    run = badbuzz("init", "new/badbuzz.yaml", "--brand", "Acme", "--language", "en", *ANSWERED)
    assert (run.code, badbuzz("check", "new/badbuzz.yaml").code) == (0, 0)


def test_a_place_that_cannot_be_written_is_said_without_a_traceback(badbuzz: Badbuzz) -> None:
    Path("file").touch()
    run = badbuzz("init", "file/badbuzz.yaml", "--brand", "Acme", "--language", "en", *ANSWERED)
    assert (run.code, run.err) == (1, "badbuzz: file/secrets: Not a directory\n")
