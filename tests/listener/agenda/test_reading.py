"""Calendars over HTTP and from files: asked for politely, and known as long as nothing better comes."""

import pytest

from alerts.agenda import written
from config.calendar import CalendarFile
from config.settings import Brand, Daemon, Settings
from listener.agenda.copies import elsewhere, known, load
from listener.agenda.reading import Reading
from listener.clock import Clock
from listener.pipeline.setup import build_setup
from listener.trial import try_calendar
from rules.instant import DAY
from tests.listener.agenda.test_ics import BEGIN, LATE, calendar

NOW = int(BEGIN.timestamp()) * 1_000_000
POST = calendar(f"{LATE}\nSUMMARY:Soirée #post")
SALE = calendar("DTSTART;VALUE=DATE:20261024\nSUMMARY:Sale x3 #campaign")


class Stopped(Clock):
    def now(self):
        return NOW


class Kept:
    """One calendar of one brand, and how often somebody was told that it was looked at."""

    def __init__(self, folder, client, address, **options):
        self.entry = CalendarFile(ics=str(address), **{"allow_private": True, **options})
        self.data, self.looks = folder, 0
        self.reading = Reading(self.entry, folder, client, Stopped(), self.count, lambda text: text)
        self.settings = Settings(
            daemon=Daemon(data=folder, time_zone="Europe/Paris"),
            brands={"acme": Brand(query="acme")},
            sources={},
            rules={},
            channels={},
            routes=(),
            calendar=(self.entry,),
        )

    async def count(self):
        self.looks += 1

    async def look(self, now=NOW):
        await self.reading.look()
        planned = elsewhere(self.settings, now).get("acme")
        return [post.name for post in planned.posts] if planned else []

    @property
    def copy(self):
        return load(self.data, self.entry)


async def test_a_calendar_is_asked_for_again_only_when_it_changed(tmp_path, site, client):
    url = site.answers("/a.ics", (200, {"ETag": '"1"', "Last-Modified": "Tue, 20 Oct 2026 00:00:00 GMT"}, POST), 304)
    kept = Kept(tmp_path, client, url)

    assert [["Soirée"], ["Soirée"]] == [await kept.look(), await kept.look()]
    asked = [(each.headers.get("If-None-Match"), each.headers.get("If-Modified-Since")) for each in site.asked]
    assert [(None, None), ('"1"', "Tue, 20 Oct 2026 00:00:00 GMT")] == asked
    assert ("", NOW, 2) == (kept.copy.problem, kept.copy.read_at, kept.looks)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (404, "answered 404"),
        ((200, {}, b"<html>Sign in</html>"), "not a calendar"),
        ((200, {}, b"x" * 2_000_000), "larger than 1 MiB"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "address"),
    ],
)
async def test_what_was_known_goes_on_being_known_when_nothing_better_comes(tmp_path, site, client, answer, problem):
    url = site.answers("/a.ics?key=secret", (200, {"ETag": '"1"'}, POST), answer, (200, {}, SALE))
    site.replies["/a.ics"] = site.replies.pop("/a.ics?key=secret")
    kept = Kept(tmp_path, client, url)

    assert [["Soirée"], ["Soirée"]] == [await kept.look(), await kept.look()]
    assert problem in kept.copy.problem
    assert "secret" not in kept.copy.problem
    assert ([], "") == (await kept.look(), kept.copy.problem)


async def test_a_private_address_is_not_read_unless_allowed(tmp_path, site, client):
    kept = Kept(tmp_path, client, site.answers("/a.ics", POST), allow_private=False)

    assert [] == await kept.look()
    assert "private or reserved" in kept.copy.problem
    assert [] == site.asked


async def test_no_part_of_an_address_but_its_host_is_told(tmp_path, client):
    kept = Kept(tmp_path, client, "http://me:word@127.0.0.1:1/private-key/a.ics?b=c")

    assert [] == await kept.look()
    assert "127.0.0.1:1" in kept.copy.problem
    assert not {word for word in ("word", "private-key", "b=c") if word in kept.copy.problem}


async def test_a_file_is_read_and_may_go_away(tmp_path, client):
    path = tmp_path / "acme.ics"
    path.write_bytes(POST)
    kept = Kept(tmp_path, client, path)
    assert ["Soirée"] == await kept.look()
    path.unlink()
    assert ["Soirée"] == await kept.look()
    assert "No such file" in kept.copy.problem


async def test_a_copy_that_broke_is_no_copy(tmp_path, site, client):
    kept = Kept(tmp_path, client, site.answers("/a.ics", POST))
    await kept.look()
    (file,) = (tmp_path / "calendars").iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    assert {} == elsewhere(kept.settings, NOW)
    assert ["Soirée"] == await kept.look()


async def test_a_campaign_of_a_calendar_is_part_of_the_plan_until_long_after_its_end(tmp_path, site, client):
    kept = Kept(tmp_path, client, site.answers("/a.ics", SALE))
    await kept.look()
    hashes = []
    for days in (0, 1, 7, 20):
        setup = build_setup(kept.settings, elsewhere=elsewhere(kept.settings, NOW + days * DAY))
        hashes.append([(each.name, each.posts) for each in setup.plans["acme"].campaigns])
    assert [[("Sale", 3.0)]] * 3 + [[]] == hashes
    assert {} == {brand: planned for brand, planned in written(kept.settings).items() if planned.spans}
    (file,) = known(kept.settings, NOW)
    assert 1 == len(file.contents.events)


@pytest.mark.parametrize(("body", "outcome"), [(POST, ("fine", "1 events")), (b"<html>", ("failed", "not a calendar"))])
async def test_a_calendar_is_tried_without_being_kept(tmp_path, site, client, body, outcome):
    entry = CalendarFile(ics=site.answers("/a.ics", body), allow_private=True)
    trial = await try_calendar(entry, client, Stopped())

    assert (outcome[0], "calendar") == (trial.outcome, trial.role)
    assert outcome[1] in trial.detail
    assert [] == list(tmp_path.iterdir())
