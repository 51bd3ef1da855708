"""Which language a text is written in: what the platform says, else what its words look like among a brand's own."""

import re
import unicodedata
from collections.abc import Sequence

from rules.text import Folded, tokens

_READ = 2_000  # characters: enough to tell, and cheap
_THREE_LETTERS = {
    "ara": "ar", "deu": "de", "dut": "nl", "ell": "el", "eng": "en", "fra": "fr", "fre": "fr", "ger": "de", "gre": "el",
    "heb": "he", "hin": "hi", "ita": "it", "jpn": "ja", "kor": "ko", "nld": "nl", "pol": "pl", "por": "pt", "rus": "ru",
    "spa": "es", "tur": "tr", "zho": "zh", "chi": "zh",
}  # fmt: skip
_NOT_A_LANGUAGE = frozenset({"xx", "un", "qq", "zz"})

# Words that are frequent in one of these languages and rare in the others.
_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "fr": "la de en un si le les des du une et est pas que qui dans pour sur avec ce cette ces mais ou nous vous"
        " ils elle elles je mon ma mes ton votre vos notre nos leur leurs au aux son ses suis sont etait etes ont avez"
        " avons fait faire plus tres bien tout tous toute depuis jamais rien encore toujours aucun aucune ca cela chez"
        " comme quand meme moi toi lui donc car sans apres avant deja trop merci bonjour deux trois jour jours"
        " heures heure qu j c d l n quoi pourquoi alors aussi faut peut va vais veut quel quelle on ne jpp svp oui ai",
        "en": "the and is are was were of to in that this it its for with you your my we our they their he she his her"
        " not have has had do does did don't but at by from be been will would can could should what when where who"
        " why how there here an as so if or just about out up all any no than then after before never now very more"
        " i am me us them get got been being because still only really too thanks please day time much again s t"
        " don doesn didn isn won can ve re ll",
        "es": "el los las una y es que por para con pero como muy esta este del al su sus lo le se nos mas yo tu ya"
        " hay todo todos cuando porque sin sobre ser fue gracias nunca siempre de la en que a si me te esto eso ni ha"
        " bien hoy ahora asi solo tan",
        "de": "der die das und ist nicht ein eine einen mit auf fur von zu den dem des sich auch wir ihr sie ich aber"
        " wie wird sind war noch nur nach bei aus kein keine mein immer wieder in an im dass hat so was um es man mal"
        " ja wenn mehr oder habe haben kann du mir mich heute doch jetzt vom zum zur gegen uber",
        "it": "il lo gli una che di per con non sono della delle nel alla come piu questo questa ma anche ho hai ha"
        " e mi ti ci vi molto sempre mai grazie perche di in la un dei dal sul tutti io chi se",
        "pt": "o os as um uma que nao para com mas muito esta este do da dos das no na em ao se por eu voce ele ela"
        " foi ser sao tem mais ja nunca sempre obrigado porque de que e a me te isso quem so meu minha vai pra",
        "nl": "de het een en is niet van op voor met maar dat die ik je wij zijn was naar bij ook nog dan wel geen"
        " heeft deze dit uit",
    }.items()
}
_ENDINGS: dict[str, re.Pattern[str]] = {
    "fr": re.compile(r".{2,}(?:eux|euse|aux|eau|eaux|ez|ement|ique|oire|aient|ait|ions|ette|ais|ee|ees|eurs?)$"),
    "en": re.compile(r".{2,}(?:ing|ght|ness|ed|th|ly|ful|less|wn|ck|sh|ity|ous)$|^wh"),
}
_ACCENTED = {"fr": "éèêçàùœîôûâëï", "es": "ñ¿¡", "de": "ßäü", "pt": "ãõ"}
_SCRIPTS = {"ar": "ARABIC", "el": "GREEK", "he": "HEBREW", "hi": "DEVANAGARI", "ja": "HIRAGANA KATAKANA CJK",
            "ko": "HANGUL", "ru": "CYRILLIC", "uk": "CYRILLIC", "zh": "CJK"}  # fmt: skip
_BEYOND_LATIN = re.compile(r"[^\W\d_\u0000-\u024f]")  # a letter of another script, or of rare Latin
_CLEAR, _RATIO = 1.0, 1.3  # what must speak for another language, in stop words: more by so much, and so many times


def little_words(language: str) -> frozenset[str]:
    """The most frequent words of a language, folded, that say nothing alone; none for one that is not known here."""
    return _WORDS.get(language, frozenset())


def normalise(tag: str | None) -> str | None:
    """The two- or three-letter code of a tag (`fr-FR`, `fra`, `fr_CA`), None for none and for `und` and its like."""
    code = re.split(r"[-_]", (tag or "").strip().lower())[0]
    code = _THREE_LETTERS.get(code, code)
    private = code in _NOT_A_LANGUAGE or (code.startswith("q") and len(code) == 3)  # as X tags what holds no words
    if not re.fullmatch(r"[a-z]{2,3}", code) or code in ("und", "mul", "mis", "zxx", "art") or private:
        return None
    return code


def identify(text: str, tag: str | None, candidates: Sequence[str]) -> str | None:
    """The language of a text: the platform's tag; else the likeliest of `candidates` (a brand's languages, the first
    when nothing tells), unless the words or the script are clearly another's. None when no language is known.
    """
    said = normalise(tag)
    if said:
        return said
    known = tuple(filter(None, map(normalise, candidates)))
    script = _script(text[:_READ])
    if script != "LATIN" and script:
        return next((code for code in known if script in _SCRIPTS.get(code, "")), None) or _of_script(script)
    known = tuple(code for code in known if code not in _SCRIPTS) or (() if known else ("fr", "en"))
    signs = _signs(text[:_READ])
    best = max(signs, key=lambda code: (signs[code], code in known))
    if not known:
        return best if signs[best] else None
    likely = max(known, key=lambda code: signs.get(code, 0.0))
    clear = signs[best] >= max(signs.get(likely, 0.0) + _CLEAR, _RATIO * signs.get(likely, 0.0))
    if best not in known and clear:
        return best
    return likely if candidates or signs[likely] else None


def _of_script(script: str) -> str | None:
    codes = [code for code, names in _SCRIPTS.items() if script in names]
    return codes[0] if len(codes) == 1 else None


def _script(text: str) -> str:
    """The script most letters belong to; LATIN or "" when there are none."""
    if not _BEYOND_LATIN.search(text):
        return "LATIN"
    counts: dict[str, int] = {}
    for character in text:
        if character.isalpha():
            name = unicodedata.name(character, "").split(" ")[0]
            counts[name] = counts.get(name, 0) + 1
    return max(counts, key=lambda name: counts[name]) if counts else ""


def _signs(text: str) -> dict[str, float]:
    """How much speaks for each language: a stop word 1, an accent or ending of its own less."""
    words = [token.text for token in tokens(Folded(text)) if token.kind == "word"]
    signs = {code: float(sum(word in own for word in words)) for code, own in _WORDS.items()}
    for code, pattern in _ENDINGS.items():
        signs[code] += 0.3 * sum(bool(pattern.match(word)) for word in words)
    for code, letters in _ACCENTED.items():
        signs[code] += 0.5 * min(4, sum(text.count(letter) for letter in letters))
    return signs
