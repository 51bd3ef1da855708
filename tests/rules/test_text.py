import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.query.words import PIECES
from rules.text import (
    LONGEST,
    MARK,
    PICTURE,
    SIGNED,
    UNSPACED,
    Folded,
    Pieces,
    Token,
    defuse,
    fold,
    shorten,
    token_of,
    tokens,
)

WILD = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from(list(" .«»“”\"'’1234,%\n👩💻🇫🇷\u200d\ufe0f\u0301#@-")))
)


CUT = re.compile(
    rf"""{SIGNED}
    | (?P<number>\d+(?:[.,]\d+)+(?![^\W_]))
    | (?P<single>[{UNSPACED}][\u3099\u309a]?)
    | (?P<word>(?:[^\W_{UNSPACED}]+|[{MARK}])+)
    | (?P<emoji>[{PICTURE}])
    """,
    re.VERBOSE,
)
"""What tokens are, with no short cut for plain words."""
SPOKEN = st.lists(
    st.one_of(
        st.from_regex(r"[a-z]{1,6}", fullmatch=True),
        st.sampled_from(["https://a.b", "www.x", "#tag", "@x.y", "_", "7", "é", "का", "日", "'", " ", " ", "W", "h"]),
        st.sampled_from(["www", ".", ",", "?", "!", "…", ")", ":", "//", "1"]),
        st.characters(),
    )
).map("".join)


def words(text: str) -> list[str]:
    return [token.text for token in tokens(Folded(text))]


def as_written(text: str) -> list[str]:
    folded = Folded(text)
    places = (folded.origin(token.start, token.end) for token in tokens(folded))
    return [text[start:end] for start, end in places]


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Éléphant", "elephant"),
        ("e\u0301le\u0300ve", "eleve"),
        ("ŒUVRE, æther, Straße", "oeuvre, aether, strasse"),
        ("l’œil l'oeil", "l'oeil l'oeil"),
        ("so\u00adft zero\u200bwidth \u202eright\u2066 \ufeff", "soft zerowidth right "),
        ("ﬁn Ａｃｍｅ 𝐀𝐜𝐦𝐞 Acme™", "fin acme acme acme "),
        ("❤️ 👍🏽", "❤ 👍"),
        ("İstanbul ISTANBUL ığdır", "istanbul istanbul igdir"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_what_looks_the_same_folds_to_the_same(written: str, folded: str) -> None:
    assert folded == fold(written)


@given(WILD)
def test_a_text_folds_as_its_characters_do(text: str) -> None:
    assert "".join(map(fold, text)) == fold(text)


def test_every_character_folds_the_same_within_a_text() -> None:
    for start in range(0, 0x20000, 0x1000):
        characters = [chr(code) for code in range(start, start + 0x1000)]
        assert "".join(map(fold, characters)) == fold("".join(characters))


@given(st.one_of(WILD, SPOKEN))
def test_plain_words_are_cut_like_all_others(text: str) -> None:
    folded = Folded(text)
    assert [token_of(found) for found in CUT.finditer(folded.text)] == tokens(folded)


def test_what_is_remembered_of_pieces_is_bounded() -> None:
    pieces = Pieces(lambda piece: [Token(piece, "word", 0, len(piece))])
    largest = 0
    for number in range(25_000):
        pieces.tokens(f"{number} {number}{'a' * 100}")
        largest = max(largest, len(pieces))
    assert largest <= 20_000
    assert max(map(len, pieces)) < 100


@given(st.one_of(WILD, SPOKEN))
def test_loose_tokens_know_their_places(text: str) -> None:
    pieces, folded = Pieces(lambda piece: tokens(Folded(piece))), fold(text)
    loose = pieces.loose(folded)
    places = [loose.place(at) for at in range(len(loose.tokens))]
    assert [(token.start, token.end) for token in pieces.tokens(folded)] == places


@given(WILD)
def test_folding_twice_changes_nothing_of_the_words(text: str) -> None:
    assert words(text) == words(fold(text))


@given(WILD)
def test_places_in_the_folded_text_map_back_to_what_folds_to_it(text: str) -> None:
    folded = Folded(text)
    for token in tokens(folded):
        start, end = folded.origin(token.start, token.end)
        assert 0 <= start < end <= len(text)
        assert folded.text[token.start : token.end] in fold(text[start:end])


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_decomposed_and_composed_spellings_give_the_same_tokens(text: str) -> None:
    assert words(unicodedata.normalize("NFC", text)) == words(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    "text", ["l'Acme", "d’Acme", "qu'ACME", "jusqu`Acme", "Acme's", "Acme-Air", "_Acme_", "(acme)"]
)
def test_a_name_is_a_word_whatever_leans_on_it(text: str) -> None:
    assert "acme" in words(text)


def test_tokens_know_what_they_are() -> None:
    text = "Vu sur https://acme.example/Vol). #AcmeAir1 @acme.bsky.social, @a@fedi.example 1,5 h 😡😡 #12 a@b"
    assert [
        ("vu", "word"),
        ("sur", "word"),
        ("https://acme.example/vol", "link"),
        ("acmeair1", "hashtag"),
        ("acme.bsky.social", "handle"),
        ("a@fedi.example", "handle"),
        ("1,5", "number"),
        ("h", "word"),
        ("😡", "emoji"),
        ("😡", "emoji"),
        ("12", "number"),
        ("a", "word"),
        ("b", "word"),
    ] == [(token.text, token.kind) for token in tokens(Folded(text))]


def test_tokens_point_at_what_was_written() -> None:
    assert ["L", "Œuvre", "cafe\u0301", "so\u00adft", "#Été"] == as_written("L’Œuvre cafe\u0301 so\u00adft #Été")


def test_scripts_without_spaces_are_cut_into_characters() -> None:
    assert ["東", "京", "か\u3099", "す"] == words("東京がす")


@example("www..")
@given(st.lists(st.sampled_from(["www", "https:", *"aw01.,;:!?)…@#$/-_ "])).map("".join))
def test_short_words_are_cut_as_they_are_behind_a_parenthesis(text: str) -> None:
    alone, behind = PIECES.tokens(text), PIECES.tokens(f"({text}")
    assert [(each.text, each.kind, each.start + 1) for each in alone] == [
        (each.text, each.kind, each.start) for each in behind
    ]


def test_only_the_first_characters_of_a_field_are_read() -> None:
    assert [Token("a" * LONGEST, "word", 0, LONGEST)] == tokens(Folded("a" * (LONGEST + 10) + " b"))


@given(WILD, st.booleans())
def test_defused_text_holds_nothing_that_hides_or_commands(text: str, lines: bool) -> None:
    safe = defuse(text, lines=lines)
    kinds = {unicodedata.category(character) for character in safe if character not in "\u200d\n"}
    assert set() == kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert lines or "\n" not in safe
    assert safe == defuse(safe, lines=lines)
    safe.encode()


def test_defusing_keeps_what_a_reader_needs() -> None:
    assert "l’été à 12\u00a0% 👩\u200d💻 ❤️ 1️⃣" == defuse("  l’été\tà   12\u00a0% 👩\u200d💻 ❤️ 1️⃣\n")


@pytest.mark.parametrize(
    ("hostile", "safe"),
    [
        ("pay\u202eyap", "payyap"),
        ("Z\u0301\u0302\u0303\u0304\u0305a", "Z\u0301\u0302\u0303a"),
        ("red \x1b[31mtext\x07", "red [31mtext"),
        ("a\r\nBcc: x", "a Bcc: x"),
        ("a\u2028b\x85c\x0bd", "a b c d"),
        ("a\u200db\ufe0f\u3164\u2800", "ab"),
        ("\ud800\ue000\uffff", ""),
    ],
)
def test_hostile_characters_go(hostile: str, safe: str) -> None:
    assert safe == defuse(hostile)


def test_lines_stay_when_asked_for_but_never_empty_ones() -> None:
    assert "a\nb c\nd" == defuse("a \r\n\n\u2028 b\tc\x0b d", lines=True)


@given(WILD, st.integers(min_value=1, max_value=60))
def test_a_shortened_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert text == short or text.startswith(short) or "…" in short


LONG = "Il a dit « je veux mes 40 000 euros » hier. Puis il est parti vers https://x.example/abc avec 12 % de plus."


@pytest.mark.parametrize(
    ("limit", "short"),
    [
        (200, LONG),
        (60, "Il a dit « je veux mes 40 000 euros » hier."),
        (37, "Il a dit « je veux mes 40 000… »"),
        (30, "Il a dit « je veux mes… »"),
        (10, "Il a dit…"),
        (1, "…"),
    ],
)
def test_a_text_is_cut_at_a_sentence_else_at_a_word_and_quotations_are_closed(limit: int, short: str) -> None:
    assert short == shorten(LONG, limit)


@pytest.mark.parametrize("limit", range(1, 40))
def test_no_cut_falls_inside_a_number_link_or_emoji(limit: int) -> None:
    pieces = ["1234,5678", "40 000", "12 %", "https://x.example/abcdef", "👩\u200d💻", "🇫🇷", "👍🏽"]
    for piece in pieces:
        kept = shorten(f"a {piece} b c d e f g h i j k l m n o p q r s t u v w x y z", limit).removesuffix("…")
        assert piece in kept or kept in ("a", "")
    assert "…" == shorten("https://x.example/abcdef" * 5, limit)
    assert set(shorten("👩\u200d💻" * 30, limit).removesuffix("…").split("👩\u200d💻")) <= {""}
    assert set(shorten("🇫🇷" * 30, limit).removesuffix("…").split("🇫🇷")) <= {""}


@pytest.mark.parametrize(
    "piece", [" ", "\n", "#", "@a.", "e\u0301", "\u0301", "1,", "«", "! ", "\u200d", "www.", "😡", "a "]
)
def test_hostile_repetition_is_read_to_the_end(piece: str) -> None:
    text = piece * 50_000
    tokens(Folded(text))
    assert len(shorten(defuse(text), 300)) <= 300
