"""What a message says of an alert, and what it leaves unsaid."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from alerts.render import render, render_notice
from tests.alerts.samples import (
    ALERTS,
    CALLED,
    CALM,
    CLOSED,
    COPIED,
    CROWDED,
    FIGURES,
    GROWING,
    HELD,
    HIGHER,
    KEYWORD,
    LATE,
    LEARNING,
    NAMED,
    NOTICES,
    OPEN,
    OPENED,
    PASSED,
    PLANNED,
    REMINDED,
    RENEWED,
    RISE,
    TAKEN,
    TOMORROW,
    WORSE,
)
from tests.alerts.speaking import PARIS, Page


def plain(text):
    """With plain spaces, to be read here."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def line(alert, language):
    return plain(render(alert, language, PARIS).line)


def facts(alert, language):
    fields = render(alert, language, PARIS).fields
    return {field.label: plain(field.value) for field in fields}


@pytest.mark.parametrize(
    ("alert", "french", "english"),
    [
        (
            OPEN,
            (
                "Acme Air, sérieux : 22 mentions négatives en 15 min, d’habitude 3. 19 auteurs, surtout sur bluesky. "
                "À vérifier. D’abord : suspendre les publications programmées. Non entendu : facebook."
            ),
            (
                "Acme Air, serious: 22 negative mentions in 15 min, usually 3. 19 authors, mostly on bluesky. "
                "Please check. First: hold the scheduled posts. Not heard: facebook."
            ),
        ),
        (
            replace(WORSE, unheard={}),
            (
                "Acme Air, critique : 71 mentions négatives en 15 min (22 à l’ouverture, d’habitude 3). 19 auteurs, "
                "surtout sur bluesky. À vérifier. D’abord : suspendre les publications programmées."
            ),
            (
                "Acme Air, critical: 71 negative mentions in 15 min (22 at opening, usually 3). 19 authors, "
                "mostly on bluesky. Please check. First: hold the scheduled posts."
            ),
        ),
        (
            TAKEN,
            (
                "Acme Air n° 37 : pris en charge par Camille à 23 h 29 (heure de Paris), 21 min après l’ouverture. "
                "71 mentions négatives en 15 min, d’habitude 3. Prochain message si l’incident s’aggrave, et à la fin."
            ),
            (
                "Acme Air 37: Camille has it since 23:29 (Paris time), 21 min after the opening. "
                "71 negative mentions in 15 min, usually 3. Next message if it gets worse, and at the end."
            ),
        ),
        (
            CALM,
            (
                "Acme Air n° 37 : revenu à la normale depuis 30 min. 719 mentions négatives depuis l’ouverture, "
                "au plus 239 en 15 min. Non entendu : facebook."
            ),
            (
                "Acme Air 37: back to usual for 30 min. 719 negative mentions since the opening, "
                "at most 239 in 15 min. Not heard: facebook."
            ),
        ),
        (
            replace(CLOSED, unheard={}),
            (
                "Acme Air n° 37 : clos par Camille (« homonyme »). 719 mentions négatives depuis l’ouverture, "
                "au plus 239 en 15 min."
            ),
            (
                "Acme Air 37: resolved by Camille (“homonyme”). 719 negative mentions since the opening, "
                "at most 239 in 15 min."
            ),
        ),
        (
            replace(CLOSED, unheard={}, ending="false-alarm"),
            (
                "Acme Air n° 37 : clos par Camille : fausse alerte (« homonyme »). 719 mentions négatives depuis "
                "l’ouverture, au plus 239 en 15 min."
            ),
            (
                "Acme Air 37: resolved by Camille: it was not a real one (“homonyme”). 719 negative mentions since the "
                "opening, at most 239 in 15 min."
            ),
        ),
        (
            KEYWORD,
            (
                "Acme Air, sérieux : 1 mention de « boycott » ou « rappel produit » en 1 h. 1 auteur, "
                "uniquement sur press. À vérifier. D’abord : suspendre les publications programmées."
            ),
            (
                "Acme Air, serious: 1 mention of “boycott” or “rappel produit” in 1 h. 1 author, only on press. "
                "Please check. First: hold the scheduled posts."
            ),
        ),
    ],
)
def test_the_line_says_brand_level_size_against_usual_doubt_and_what_first(alert, french, english):
    assert (line(alert, "fr"), line(alert, "en")) == (french, english)


def test_copies_are_told_where_they_are_many():
    assert facts(COPIED, "fr")["Copies"] == "22 mentions pour 4 textes différents : 82 % de copies"
    assert facts(COPIED, "en")["Copies"] == "22 mentions tell 4 different texts: 82% are copies"
    assert "Copies" not in facts(replace(COPIED, figures=replace(COPIED.figures, stories=20)), "en")


def test_a_source_that_is_judged_by_itself_is_named_and_so_are_those_that_join_it():
    alone = replace(OPEN, figures=replace(FIGURES, source="forum", also=("press", "fedi")))
    assert "sur forum, source jugée à part." in line(alone, "fr")
    assert "Tout aussi alarmant, à part : press, fedi." in line(alone, "fr")
    assert "on forum, a source judged by itself." in line(alone, "en")
    assert "As alarming, by themselves: press, fedi." in line(alone, "en")


def test_what_other_rules_confirm_says_why_it_is_critical():
    raised = replace(OPEN, severity="critical", figures=replace(FIGURES, raised_by=("mood",)))
    assert "Critique, car une autre règle signale aussi un incident : mood." in line(raised, "fr")
    assert "Critical, as another rule has an incident too: mood." in line(raised, "en")


def test_a_new_word_is_named():
    assert facts(ALERTS["new word"], "fr")["Mesure"].startswith(
        "9 mentions négatives avec « #boycottacme », mot nouveau, en 15 min"
    )
    assert facts(ALERTS["new word"], "en")["Measured"].startswith(
        "9 negative mentions with “#boycottacme”, a new word, in 15 min"
    )


def test_a_rule_without_a_usual_claims_none():
    assert facts(KEYWORD, "en")["Measured"].endswith("this rule does not measure what is usual")
    assert "d’habitude" not in render(KEYWORD, "fr", PARIS).text


def test_while_the_usual_is_being_learnt_none_is_claimed():
    assert line(LEARNING, "fr") == (
        "Acme Air, sérieux : 22 mentions négatives en 15 min ; l’habituel est en apprentissage. 19 auteurs, "
        "surtout sur bluesky. À vérifier : trop peu d’historique pour comparer. "
        "D’abord : suspendre les publications programmées."
    )
    assert line(LEARNING, "en") == (
        "Acme Air, serious: 22 negative mentions in 15 min; still learning what is usual. 19 authors, "
        "mostly on bluesky. Please check: too little history to compare with. First: hold the scheduled posts. "
        "Not heard: facebook."
    )
    assert facts(LEARNING, "en")["Measured"] == "22 negative mentions in 15 min; still learning what is usual"


def test_a_usual_that_rests_on_little_history_says_so():
    little = replace(OPEN, figures=replace(FIGURES, learning=True))

    assert "en 15 min, d’habitude 3 jusqu’ici." in line(little, "fr")
    assert "En apprentissage, peu d’historique : à vérifier." in line(little, "fr")
    assert "in 15 min, usually 3 so far." in line(little, "en")
    assert "Still learning, with little history: please check." in line(little, "en")


@pytest.mark.parametrize(
    ("alert", "french", "english"),
    [
        (
            WORSE,
            "71 mentions négatives en 15 min (22 à l’ouverture ; l’habituel est en apprentissage).",
            "71 negative mentions in 15 min (22 at opening; still learning what is usual).",
        ),
        (
            ALERTS["better"],
            "31 mentions négatives en 15 min (239 au plus haut samedi 23 h 49 ; l’habituel est en apprentissage).",
            "31 negative mentions in 15 min (239 at the peak Saturday 23:49; still learning what is usual).",
        ),
        (
            TAKEN,
            "71 mentions négatives en 15 min ; l’habituel est en apprentissage.",
            "71 negative mentions in 15 min; still learning what is usual.",
        ),
    ],
)
def test_the_usual_is_being_learnt_in_every_state_that_counts(alert, french, english):
    learning = replace(alert, figures=replace(alert.figures, learning=True, usual=None, usual_high=None))

    assert french in line(learning, "fr")
    assert english in line(learning, "en")


def test_languages_that_are_not_read_have_a_sentence_of_their_own():
    unread = replace(OPEN, figures=replace(FIGURES, unsupported=1))

    assert facts(LEARNING, "fr")["Non entendu"] == (
        "facebook, muette depuis 22 h 31 ; son silence ne prouve rien. "
        "La tonalité de 4 mentions n’est pas connue : leurs langues ne sont pas prises en charge."
    )
    assert facts(LEARNING, "en")["Not heard"] == (
        "facebook, silent since 22:31; its silence proves nothing. "
        "The tone of 4 mentions is not known: their languages are not supported."
    )
    assert facts(unread, "fr")["Non entendu"].endswith(
        "1 mention n’est pas connue : sa langue n’est pas prise en charge."
    )
    assert facts(replace(unread, unheard={}), "en")["Heard"] == (
        "every configured source; what is not configured is never heard. "
        "The tone of 1 mention is not known: its language is not supported."
    )


def test_when_every_source_is_heard_nothing_looks_wrong():
    fine = replace(OPEN, unheard={})

    assert facts(fine, "fr")["Entendu"] == (
        "toutes les sources configurées ; ce qui n’est pas configuré n’est jamais entendu"
    )
    assert facts(fine, "en")["Heard"] == "every configured source; what is not configured is never heard"
    assert "Non entendu" not in render(fine, "fr", PARIS).text
    assert "Not heard" not in render(fine, "en", PARIS).text


def test_a_source_that_is_heard_in_part_is_not_called_heard():
    part, blind = replace(OPEN, unheard={}, partly=("presse",)), replace(OPEN, partly=("presse", "blogs"))

    assert facts(part, "fr")["Entendu"] == (
        "toutes les sources configurées, presse en partie seulement ; ce qui n’est pas configuré n’est jamais entendu"
    )
    assert facts(part, "en")["Heard"].startswith("every configured source, presse only in part; ")
    assert facts(blind, "fr")["Non entendu"].endswith("ne prouve rien ; en partie seulement : blogs, presse")
    assert facts(blind, "en")["Not heard"].endswith("proves nothing; only in part: blogs, presse")


def test_how_much_of_what_is_usual_was_heard_is_told_when_it_was_not_all():
    most = replace(OPEN, coverage=0.7)

    assert line(most, "fr").endswith("Non entendu : facebook. Il nous manque environ 30 % des mentions.")
    assert facts(most, "fr")["Non entendu"].endswith(" ; il nous manque environ 30 % des mentions")
    assert facts(most, "en")["Not heard"].endswith("; we miss about 30% of mentions")
    assert facts(replace(most, coverage=0.98), "en")["Not heard"].endswith("; we miss a few mentions")
    assert facts(replace(most, coverage=0.02), "en")["Not heard"].endswith("; we miss nearly all mentions")
    assert "we miss" not in render(OPEN, "en", PARIS).text


def test_the_operator_hears_since_when_a_source_is_blind_what_is_still_heard_and_what_to_do():
    fr, en = (render_notice(NOTICES["auth_failed"], language, PARIS) for language in ("fr", "en"))

    assert plain(fr.lead) == (
        "Source « fedi » muette depuis 22 h 31 : son silence ne prouve rien. Entendu sans elle : Zen, presque rien "
        "de l’habituel ; Acme Air, environ 70 % de l’habituel ; Acme Sea, tout l’habituel."
    )
    assert en.lead.startswith(
        "Source “fedi” is blind, silent since 22:31: its silence proves nothing. Still heard: Zen"
    )
    assert fr.first[0] == "Renouveler l’accès, puis recharger la configuration."
    assert en.first[0] == "Renew the credentials, then reload the configuration."
    assert "401" in fr.line


def test_the_operator_hears_the_reason_in_the_reader_s_language_with_the_platform_s_code_once():
    silent = replace(NOTICES["starved"], code="starved", detail="the stream is open and brings no posts")
    late = replace(NOTICES["reconnecting"], code="timeout", detail="m.example did not answer in time")
    refused, bare = NOTICES["auth_failed"], replace(NOTICES["auth_failed"], detail="")

    assert "Motif : « le flux est ouvert et n’apporte aucun message »." in plain(
        render_notice(silent, "fr", PARIS).text
    )
    assert "Motif : « m.example n’a pas répondu à temps » (timeout)." in plain(render_notice(late, "fr", PARIS).text)
    assert "Reason: “401 m.example refuses the token”." in render_notice(refused, "en", PARIS).text
    assert "Reason: 401." in render_notice(bare, "en", PARIS).text


def test_a_lead_of_less_than_a_minute_is_not_told():
    just = replace(OPEN, first_at=OPENED - timedelta(seconds=45))
    before = replace(OPEN, first_at=OPENED - timedelta(seconds=60))

    assert (facts(just, "fr")["Premier message"], facts(just, "en")["First post"]) == ("23 h 07", "23:07")
    assert facts(before, "en")["First post"] == "23:07, 1 min before the opening"


def test_what_is_told_to_have_been_before_agrees_with_the_minutes_shown():
    alert = replace(OPEN, opened_at=OPENED + timedelta(seconds=5), first_at=OPENED - timedelta(minutes=17, seconds=20))

    assert facts(alert, "en")["First post"] == "22:50, 18 min before the opening"


def test_a_life_of_seconds_is_told_without_its_minutes():
    short = replace(CALM, at=OPENED + timedelta(seconds=22))

    assert (facts(short, "fr")["Durée"], facts(short, "en")["Duration"]) == ("22 s", "22 s")


def test_a_single_name_is_not_summed_up():
    five = replace(OPEN, told=tuple("abcde"), figures=replace(FIGURES, sources=dict.fromkeys("abcde", 2)))

    assert facts(five, "en")["Where"] == "a 2, b 2, c 2, d 2, e 2"
    assert "Told: a, b, c, d, e" in render(five, "en", PARIS).context


def test_blind_sources_are_named_with_the_moment_they_fell_silent():
    assert facts(OPEN, "fr")["Non entendu"] == "facebook, muette depuis 22 h 31 ; son silence ne prouve rien"
    assert facts(replace(OPEN, unheard={"x": None}), "en")["Not heard"] == (
        "x, never heard so far; its silence proves nothing"
    )


def test_many_sources_are_ranked_and_the_rest_is_summed_up():
    assert facts(CROWDED, "fr")["Où"] == (
        "source-8 8 000, source-7 7 000, source-6 6 000, source-5 5 000, 4 autres sources 10 000"
    )
    assert facts(CROWDED, "en")["Measured"] == "1,234,567 mentions in 15 min; usually 120,000, up to 7"
    assert facts(CROWDED, "fr")["Part du négatif"] == "moins de 1 % (12 sur 1 234 567 mentions)"


@pytest.mark.parametrize(
    ("count", "french", "english"), [(0, "0 mention", "0 mentions"), (1, "1 mention", "1 mention")]
)
def test_none_and_one_take_the_plural_of_their_language(count, french, english):
    alert = replace(CALM, figures=replace(FIGURES, of="posts", count=count, during=count))

    assert facts(alert, "fr")["Depuis l’ouverture"] == french
    assert facts(alert, "en")["Since the opening"] == english


def test_the_end_gives_the_length_the_total_the_peak_and_the_day_that_is_not_today():
    assert facts(CALM, "fr") == {
        "Durée": "2 h 42, de samedi 23 h 08 à 1 h 50",
        "À l’ouverture": "22 en 15 min",
        "Depuis l’ouverture": "719 mentions négatives",
        "Au plus haut": "239 en 15 min, samedi 23 h 49",
        "À la fin": "4 mentions négatives en 15 min ; d’habitude 3, jusqu’à 7",
        "Premier message": "samedi 22 h 50, soit 18 min avant l’ouverture",
        "Non entendu": "facebook, muette depuis samedi 22 h 31 ; son silence ne prouve rien",
    }


@pytest.mark.parametrize(
    ("name", "french", "english"),
    [
        (
            "better",
            "31 mentions négatives en 15 min (239 au plus haut samedi 23 h 49",
            "easing, critical: 31 negative mentions in 15",
        ),
        ("better, by its share", "(34 %, d’habitude 18 %), après 239 samedi 23 h 49.", ", after 239 Saturday 23:49."),
        ("rising again", "La hausse reprend, après un reflux à 31.", "Rising again, after it had eased to 31."),
        ("reopened", "De retour 40 min après sa fin.", "Back 40 min after it ended."),
        (
            "reopened for the third time",
            "Ouvert 3 fois depuis samedi 23 h 08 : sa fin ne sera dite qu’après 2 h de calme.",
            "Open 3 times since Saturday 23:08: its end is told only after 2 h of calm.",
        ),
        ("taken after it came back", "4 min après son retour", "4 min after it came back"),
    ],
)
def test_what_turned_is_said(name, french, english):
    assert french in line(ALERTS[name], "fr")
    assert english in line(ALERTS[name], "en")


def test_what_came_back_once_is_not_told_how_often():
    assert "fois" not in line(ALERTS["reopened"], "fr")
    assert (
        "1, le dernier à 0 h 28, 40 min après la fin" in facts(ALERTS["resolved after it came back"], "fr")["Retours"]
    )


@pytest.mark.parametrize("name", ["reopened", "reopened for the third time"])
def test_what_is_back_rings_like_an_opening(name):
    assert 5 == render(ALERTS[name], "fr", PARIS).priority


def test_what_is_back_and_taken_by_then_rings_nobody():
    assert 2 == render(ALERTS["reopened and taken"], "fr", PARIS).priority


@pytest.mark.parametrize("name", ["acknowledged", "better", "resolved by calm", "resolved by a person"])
def test_a_step_that_asks_nothing_is_quiet_and_gives_no_orders(name):
    message = render(ALERTS[name], "en", PARIS)

    assert (message.first, message.quotations, message.priority) == ((), (), 2)


def test_priority_follows_the_level():
    levels = {
        level: render(replace(OPEN, severity=level), "en", PARIS).priority for level in ("info", "warning", "critical")
    }

    assert levels == {"info": 3, "warning": 4, "critical": 5}


@pytest.mark.parametrize(
    ("alert", "french", "english"),
    [
        (
            RISE,
            (
                "Acme Air, critique : 71 mentions négatives en 15 min (22 à l’ouverture, d’habitude 3). "
                "Niveau critique, sérieux jusque-là. Pas encore pris en charge."
            ),
            (
                "Acme Air, critical: 71 negative mentions in 15 min (22 at opening, usually 3). "
                "Level critical, serious until now. Nobody has it yet."
            ),
        ),
        (
            replace(HIGHER, **HELD),
            (
                "Acme Air, critique : 71 mentions négatives en 15 min (22 à l’ouverture, d’habitude 3). "
                "Pris en charge par Zoé à 23 h 23."
            ),
            ("Acme Air, critical: 71 negative mentions in 15 min (22 at opening, usually 3). Zoé has it since 23:23."),
        ),
    ],
)
def test_worse_says_what_changed_and_who_has_it(alert, french, english):
    assert (line(alert, "fr"), line(alert, "en")) == (french, english)


def test_a_rise_in_level_rings_whoever_has_it_and_a_new_high_never_does():
    rings = {
        name: render(ALERTS[name], "en", PARIS).priority for name in ALERTS if name.startswith(("a rise", "a new"))
    }

    assert rings == {
        "a rise in level": 5,
        "a rise while somebody has it": 5,
        "a new high": 2,
        "a new high while somebody has it": 2,
        "a new high while nobody named has it": 2,
    }


def test_what_somebody_has_is_not_to_be_taken_again():
    assert render(HIGHER, "en", PARIS).first == ("Take the incident, so that the others know.",)
    assert render(replace(HIGHER, **HELD), "en", PARIS).first == ()
    assert render(replace(RISE, **HELD), "fr", PARIS).first == ()
    assert facts(replace(CALM, **HELD), "en")["Taken"] == "by Zoé Saturday 23:23, 15 min after the opening"


def test_what_comes_late_does_not_pretend_to_be_now():
    message = render(LATE, "fr", PARIS)

    assert line(LATE, "fr").startswith(
        "Acme Air, sérieux : 22 mentions négatives en 15 min, d’habitude 3. Envoyé en retard ; clos depuis 23 h 26. "
    )
    assert "usually 3. Sent late; resolved since 23:26. " in line(LATE, "en")
    assert plain(message.text).startswith("ENVOYÉ EN RETARD · niveau sérieux · samedi 14 novembre, 23 h 08")
    assert plain(message.lead).startswith("Envoyé en retard ; clos depuis 23 h 26. 22 mentions négatives")
    assert ("À vérifier" in message.text, "Prochain message" in message.text) == (False, False)
    assert (message.priority, message.first, message.title) == (
        2,
        (),
        "Acme Air · envoyé en retard · incident n°\u00a037",
    )


def test_what_was_held_back_says_of_when_its_figures_are_and_still_rings():
    silenced, spared = ALERTS["held back by a silence"], ALERTS["held back and worse since"]

    assert "usually 3. Figures of 23:08, held back until now by a silence (Zoé); now 1 negative mention in 15" in line(
        silenced, "en"
    )
    assert "Chiffres relevés à 23 h 08, retenus jusqu’à présent par une sourdine (Zoé) ; à présent, 1 mention" in line(
        silenced, "fr"
    )
    assert "Sent late; worse since 23:08. Figures of 23:08, held back until now beside a critical" in line(spared, "en")
    assert "retenus jusqu’à présent, un incident critique étant ouvert. " in _plain(render(spared, "fr", PARIS).text)
    assert render(silenced, "fr", PARIS).priority == 4


def test_what_comes_late_to_somebody_else_than_who_has_it_does_not_wake():
    message = render(ALERTS["late, and taken"], "en", PARIS)

    assert "Sent late. Zoé has it since 23:23. " in message.line
    assert (message.priority, [step for step in message.first if "ack" in step]) == (2, [])


def test_channels_that_do_not_have_it_yet_are_not_called_told():
    assert "Prévenu : phone ; pas encore joint : team" in _plain(render(RISE, "fr", PARIS).context)
    assert "Told: phone; not reached yet: team" in render(RISE, "en", PARIS).context


def _plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_incident_is_taken_on_its_page_only_when_there_is_one():
    without, linked = render(OPEN, "en", PARIS), render(WORSE, "en", PARIS)

    assert (without.link, "https://bb" in without.text, 'class="button"' in without.html) == (None, False, False)
    assert Page(linked.html).links.count("https://bb.example/i/37") == 1


def test_quotations_keep_their_words_their_language_and_say_where_their_links_lead():
    message = render(OPEN, "fr", PARIS)

    assert [quotation.text for quotation in message.quotations] == [quote.text for quote in OPEN.quotes]
    assert [quotation.caption.replace("\u00a0", " ").replace("\u202f", " ") for quotation in message.quotations] == [
        "Le premier · bluesky · 22 h 50",
        "Le plus suivi · fedi · 23 h 02 · 12 000 abonnés",
        "Le plus récent · press",
    ]
    assert '<blockquote lang="en" dir="auto"' in message.html
    assert "Voir le message sur fedi.example" in message.html


def test_phone_numbers_and_mail_addresses_of_passers_by_are_masked():
    text = (
        "Call me: +33 6 39 98 01 02, 06.39.98.01.02 or me@mail.example. Flight AF1234 on 01.02.2026 at 10:30, 40 000 €"
    )
    quotes = (replace(OPEN.quotes[0], text=text),)

    assert render(replace(OPEN, quotes=quotes), "en", PARIS).quotations[0].text == (
        "Call me: [masked], [masked] or [masked]. Flight AF1234 on 01.02.2026 at 10:30, 40 000 €"
    )


def test_identity_and_thread_come_from_the_alert():
    message = render(WORSE, "fr", PARIS)

    assert (message.id, message.thread, message.step, message.about) == ("a2", "i1", 1, WORSE)


def test_hours_of_the_night_when_clocks_change_carry_their_offset():
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    alert = replace(OPEN, at=twice, opened_at=twice, first_at=twice - timedelta(hours=6))

    assert "dimanche 25 octobre, 2\u00a0h\u00a030\u00a0UTC+2, heure de Paris" in render(alert, "fr", PARIS).context
    assert facts(alert, "fr")["Premier message"] == "samedi 20 h 30, soit 6 h avant l’ouverture"


@pytest.mark.parametrize(
    ("zone", "french", "english"),
    [
        ("Europe/London", "22\u00a0h\u00a008, heure de Londres", "22:08, London time"),
        ("Africa/Cairo", "0\u00a0h\u00a008, heure du Caire", "0:08, Cairo time"),
        ("Africa/Abidjan", "22\u00a0h\u00a008, heure d’Abidjan", "22:08, Abidjan time"),
        ("Asia/Kolkata", "3\u00a0h\u00a038, heure de Kolkata", "3:38, Kolkata time"),
        ("UTC", "22\u00a0h\u00a008, UTC", "22:08, UTC"),
        ("Etc/GMT+5", "17\u00a0h\u00a008, UTC−5", "17:08, UTC−5"),
    ],
)
def test_times_are_the_readers_own(zone, french, english):
    assert french in render(OPEN, "fr", ZoneInfo(zone)).context
    assert english in render(OPEN, "en", ZoneInfo(zone)).context


def test_the_operator_reads_what_failed_why_and_what_to_do():
    message = render_notice(NOTICES["undelivered"], "en", PARIS)

    assert message.line == "Channel “phone”: an alert (Acme Air, incident 37) could not be delivered. Reason: “401”."
    assert (message.thread, message.priority, len(message.first)) == ("n-undelivered", 4, 2)


def test_the_operator_reads_which_alert_did_not_arrive_and_who_has_it_instead():
    french, english = (render_notice(NOTICES["passed on"], language, PARIS) for language in ("fr", "en"))

    assert _plain(french.lead) == (
        "Acme Air n° 37, critique : « team » n’a pas reçu l’alerte de 23 h 03 ; transmise à « phone »."
    )
    assert english.lead == "Acme Air 37, critical: “team” did not get the alert of 23:03; passed on to “phone”."
    assert english.title == "badbuzz · not delivered · Acme Air 37"


def test_what_would_have_rung_is_told_once_a_day_with_what_to_do():
    french, english = (render_notice(NOTICES["would have rung"], language, PARIS) for language in ("fr", "en"))

    assert _plain(french.lead).startswith(
        "Acme Air : 7 alertes auraient sonné depuis vendredi 23 h 08 ; la marque n’est qu’observée avant le mardi 17 "
        "novembre. Incident n° 30, 14 h 08, sérieux, bad-buzz : 12 mentions en 15 min, d’habitude 2. Incident n° 31"
    )
    assert _plain(french.lead).endswith("Et 3 de plus.")
    assert english.lead.startswith(
        "Acme Air: 7 alerts would have rung since Friday 23:08, and were held, as it is only watched before Tuesday 17 "
        "November. Incident 30, 14:08, serious, bad-buzz: 12 mentions in 15 min, usually 2."
    )
    assert english.lead.endswith("And 3 more.")
    assert (english.title, english.priority) == ("badbuzz · would have rung · Acme Air", 2)
    assert "badbuzz tune --from-store" in french.text
    (one,) = [render_notice(NOTICES["one would have rung"], "en", PARIS)]
    assert one.lead.startswith("Acme Air: 1 alert would have rung since Friday 23:08, and was held. Incident 30")


@pytest.mark.parametrize(
    ("unit", "french", "english"),
    [("authors", "12 auteurs en", "12 authors in"), ("followers", "un compte de 12 abonnés", "an account with 12")],
)
def test_what_would_have_rung_is_told_in_what_was_counted(unit, french, english):
    notice = NOTICES["one would have rung"]
    notice = replace(notice, held=tuple(replace(each, unit=unit) for each in notice.held))
    assert french in _plain(render_notice(notice, "fr", PARIS).lead)
    assert english in _plain(render_notice(notice, "en", PARIS).lead)


def test_a_message_says_whether_it_grows_and_what_the_rule_asks_for():
    french, english = (render(GROWING, language, PARIS) for language in ("fr", "en"))

    assert line(GROWING, "fr").startswith(
        "Acme Air, sérieux : 22 mentions négatives en 15 min (6 puis 16), d’habitude 3."
    )
    assert line(GROWING, "en").startswith("Acme Air, serious: 22 negative mentions in 15 min (6, then 16), usually 3.")
    assert facts(GROWING, "fr")["Évolution"] == "6 dans la première moitié de ces 15 min, 16 dans la seconde"
    assert facts(GROWING, "en")["Trend"] == "6 in the first half of these 15 min, 16 in the second"
    assert _plain(french.context).startswith(
        "Règle bad-buzz : bien au-delà de l’habituel (au plus 7), au moins 8 messages de 5 auteurs · samedi"
    )
    assert english.context.startswith(
        "Rule bad-buzz: well beyond what is usual (at most 7), at least 8 posts by 5 authors · Saturday"
    )
    assert "(20 puis 51 ; 22 à l’ouverture, d’habitude 3)" in line(ALERTS["growing and worse"], "fr")
    assert "(20, then 51; 22 at opening, usually 3)" in line(ALERTS["growing and worse"], "en")
    assert "bien au-delà de ce qui a été entendu jusqu’ici, au moins 8 messages" in _plain(
        render(ALERTS["growing and learning"], "fr", PARIS).context
    )
    assert render(CALM, "en", PARIS).context.startswith("Rule bad-buzz · ")


def test_a_word_that_was_said_is_named_and_counted():
    many = ALERTS["many words"]

    assert facts(many, "fr")["Mots"] == "« a » 9, « b » 4, « c » 1, « d » 1"
    assert "1 mention of “a”, “b” or another watched word in 1 h" in line(many, "en")
    assert "4 mentions de « boycott » depuis l’ouverture" in line(ALERTS["a word nobody says any more"], "fr")
    assert "1 mention avec un mot surveillé en 1 h" in line(ALERTS["a word nobody knows"], "fr")


def test_people_read_names_and_programs_keep_theirs():
    message, told = render(NAMED, "fr", PARIS), render_notice(NOTICES["in names"], "fr", PARIS)

    assert plain(message.title) == "Acme Air · sérieux · incident n° 37"
    assert facts(NAMED, "fr")["Où"] == "Bluesky 14, Mastodon 5, presse et blogs 3"
    assert facts(NAMED, "fr")["Non entendu"].startswith("page Facebook, muette")
    assert "salon de veille, phone" in message.context
    assert [quotation.caption.split(" · ")[1] for quotation in message.quotations] == [
        "Bluesky",
        "Mastodon",
        "presse et blogs",
    ]
    assert "« téléphone » n’a pas reçu l’alerte de 23 h 08 ; transmise à « salon de veille »" in _plain(told.lead)
    assert (message.about, told.about) == (NAMED, NOTICES["in names"])
    assert not [slug for slug in ("acme", "bluesky", "team", "press,") if slug in message.text]


def test_two_sources_of_one_name_are_one_to_the_reader():
    alert = replace(NAMED, source_names={"bluesky": "réseaux", "fedi": "réseaux"})

    assert facts(alert, "en")["Where"] == "réseaux 19, press 3"


def test_a_test_says_that_it_is_one():
    message = render_notice(replace(NOTICES["test"], detail="", brand=None, number=None), "fr", PARIS)

    assert message.title == "badbuzz · essai · phone"
    assert message.line == "Ceci est un essai du canal «\u00a0phone\u00a0»\u00a0: rien à faire, aucune alerte."


def test_a_message_is_the_same_each_time():
    assert render(OPEN, "fr", PARIS) == render(OPEN, "fr", PARIS)


def test_a_year_that_is_not_this_one_is_said():
    alert = replace(OPEN, first_at=OPENED - timedelta(days=400))

    assert facts(alert, "en")["First post"].startswith("Saturday 11 October 2025, 0:08, ")


@pytest.mark.parametrize(
    ("alert", "language", "hold", "step", "field"),
    [
        (
            PLANNED,
            "fr",
            "D’abord : suspendre la publication de 23 h 30.",
            (
                "Suspendre la publication programmée à 23 h 30 (« Envie d’évasion ») : planificateur, bouton "
                "Suspendre (1 autre suit)."
            ),
            (
                "une publication à 23 h 30 (« Envie d’évasion »), une autre dimanche à 9 h (« Dimanche au soleil ») ; "
                "campagne « Hiver malin » en cours ; suivi en direct de #AcmeAirRepond en cours"
            ),
        ),
        (
            PLANNED,
            "en",
            "First: hold the 23:30 post.",
            (
                "Hold the post scheduled for 23:30 (“Envie d’évasion”): planificateur, bouton Suspendre "
                "(1 other follows)."
            ),
            (
                "one post at 23:30 (“Envie d’évasion”), another on Sunday at 9:00 (“Dimanche au soleil”); "
                "campaign “Hiver malin” is running; live event #AcmeAirRepond is running"
            ),
        ),
        (
            TOMORROW,
            "fr",
            "D’abord : suspendre la publication de dimanche à 9 h.",
            "Suspendre la publication programmée dimanche à 9 h (« Dimanche au soleil »).",
            "une publication dimanche à 9 h (« Dimanche au soleil »)",
        ),
        (
            TOMORROW,
            "en",
            "First: hold the post on Sunday at 9:00.",
            "Hold the post scheduled on Sunday at 9:00 (“Dimanche au soleil”).",
            "one post on Sunday at 9:00 (“Dimanche au soleil”)",
        ),
    ],
)
def test_what_is_scheduled_is_named_and_held_first(alert, language, hold, step, field):
    message = render(alert, language, PARIS)

    assert hold in line(alert, language)
    assert step == plain(message.first[0])
    assert field == facts(alert, language)["Au planning" if language == "fr" else "Scheduled"]
    assert field in plain(message.text)


def test_what_is_over_says_nothing_of_what_is_scheduled():
    assert "Scheduled" not in facts(replace(CALM, posts=PLANNED.posts, running=PLANNED.running), "en")


def test_who_is_called_next_is_told_and_when_the_reader_hears_again():
    message = render(CALLED, "fr", PARIS)
    told = "Prévenus : Astreinte 1, salon de veille · Sans prise en charge, Astreinte 2 à 23 h 28"
    assert plain(message.context).endswith(f"{told} · Prochain point au plus tard à 23 h 18")
    english = render(CALLED, "en", PARIS).context
    assert english.endswith("Astreinte 2 at 23:28 if nobody has it · Next word by 23:18")
    assert render(replace(CALLED, pending=PASSED.pending), "en", PARIS).context.endswith("and at the end")


@pytest.mark.parametrize(
    ("alert", "french", "english"),
    [
        (
            REMINDED,
            (
                "Acme Air, rappel, sérieux : 22 mentions négatives en 15 min, d’habitude 3. Pas encore pris en charge ;"
                " chiffres de 23 h 08."
            ),
            (
                "Acme Air, reminder, serious: 22 negative mentions in 15 min, usually 3. Nobody has it yet; figures of"
                " 23:08."
            ),
        ),
        (
            PASSED,
            (
                "Acme Air, relais, sérieux : 22 mentions négatives en 15 min, d’habitude 3. Personne ne l’a pris en"
                " charge, le relais vous est passé ; chiffres de 23 h 08."
            ),
            (
                "Acme Air, passed on, serious: 22 negative mentions in 15 min, usually 3. Nobody has it, and it is"
                " passed on to you; figures of 23:08."
            ),
        ),
        (
            RENEWED,
            (
                "Acme Air, rappel, sérieux : 42 mentions négatives en 15 min (16 puis 26 ; 22 à l’ouverture,"
                " d’habitude 3). Pas encore pris en charge, 10 min après l’ouverture."
            ),
            (
                "Acme Air, reminder, serious: 42 negative mentions in 15 min (16, then 26; 22 at opening, usually 3)."
                " Nobody has it yet, 10 min after the opening."
            ),
        ),
    ],
)
def test_a_reminder_and_what_is_passed_on_say_so_and_ring(alert, french, english):
    for language, line in (("fr", french), ("en", english)):
        message = render(alert, language, PARIS)
        assert plain(message.line).startswith(line)
        assert (message.priority, message.title.split(" · ")[1]) == (4, line.split(", ", 1)[1].split(":")[0].strip())
