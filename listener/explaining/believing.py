"""Why an alert is called as sure as it is, and how many posts each draws, in the words of a reader."""

from collections.abc import Iterator
from typing import Any

from alerts.alert import Language
from alerts.typography import NO_BREAK as NB
from alerts.typography import THIN, number
from listener.pipeline.believing import confidence_of
from listener.store.port import Views
from rules import confidence
from rules.confidence import AGAINST, PRIOR, Confidence, Sign, Word
from rules.instant import HOUR, Instant, instant
from rules.reproduction import Drawn, Post, drawn

_HOURS, _READ = 3, 1_000
_WORDS: dict[Language, dict[Word, str]] = {
    "en": {"very": "very likely real", "likely": "likely real", "check": "please check", "learning": "still learning"},
    "fr": {
        "very": "très probablement réel",
        "likely": "probablement réel",
        "check": "à vérifier",
        "learning": "en apprentissage",
    },
}
_SIGNS: dict[Language, dict[Sign, str]] = {
    "en": {
        "seldom": "wrong once a month at most at this level",
        "rare": "wrong once in ten months at most at this level",
        "grows": "twice as many as at the opening",
        "far": "twice what hardly ever comes",
        "negative": "three in five mentions are negative",
        "people": f"{confidence.PEOPLE} authors or more",
        "places": "several sources",
        "own-words": "nearly all in words of their own",
        "agree": "another rule or source says the same",
        "copied": "half of it is copied",
        "one-voice": "one author wrote a third of it",
        "unheard": "a part is not heard",
    },
    "fr": {
        "seldom": "à ce niveau, une erreur par mois au plus",
        "rare": "à ce niveau, une erreur en dix mois au plus",
        "grows": "deux fois plus qu’à l’ouverture",
        "far": "deux fois ce qui n’arrive presque jamais",
        "negative": "trois mentions sur cinq sont négatives",
        "people": f"{confidence.PEOPLE} auteurs ou plus",
        "places": "plusieurs sources",
        "own-words": "presque tous avec leurs propres mots",
        "agree": "une autre règle ou source dit de même",
        "copied": "la moitié est copiée",
        "one-voice": "un auteur en a écrit le tiers",
        "unheard": "une partie n’est pas entendue",
    },
}
_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "word": "Confidence: {word}",
        "for": "For it: {signs}",
        "against": "Against it: {signs}",
        "measured": "Of such alerts in simulated crises {share}% were real; that counts as much as {prior} of your own",
        "unmeasured": "How many alerts of such rules are real was never measured",
        "own": "Of your own that began so, {real} were judged real and {false} false alarms",
        "one": "Each post draws about {each} more",
        "ten": "Ten posts draw about {each} more",
        "seen": "{said}: {replies} answers and reposts of {posts} posts in {hours} hours",
    },
    "fr": {
        "word": f"Fiabilité{NB}: {{word}}",
        "for": f"Pour{NB}: {{signs}}",
        "against": f"Contre{NB}: {{signs}}",
        "measured": f"De telles alertes dans des crises simulées, {{share}}{THIN}% étaient réelles, ce qui compte"
        " autant que {prior} des vôtres",
        "unmeasured": "La part d’alertes réelles de telles règles n’a jamais été mesurée",
        "own": f"Des vôtres qui commençaient ainsi, réelles selon vous{NB}: {{real}}, fausses{NB}: {{false}}",
        "one": "Chaque message en entraîne environ {each} autres",
        "ten": "Dix messages en entraînent environ {each} autres",
        "seen": f"{{said}}{NB}: {{replies}} réponses et republications de {{posts}} messages en {{hours}}{NB}h",
    },
}


async def believed_at(incident: str, views: Views) -> Confidence | None:
    """How far the opening of an incident could be believed; None when it is no longer stored. Raises StoreError."""
    opened = await views.transition(f"{incident}.0")
    return await confidence_of(opened, views) if opened else None


async def drawn_at(brand: str, at: Instant, views: Views) -> Drawn | None:
    """How many more each post drew in the hours before; None where that cannot be said. Raises StoreError."""
    stored = await views.mentions(brand=brand, until=at, limit=_READ)
    posts = []
    for each in stored:
        mention, platform = each.mention, each.mention.platform
        about = mention.repost_of or mention.parent_id
        written = instant(mention.created_at) if mention.created_at else each.at
        if at - _HOURS * HOUR < written <= at:
            posts.append(Post(name=mention.identity, at=written, about=f"{platform}:{about}" if about else None))
    return drawn(posts)


def why_believed(found: Confidence, language: Language) -> Iterator[str]:
    """The word, what speaks for it and against it, and what was measured."""
    texts, names = _TEXTS[language], _SIGNS[language]
    yield texts["word"].format(word=_WORDS[language][found.word])
    for key, against in (("for", False), ("against", True)):
        signs = [names[sign] for sign in found.signs if (sign in AGAINST) == against]
        if signs:
            yield texts[key].format(signs=", ".join(signs))
    if found.word == "learning":
        return
    share = "?" if found.measured is None else round(100 * found.measured)
    yield texts["unmeasured" if found.measured is None else "measured"].format(share=share, prior=PRIOR)
    if found.judged.real + found.judged.false:
        yield texts["own"].format(real=found.judged.real, false=found.judged.false)


def how_many_more(found: Drawn, language: Language) -> str:
    """`Each post draws about 2 more`, of ten posts where it is fewer than one and a half."""
    texts, each = _TEXTS[language], found.each
    key, count = ("one", round(each)) if each >= 1.5 else ("ten", round(10 * each))
    said = texts[key].format(each=number(count, language))
    replies, posts = (number(count, language) for count in (found.replies, found.posts))
    return texts["seen"].format(said=said, replies=replies, posts=posts, hours=_HOURS)


def in_json(found: Confidence | None) -> Any:
    """The same for programs."""
    if found is None:
        return None
    return {
        "word": found.word,
        "signs": found.signs,
        "measured": found.measured,
        "judged_real": found.judged.real,
        "judged_false": found.judged.false,
    }
