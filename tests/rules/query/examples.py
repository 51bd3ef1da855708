"""Of each operator of a query what it finds and what it does not: tests try them, docs/query.md shows them. What is
known of a mention beside its text is given by name.
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from rules.mention import Author, Mention

Seen = str | dict[str, Any]
AT = datetime(2026, 11, 26, 17, 30, tzinfo=UTC)  # a Thursday


class Example(NamedTuple):
    query: str
    finds: tuple[Seen, ...]
    misses: tuple[Seen, ...]


EXAMPLES = (
    Example(
        "acme",
        ("L'Acme est en panne", "d’ACMÉ", "#acme", "vive #BoycottAcmeAir", "Acme.Le vol"),
        ("acmeair", "#acmeair", "@acme", "https://acme.example/acme"),
    ),
    Example("acme panne", ("panne chez Acme", {"title": "Acme", "text": "une panne"}), ("acme",)),
    Example("acme OR beta", ("beta",), ("gamma",)),
    Example("acme -(job OR stage)", ("acme recrute",), ("acme : un job", "stage chez acme")),
    Example(
        '"acme air"',
        ("Acme-Air", "acme, air", "#AcmeAir", "#acme air"),
        ("air acme", "acme sur air", {"title": "acme", "text": "air"}),
    ),
    Example('"acme late"~2', ("late again, acme", "acme is so late"), ("acme was never ever late",)),
    Example(
        "acme NEAR/2 panne",
        ("acme encore en panne", "panne chez acme"),
        ("acme a encore une panne", {"title": "acme", "text": "panne"}),
    ),
    Example("acme NEAR panne", ("acme est encore une fois panne",), ("acme est encore une fois en panne",)),
    Example("acme ONEAR/2 panne", ("acme en panne",), ("panne chez acme",)),
    Example("acme NEAR/2f panne", ("acme en panne",), ("panne chez acme",)),
    Example("(acme OR beta) NEAR/1 (panne OR grève)", ("beta en grève",), ("beta est en grève",)),
    Example("acme NEAR/0 acme", ("acme acme",), ("acme",)),
    Example("acme SENTENCE panne", ("Une panne ! Chez Acme, la panne dure.",), ("Acme vole. Panne ailleurs.",)),
    Example("acme OSENTENCE panne", ("Acme est en panne.",), ("Panne chez Acme.",)),
    Example("ATLEAST/2 acme", ("acme, acme", {"title": "acme", "text": "acme"}), ("acme",)),
    Example('ATLEAST/2 "ha ha"', ("ha ha ha ha",), ("ha ha ha",)),
    Example("title:acme", ({"title": "Acme", "text": "x"},), ({"title": "x", "text": "acme"},)),
    Example("text:(acme OR beta)", ("beta",), ({"title": "beta", "text": "x"},)),
    Example("boycott*", ("Boycottez !", "#BoycottAcme"), ("boycot", "leboycott")),
    Example("wom?n", ("women",), ("womn", "womeen")),
    Example("boycott~1", ("boycot", "Boycotts", "#boycptt"), ("boykot", "@boycot")),
    Example("grenouille~2", ("grenuile",), ("grnuile",)),
    Example("+été", ("Été",), ("ete", "étés")),
    Example('++"Orange"', ("chez Orange",), ("une orange", "ORANGE")),
    Example('raw:"C++"', ("en C++17",), ("en c++", "C + +")),
    Example('plural:"rappel de produit"', ("rappels de produits",), ("rappels des produits", "rappelle de produit")),
    Example("plural:journal", ("des journaux",), ("journalier",)),
    Example("#acme", ("#ACME !",), ("acme", "#acmeair")),
    Example("#BoycottAcme", ("#boycottacme", "#BoycottAcme"), ("boycott acme", "#Boycott #Acme")),
    Example(
        "@acme",
        ("merci @Acme.", "@acme@fedi.example", "@acme.bsky.social"),
        ("acme", "@acmeair", "contact@acme.example"),
    ),
    Example("@acme@fedi.example", ("@acme@fedi.example",), ("@acme", "@acme@other.example")),
    Example("$acme", ("achetez $ACME", "$ACME.A"), ("acme", "#acme", "US$acme")),
    Example("😡", ("pff 😡😡",), ("pff",)),
    Example("東京", ("私は東京にいる", "#東京"), ("京東",)),
    Example("paypal", ("Рaypal", "pay\u200bpal"), ("раура", "pay pal")),
    Example(
        "author:jean",
        ({"author": Author(handle="@Jean@fedi.example")}, {"author": Author(name="Jean")}),
        ({"author": Author(handle="jeanne")}, {}),
    ),
    Example("author:je*", ({"author": Author(handle="jeanne")},), ({"author": Author(handle="paul")},)),
    Example("to:acme", ("@acme bonjour", "@beta @acme bonjour"), ("bonjour @acme",)),
    Example(
        "site:lemonde.fr",
        ({"url": "https://www.lemonde.fr/eco/1"}, {"url": "https://blog.lemonde.fr"}),
        ({"url": "https://notlemonde.fr/"}, {}),
    ),
    Example(
        "site:lemonde.fr/eco", ({"url": "https://www.lemonde.fr/eco/1"},), ({"url": "https://www.lemonde.fr/ecologie"},)
    ),
    Example("url:incident", ({"url": "https://x.example/Incident-3"},), ({"url": "https://x.example/"},)),
    Example(
        "link:lemonde.fr", ("voir https://www.lemonde.fr/a.",), ("lemonde.fr en parle", {"url": "https://lemonde.fr/"})
    ),
    Example(
        "lang:fr",
        ({"language": "fr-CA"}, "le service est vraiment très mauvais et je ne suis pas content"),
        ({"language": "en"},),
    ),
    Example(
        "country:ca",
        ({"language": "fr-CA"}, {"url": "https://cbc.ca/a"}),
        ({"language": "fr"}, {"url": "https://youtu.me/a"}),
    ),
    Example("is:reply", ({"kind": "reply"},), ({"kind": "post"},)),
    Example("is:question", ("c'est normal ?",), ("oui", "https://x.example/?a=1")),
    Example("has:link", ("voir https://x.example",), ("voir x",)),
    Example("has:hashtag", ("#AcmeAir", "#acme"), ("# acme", "n#1")),
    Example("has:emoji", ("oui 🇫🇷",), ("oui :)",)),
    Example("has:number", ("12,5 % de hausse",), ("douze",)),
    Example("source:press", ({"source": "Press"},), ({"source": "fedi"},)),
    Example("followers:>=1k", ({"author": Author(followers=1000)},), ({"author": Author(followers=999)}, {})),
    Example("-followers:>=1k", ({"author": Author(followers=999)}, {}), ({"author": Author(followers=1000)},)),
    Example(
        "engagement:10..20",
        ({"counts": {"likes": 8, "reposts": 2}},),
        ({"counts": {"likes": 21}}, {"counts": {"views": 15}}),
    ),
    Example("thread:42", ({"parent_id": "42"}, {"repost_of": "42"}, {"id": "42"}), ({"parent_id": "421"},)),
    Example("after:2026-11-26T17:30", ({"created_at": AT},), ({"created_at": AT.replace(minute=29)},)),
    Example(
        "before:2026-11-27",
        ({"created_at": AT},),
        ({"created_at": AT.replace(day=27), "observed_at": AT.replace(day=28)},),
    ),
    Example("hour:9..17", ({"created_at": AT},), ({"created_at": AT.replace(hour=8)},)),
    Example("dow:thu", ({"created_at": AT},), ({"created_at": AT.replace(day=25)},)),
)


def mention(seen: Seen) -> Mention:
    """A mention of which only so much is known; words alone are its text."""
    told = {"text": seen} if isinstance(seen, str) else seen
    return Mention(**{"id": "1", "source": "s", "platform": "file", "observed_at": AT, **told})


def shown(seen: Seen) -> str:
    """As a reader sees it."""
    if isinstance(seen, str):
        return seen.replace("\u200b", "(U+200B)")
    told = (f"{name} {_value(value)}" for name, value in seen.items() if name != "observed_at")
    return ", ".join(told) or "nothing known"


def _value(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%a %Y-%m-%d %H:%M}"
    if isinstance(value, Author):
        return next(f"{name} {said}" for name in ("handle", "name", "followers") if (said := getattr(value, name)))
    return " ".join(f"{name} {count}" for name, count in value.items()) if isinstance(value, dict) else str(value)
