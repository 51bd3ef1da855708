"""English texts that touch every rule of vaderSentiment, made at random from its own tables."""

from random import Random

from vaderSentiment import vaderSentiment as package  # noqa: N813  # a module

ORIGINAL = package.SentimentIntensityAnalyzer()
_CASES = " ".join([*package.SPECIAL_CASES, *(name for name in package.BOOSTER_DICT if " " in name)]).split()
_PLAIN = ["I", "was", "the", "flight", "with", "Acme", "and", "again", "a", "is", "café", "2nd"]
_ALTERING = ["never", "so", "this", "without", "doubt", "least", "at", "very", "no", "nor", "or", "but", "but", "BUT"]
_KINDS = (
    (list(ORIGINAL.lexicon), 40),
    (list(package.BOOSTER_DICT), 10),
    (package.NEGATE, 10),
    ([*_CASES, *_ALTERING], 20),
    (list(ORIGINAL.emojis), 4),
    (_PLAIN, 16),
)
_MARKS = ("!", "?", "...", "!!", "??????", ",", ".", "'", " ", "'s")


def english(random: Random) -> str:
    """Up to 25 words."""
    words = " ".join(_word(random) for _ in range(random.randrange(26)))
    return words.replace("  ", random.choice([" ", "  ", "\n", ""]))


def _word(random: Random) -> str:
    words = random.choices([words for words, _ in _KINDS], [share for _, share in _KINDS])[0]
    word = random.choice(words)
    word = random.choices([word, word.upper(), word.capitalize()], [85, 10, 5])[0]
    word += random.choice(_MARKS) if random.random() < 0.12 else ""
    return random.choice("\"(#@*'") + word if random.random() < 0.03 else word
