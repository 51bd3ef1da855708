import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.mention import Author, Mention
from rules.query.compiled import compile_query, compile_words
from rules.query.content import Content, Span
from rules.query.errors import QueryError


def mention(text: str, title: str | None = None) -> Mention:
    author = Author(handle="@acme")
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Mention(id="1", source="s", platform="file", text=text, title=title, author=author, observed_at=moment)


def matches(query: str, text: str) -> bool:
    return compile_query(query).match(mention(text)) is not None


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("acme", "L'Acme est en panne"),
        ("acme", "d’ACMÉ"),
        ("acmé", "acme"),
        ("oeuvre", "Œuvre"),
        ("acme", "#acme"),
        ("#acme", "#ACMÉ!"),
        ("@acme", "merci @Acme."),
        ("@acme", "@acme@fedi.example"),
        ("@acme@fedi.example", "@acme@fedi.example"),
        ("@acme", "@acme.bsky.social"),
        ('"acme air"', "Acme-Air"),
        ('"acme air"', "#acme air"),
        ("“acme air”", "acme   air"),
        ("« acme air »", "Acme. Air"),
        ("wi-fi", "le Wi Fi"),
        ("aujourd'hui", "Aujourd’hui"),
        ("boycott*", "Boycottez !"),
        ("#boycott*", "#BoycottAcme"),
        ("boycott*", "#BoycottAcme"),
        ('"fuite* de donnee*"', "fuites de données"),
        ("acme AND panne", "panne chez acme"),
        ("acme panne", "panne chez acme"),
        ("acme OR beta", "beta"),
        ("acme -job", "acme"),
        ("acme –job", "acme"),
        ("acme NOT (job OR stage)", "acme"),
        ("acme AND NOT NOT panne", "acme panne"),
        ("a OR b c", "a"),
        ("NOT a b OR c", "a c"),
        ("and", "AND"),
        ("😡", "pff 😡😡"),
        ("H&M", "chez H & M"),
        ("L'Oréal", "l’oreal"),
        ("so\u00adft", "soft"),
        ("東京", "私は東京にいる"),
        ("東京*", "東京都"),
        ("トヨタ*", "トヨタ自動車"),
        ("삼성*", "삼성전자"),
    ],
)
def test_a_query_finds_what_it_says(query: str, text: str) -> None:
    assert matches(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("acme", "acmeair"),
        ("acme", "#acmeair"),
        ("acme", "@acme"),
        ("acme", "https://acme.example/acme"),
        ("#acme", "acme"),
        ("@acme", "acme"),
        ("@acme", "contact@acme.example"),
        ("@acme", "written by it, without naming it"),
        ('"acme air"', "air acme"),
        ("acme panne", "acme"),
        ("acme -job", "acme job"),
        ("acme -(job OR stage)", "acme stage"),
        ("(a OR b) c", "a"),
        ("boycott*", "boy"),
    ],
)
def test_a_query_finds_nothing_else(query: str, text: str) -> None:
    assert not matches(query, text)


def test_the_design_example_is_understood() -> None:
    query = compile_query('("Acme Air" OR @acmeair OR #acmeair) -job')
    assert () == query.warnings
    assert query.match(mention("Vol Acme Air annulé")) is not None
    assert query.match(mention("#AcmeAir job offer")) is None


def test_a_match_shows_every_place_in_title_and_text() -> None:
    found = compile_query('acme (panne OR grève OR "en retard") -job').match(
        mention("Acmé en  retard. #ACME", "L’Acme")
    )
    assert found is not None
    expected = (
        Span("title", 2, 6, "acme"),
        Span("text", 0, 4, "acme"),
        Span("text", 5, 15, '"en retard"'),
        Span("text", 17, 22, "acme"),
    )
    assert expected == found.spans


def test_a_phrase_does_not_run_from_the_title_into_the_text() -> None:
    assert compile_query('"acme air"').match(mention("air", "acme")) is None
    assert compile_query("acme air").match(mention("air", "acme")) is not None


@pytest.mark.parametrize(
    ("query", "position", "message"),
    [
        ("", 0, "an empty query"),
        ("   ", 3, "an empty query"),
        ("-acme", 0, "this query matches mentions that hold none of its words"),
        ("NOT (a AND b)", 0, "this query matches mentions that hold none of its words"),
        ("a OR -b", 0, "this query matches mentions that hold none of its words"),
        ("a (b", 2, "this parenthesis is never closed"),
        ("a) b", 1, "this parenthesis closes nothing"),
        ("a ()", 3, "something is missing after ("),
        ("a AND", 5, "something is missing after AND"),
        ("a AND OR b", 6, "something is missing after AND"),
        ("OR a", 0, "something is missing before OR"),
        ('a "b', 2, "this quotation is never closed"),
        ("a ”b", 2, "this quotation mark closes nothing"),
        ('a ""', 2, "an empty phrase"),
        ("a - b", 2, "nothing to look for in '-'"),
        ("a & b", 2, "nothing to look for in '&'"),
        ("x ab*", 2, "'ab*' would match almost everything"),
        ("x *abc", 2, "`*` stands only at the end of a word"),
        ("x abc*def", 2, "`*` stands only at the end of a word"),
        ("acme NEAR/101 air", 5, "NEAR/101 reaches too far"),
        ("acme NEAR (air AND line)", 5, "beside NEAR only words and phrases can stand"),
        ("acme NEAR -air", 5, "beside NEAR only words and phrases can stand"),
        (" NEAR ".join(["acme"] * 3_000), 105, "too many NEAR within each other"),
        ("title:lang:fr", 0, "'lang:fr' is no word"),
        ("text:-acme", 0, "'-acme' is no word"),
        ("title: acme", 0, "'title:' has no value"),
        ("NEAR/3 acme", 0, "something is missing before NEAR/3"),
        ("ATLEAST/0 acme", 0, "ATLEAST/0 cannot be counted"),
        ("acme~1", 0, "'acme' is too short to look for what is like it"),
        ("boycott~3", 0, "~3 reaches too far"),
        ("boycott*~1", 0, "~1 stands behind a single whole word only"),
        ('"acme"~2', 0, "~2 stands behind one word"),
        ('"acme air"~x', 0, "'~x' is no number"),
        ("aut:bob acme", 0, "'aut:' is no field"),
        ("from:bob acme", 0, "'from:' is no field"),
        ('acme "late again" ~5', 18, "nothing to look for in '~5'"),
        ("bio:chef acme", 0, "what authors say of themselves is not read from any source"),
        ("lang: fr", 0, "'lang:' has no value"),
        ("acme lang:french", 5, "'french' is no value of lang:"),
        ("acme followers:5000", 5, "'5000' is no value of followers:"),
        ("acme before:2026-13-01", 5, "'2026-13-01' is no value of before:"),
        ("acme dow:someday", 5, "'someday' is no value of dow:"),
        ("acme lang:(fr en)", 11, "values of a field are joined by OR alone"),
        ("acme @list(vip)", 5, "there is no list 'vip'"),
        ("raw:(a OR b)", 0, "raw: takes one word or phrase"),
        ('"https://acme.example"', 0, "links are not searched"),
        ('"' + "a " * 31 + '"', 0, "a phrase of 31 words"),
    ],
)
def test_a_query_that_cannot_be_understood_says_where_and_how_to_mend_it(
    query: str, position: int, message: str
) -> None:
    with pytest.raises(QueryError) as caught:
        compile_query(query)
    assert (message, position) == (caught.value.message, caught.value.position)
    assert caught.value.hint


def test_an_error_points_under_the_query() -> None:
    with pytest.raises(QueryError) as caught:
        compile_query("acme AND (panne OR")
    expected = (
        'something is missing after OR (write a word there, or "OR" where that word is meant)\n'
        "  acme AND (panne OR\n"
        "                    ^"
    )
    assert expected == str(caught.value)


def test_an_error_points_under_wide_letters_as_terminals_show_them() -> None:
    with pytest.raises(QueryError) as caught:
        compile_query("トヨタ e\u0301 (")
    assert "\n  トヨタ e\u0301 (\n  \u3000\u3000\u3000    ^" in str(caught.value)


@pytest.mark.parametrize(
    ("query", "warned"),
    [
        (
            "alpha AND beta OR gamma",
            "AND and OR are mixed without parentheses at 1: this is read as ((alpha AND beta) OR gamma)",
        ),
        (
            "x (alpha OR beta -gamma)",
            "AND and OR are mixed without parentheses at 4: this is read as (alpha OR (beta AND NOT gamma))",
        ),
        ("acme ou beta", "'ou' is looked for as a word: write OR for the operator"),
        ("C++ acme", "the signs of 'C++' are not compared: it finds every 'c' (raw:… compares them)"),
        ("acme OU beta", "'OU' is looked for as a word: write OR for the operator"),
        ("acme near/5 panne", "'near/5' is looked for as a word: write NEAR/5 for the operator"),
        ("acme oNear/2f panne", "'oNear/2f' is looked for as a word: write ONEAR/2f for the operator"),
        ("acme NEAR5 panne", "'NEAR5' is looked for as a word: write NEAR/5 for the operator"),
        ("acme NEAR 5 panne", "'5' after NEAR is looked for as a word: write NEAR/5 for the distance"),
        ("ATLEAST acme", "'ATLEAST' is looked for as a word: write ATLEAST/3 for the operator"),
        ("ATLEAST2 acme", "'ATLEAST2' is looked for as a word: write ATLEAST/2 for the operator"),
        ("alpha|beta", "'alpha|beta' is looked for as a phrase: write alpha OR beta"),
        ("alpha||beta", "'alpha||beta' is looked for as a phrase: write alpha OR beta"),
        ("alpha&&beta", "'alpha&&beta' is looked for as a phrase: write alpha AND beta"),
        ("acme !job", "'!job' finds job: write -job to leave it out"),
        ("acme —job", "'—job' finds job: write -job to leave it out"),
        ("acme --job", "'--job' finds job: write -job to leave it out"),
        (
            "acme-(job OR stage)",
            "what follows 'acme-' must be there as well: write a space before the - to leave it out",
        ),
        ('acme-"un stage"', "what follows 'acme-' must be there as well: write a space before the - to leave it out"),
        ("acme @list", "'@list' names no list: write @list(name)"),
        ("acme author:@list:vip", "'author:@list:vip' names no list: write author:@list(vip)"),
        ("acme -@lists (vip)", "'-@lists' names no list: write -@list(name)"),
        ("‘Acme Air’ panne", '‘Acme Air’ is no phrase: write "Acme Air"'),
        ("'acme air' panne", "'acme air' is no phrase: write \"acme air\""),
        (
            "acme lang:fr lang:en",
            "lang:fr and lang:en are never true together: write OR between them, or leave one out",
        ),
        (
            "acme after:2026-02-01 before:2026-01-01",
            "after:2026-02-01 and before:2026-01-01 are never true together: write OR between them, or leave one out",
        ),
        (
            "acme followers:>10 followers:<=10",
            "followers:>10 and followers:<=10 are never true together: write OR between them, or leave one out",
        ),
        ("acme followers>1000", "'followers>1000' is looked for as words: write followers:>1000"),
        ("acme hour=9", "'hour=9' is looked for as words: write hour:9"),
        (
            "la poste",
            "'la' stands in very many texts: write \"la poste\" for words that follow each other",
        ),
        (
            "acme (Crédit du Nord)",
            "'du' stands in very many texts: write \"Crédit du\" for words that follow each other",
        ),
        (".NET panne", "the signs of '.NET' are not compared: it finds every 'net' (raw:… compares them)"),
        ("les", "this finds very much: les is all that must be there. Add a word that must stand with it"),
        (
            "acme OR lang:fr",
            "this finds very much: lang:fr is all that must be there. Add a word that must stand with it",
        ),
    ],
)
def test_what_is_probably_not_meant_is_said(query: str, warned: str) -> None:
    assert (warned,) == compile_query(query).warnings


@pytest.mark.parametrize(
    "query",
    [
        '"or" panne',
        "acme -'70s panne'",
        "l'acme d'hier panne",
        "acme NEAR/5 panne",
        "acme NEAR panne",
        "(acme OR beta) -(job OR stage)",
        "porte-monnaie panne",
        'acme -"un stage"',
        "acme lang:(fr OR en) lang:fr",
        "acme hour:22..6 hour:5..7",
        "acme followers:>=10 followers:<=10",
        "acme after:2026-01-01 before:2026-02-01",
        "H&M panne",
        "acme is:reply is:question",
        "C&A",
        'SFR OR "S.F.R."',
        "AC/DC",
        "M6",
        'Toys "R" Us',
        "acme panne -la",
        '"la poste" panne',
    ],
)
def test_what_is_meant_as_it_is_written_is_not_doubted(query: str) -> None:
    assert () == compile_query(query).warnings


@pytest.mark.parametrize("sign", ["|", "||", "&&", "+", "!"])
def test_a_sign_of_another_language_alone_is_told_what_to_write(sign: str) -> None:
    with pytest.raises(QueryError, match=r"write (?:OR|AND|NOT)"):
        compile_query(f"acme {sign} beta")


@pytest.mark.parametrize(
    "query",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "-(" * 5_000 + "a" + ")" * 5_000,
        "a " * 10_001,
        " OR ".join(["a"] * 10_001),
        "a" * 1_000_000,
        '"' * 99_998 + "(",
        "-" * 99_999,
    ],
)
def test_a_hostile_query_is_refused(query: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_query(query)
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("text", ["a " * 25_000, "😡" * 50_000, "#a" * 25_000, "a.b" * 17_000, "\u0301" * 50_000])
def test_a_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    phrases = " OR ".join(f'"a a a a a a a b{at}"' for at in range(800))
    assert compile_query(f"boycott* OR {phrases}").match(mention(text)) is None


def test_the_places_of_a_match_are_bounded() -> None:
    found = compile_query(" OR ".join(f"a{at} OR a" for at in range(30))).match(mention("a " * 1000, "a " * 1000))
    assert found is not None
    assert 0 < len(found.spans) <= 100


Tree = str | tuple
WORDS = ["alpha", "beta", "gamma", "delta"]
TERMS = [*WORDS, "#alpha", "@beta", '"alpha beta"', "alpha*", '"beta gam*"']
TREES = st.recursive(
    st.sampled_from(TERMS),
    lambda inner: st.one_of(
        st.tuples(st.just("NOT"), inner),
        st.tuples(st.sampled_from(["AND", "OR"]), inner, inner),
    ),
    max_leaves=12,
)
TEXTS = st.lists(st.sampled_from([*WORDS, "#alpha", "#gammaray", "@beta", "alphabet", "."]), max_size=8).map(" ".join)


def write(tree: Tree, style: int, outer: int = 0) -> str:
    """With as few parentheses as the precedence allows; AND as a space and NOT as `-` in some styles."""
    if isinstance(tree, str):
        return tree
    rank = {"OR": 0, "AND": 1, "NOT": 2}[tree[0]]
    if tree[0] == "NOT":
        text = ("-" if style % 2 else "NOT ") + write(tree[1], style // 2, 2)
    else:
        joint = " " if tree[0] == "AND" and style % 3 == 0 else f" {tree[0]} "
        text = joint.join(write(child, style // 2, rank) for child in tree[1:])
    return f"({text})" if rank < outer else text


def naive_term(term: str, text: str) -> bool:
    if term[0] in "#@":
        return f" {term} " in f" {text} "
    body = re.escape(term.strip('"')).replace(r"\*", r"[a-z]*").replace(r"\ ", r"(?: [.])* #?")
    return re.search(rf"(?<![@\w]){body}(?!\w)", text) is not None


def naive(tree: Tree, text: str) -> bool:
    if isinstance(tree, str):
        return naive_term(tree, text)
    if tree[0] == "NOT":
        return not naive(tree[1], text)
    return (all if tree[0] == "AND" else any)(naive(child, text) for child in tree[1:])


@given(TREES, TEXTS, st.integers(min_value=0, max_value=5_000))
def test_matching_agrees_with_a_naive_evaluator(tree: Tree, text: str, style: int) -> None:
    query = write(tree, style)
    if naive(tree, ""):
        with pytest.raises(QueryError):
            compile_query(query)
        return
    found = compile_query(query).match(mention(text))
    assert naive(tree, text) == (found is not None)
    assert found is None or len(found.spans) > 0


PIECES = [*'ab()"-*#@ ~:«»“”', "AND ", "OR ", "NOT "]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_text_is_a_query_or_an_error_with_a_place(text: str) -> None:
    try:
        found = compile_query(text).match(mention(""))
    except QueryError as error:
        found = None if 0 <= error.position <= len(text) else error
    assert found is None


def hits(terms: list[str], text: str) -> tuple[str, ...]:
    return compile_words(terms).find(Content(mention(text)))


def test_keyword_terms_tell_which_of_them_stand_in_a_mention() -> None:
    terms = ["boycott*", "rappel produit", "fuite de données", "#scandale", "OR"]
    assert ("boycott*", "fuite de données") == hits(terms, "Boycottons ! Fuite de donnees")
    assert ("rappel produit",) == hits(terms, "RAPPEL-PRODUIT")
    assert () == hits(terms, "un produit rappelé : scandale")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("BOYCOTT, boycott, Boycottons-les !", ("boycott", "boycottons", "rappel produit")),
        ("#BoycottAcme", ("#boycottacme", "rappel produit")),
        ("l'Échange boycotté", ("boycotté", "rappel produit")),
        (f"boycott{'x' * 40}", ("boycott", "rappel produit")),
        ("boycotta boycottb boycottc boycottd boycotte boycottf", tuple(f"boycott{letter}" for letter in "abcde")),
    ],
)
def test_what_was_said_is_told_as_it_was_said_and_never_more_than_a_few_words(
    text: str, words: tuple[str, ...]
) -> None:
    found = compile_words(["boycott*", "rappel produit", "fuite"]).said(Content(mention(f"{text} RAPPEL-PRODUIT")))
    assert words == found


@pytest.mark.parametrize("term", ["", "*", "ab*", "a*b", "!!"])
def test_a_keyword_that_cannot_be_looked_for_is_an_error(term: str) -> None:
    with pytest.raises(QueryError):
        compile_words(["boycott", term])
