"""The words of a text as packs read them."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from itertools import accumulate, compress

from rules.kept import Kept
from rules.packs.learnt import features
from rules.text import MARK, PICTURE, SIGNED, UNSPACED, fold, folded

_UNNAMED = re.sub(r"\?P<\w+>", "?:", SIGNED)
_PIECE = re.compile(
    rf"""([a-gi-vx-z][a-z]*+(?![\w{MARK}])
    | {_UNNAMED}
    | \d+(?:[.,]\d+)+(?![^\W_])
    | [{UNSPACED}][\u3099\u309a]?
    | (?:[^\W_{UNSPACED}]+|[{MARK}])+
    | [{PICTURE}])
    """,
    re.VERBOSE,
)
_AMOUNT = re.compile(r"(\d+)([^\W\d_]+)")
_HUMP = re.compile(r"[A-ZÀ-Þ]?[a-zß-ÿœ]+|[A-ZÀ-Þ]+(?![a-zß-ÿœ])|\d+")
_FACE = re.compile(r"(?<![^\W_])(?:(?P<good>[:=]['’]?-?[)\]DpP]+|<3+|\^_*\^|[xX]D+)|[:=]['’]?-?[(\[{/|\\]+)(?![^\W_/])")
_OF_FACES = (":", "=", "<3", "^", "xD", "XD")  # without one of these there is none
_SENTENCE_END, _CLAUSE_END = re.compile(r"[.!?\n…]"), re.compile(r"[.,;:!?\n…()]")
_NAME = ("@",)
_WINDOW = 3  # words before a word that may turn or strengthen it

Said = Kept[tuple[str, ...] | None]
"""The words that a piece stands for: none for a link; None for one that stands for itself, itself for a hashtag."""


def cut(text: str) -> list[str]:
    """A folded text in the pieces that `rules.text.tokens` finds, and by turns what is between them; linear in time."""
    return _PIECE.split(text)


def sayings(spellings: Mapping[str, tuple[str, ...]]) -> Said:
    """What pieces say, where short and wrong spellings stand for words."""
    return Kept(partial(_said, spellings))


def _said(spellings: Mapping[str, tuple[str, ...]], piece: str) -> tuple[str, ...] | None:
    if piece[0] == "@":
        return _NAME  # whatever it says
    if piece.startswith(("http://", "https://", "www.")):
        return ()
    if piece[0] == "#":
        return spellings.get(piece[1:], (piece,))
    if amount := _AMOUNT.fullmatch(piece):  # people write "2h" and "2 h"
        return tuple(word for part in amount.groups() for word in spellings.get(part, (part,)))
    return spellings.get(piece)


class Reading:
    """The words of a text. `starts` and `sentences`: of each clause the word that it begins with, and the clause that
    its sentence begins with; `ends`: the last words of clauses; `asked`: the clauses that belong to a question.
    """

    def __init__(self, text: str, said: Said) -> None:
        self._text = text
        self._faces = _faces(text)
        self._folded = folded(_FACE.sub(_pictured, text) if self._faces else text)
        self._parts = cut(self._folded.text)
        self.words, gaps = self._parts[1::2], self._parts[2::2]
        self._places: Sequence[int] = range(len(self.words))
        meant = list(map(said.__getitem__, self.words))
        if meant.count(None) < len(meant):
            gaps = self._spell(meant, gaps)
        self._divide(gaps)

    def _spell(self, meant: Sequence[tuple[str, ...] | None], gaps: Sequence[str]) -> list[str]:
        """Take what pieces stand for as the words; what is then between them."""
        pieces, words, places, between, done = self.words, list[str](), list[int](), list[str](), 0
        for at, said in enumerate(meant):
            if said is None:
                continue
            words += pieces[done:at]
            places += range(done, at)
            between += gaps[done:at]
            done = at + 1
            if said:
                spelled = self._humps(at) if said[0][0] == "#" else said
                words += spelled
                places += [at] * len(spelled)
                between += [*[""] * (len(spelled) - 1), gaps[at]]
            elif between:
                between[-1] += pieces[at] + gaps[at]
        self.words, self._places = words + pieces[done:], [*places, *range(done, len(pieces))]
        return between + list(gaps[done:])

    def _humps(self, at: int) -> Sequence[str]:
        """The words of a hashtag."""
        written = self._text[slice(*self._origin(at, at))]
        return [fold(piece) for piece in _HUMP.findall(written)] or [self._parts[2 * at + 1][1:]]

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(map(len, self._parts)))

    def _origin(self, first: int, last: int) -> tuple[int, int]:
        """Where pieces stand in the text."""
        return self._folded.origin(self._ends[2 * first], self._ends[2 * last + 1])

    def _divide(self, gaps: Sequence[str]) -> None:
        """Negation does not reach over punctuation; a question mark reaches back over commas."""
        self.starts, self.sentences, self.asked = [0], [0], set[int]()
        signs = list(map(_SIGNS.__getitem__, gaps))
        self.ends = list(compress(range(len(signs)), signs))
        sentence = 0
        for clause, end in enumerate(self.ends, 1):
            if signs[end] == "?":
                self.asked.update(range(sentence, clause))
            sentence = sentence if signs[end] == "," else clause
            self.starts.append(end + 1)
            self.sentences.append(sentence)

    def clause(self, at: int) -> int:
        """The number of the clause that a word is of."""
        return bisect_right(self.starts, at) - 1

    def is_asked(self, at: int) -> bool:
        """Whether a word is of a question."""
        return bool(self.asked) and self.clause(at) in self.asked

    def sentence(self, at: int) -> int:
        """What tells the sentence that a word is of."""
        return self.sentences[self.clause(at)]

    def features(self) -> set[str]:
        """What was learnt by of texts."""
        return features(self.words, bool(self.asked))

    def near(self, first: int, last: int) -> tuple[list[str], list[str]]:
        """The words before and after some, of the same clause, that may change what these mean."""
        begin = self.starts[self.clause(first)]
        following = bisect_right(self.starts, last)
        end = self.starts[following] if following < len(self.starts) else len(self.words)
        return self.words[max(begin, first - _WINDOW) : first], self.words[last + 1 : min(end, last + _WINDOW)]

    def written(self, first: int, last: int) -> str:
        """What the text says there."""
        start, end = self._origin(self._places[first], self._places[last])
        return self._text[start : self._faces.get(start, end)]


def _faces(text: str) -> Mapping[int, int]:
    """Where faces made of signs begin, and where each ends."""
    if not any(sign in text for sign in _OF_FACES):
        return {}
    return {face.start(): face.end() for face in _FACE.finditer(text)}


def _pictured(face: re.Match[str]) -> str:
    """A face made of signs as a picture of the same length."""
    return ("\N{SLIGHTLY SMILING FACE}" if face["good"] else "\N{SLIGHTLY FROWNING FACE}").ljust(len(face[0]))


def _sign(gap: str) -> str:
    """What parts words: a comma for a clause, a question mark or a full stop for a sentence."""
    if not _CLAUSE_END.search(gap):
        return ""
    return "?" if "?" in gap else "." if _SENTENCE_END.search(gap) else ","


_SIGNS = Kept(_sign)
