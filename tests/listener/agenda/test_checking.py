"""What `badbuzz check` says of a calendar that is valid in itself."""

import pytest

from tests.listener.test_checks import said

LIVE = '{brand: acme, live: "#Acmé", from: 2026-11-19T18:00, to: 2026-11-19T19:00}'
TAGS = "{fedi: {kind: mastodon, server: https://fedi.example, tags: [%s]}}"
PARIS = {"daemon": "{language: fr, time_zone: Europe/Paris, external_url: https://bb.example}"}


@pytest.mark.parametrize(
    ("entry", "sources", "level", "key", "word"),
    [
        ("{brand: acme, name: x, post_at: 2026-03-29T02:30}", None, "error", "post_at", "no clock in Europe/Paris"),
        ("{brand: acme, name: x, post_at: 2026-10-25T02:30}", None, "warning", "post_at", "twice"),
        (
            "{brand: acme, name: x, from: 2026-03-29T02:30, to: 2026-04-01, expect: {posts: x2}}",
            None,
            "error",
            "from",
            "no clock",
        ),
        (LIVE, TAGS % "other", "warning", "live", "source 'fedi' asks for other hashtags alone"),
        ("{ics: 'https://127.0.0.1/a.ics'}", None, "warning", "ics", "private or reserved"),
        ("{ics: gone.ics}", None, "warning", "ics", "no such file"),
    ],
)
def test_what_is_odd_has_its_place(tmp_path, entry, sources, level, key, word):
    more = {"sources": sources} if sources else {}
    ((found, path, message),) = said(tmp_path, calendar=f"[{entry}]", **PARIS, **more)

    assert (level, f"calendar.0.{key}") == (found, path)
    assert word in message


@pytest.mark.parametrize(
    ("entry", "sources"),
    [
        ("{brand: acme, name: x, post_at: 2026-10-25T02:30+01:00}", None),
        (LIVE, TAGS % "ACME, other"),
        (LIVE, (TAGS % "other").replace("tags", "public: true, tags")),
        ("{ics: 'https://127.0.0.1/a.ics', allow_private: true}", None),
    ],
)
def test_what_can_be_meant_is_not_told(tmp_path, entry, sources):
    more = {"sources": sources} if sources else {}
    assert [] == said(tmp_path, calendar=f"[{entry}]", **PARIS, **more)
