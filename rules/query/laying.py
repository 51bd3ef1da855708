"""Texts as those who look for letters read them: folded, and in signs of one byte, as fast as they are copied."""

import codecs
from collections.abc import Sequence

from rules.kept import Kept
from rules.query.words import may_be_masked, unmasked
from rules.text import fold, fold_whole

APART = "\x1e"
"""Stands between texts that are laid as one."""

_FIRST, _SIGNS = 0x86, 26
"""Signs that are in no text, and neither letters nor spaces; two of them stand for whatever is not in Latin-1. More
than one character may be written so: what is found by these is less than it seems, never more.
"""
_LONGEST = 8
_LONGEST_WORD = 24
_LAID = "badbuzz.laid"
_DOUBTFUL = "\xad"  # folding drops it


def signs(folded: str) -> str:
    """A folded text, or what is looked for in one, in signs."""
    return folded if folded.isascii() else folded.encode("latin-1", _SIGNED).decode("latin-1")


def _sign(character: str) -> str:
    rest, low = divmod(ord(character), _SIGNS)
    return chr(_FIRST + low) + chr(_FIRST + rest % _SIGNS)


def _sign_run(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _SIGN_RUNS[error.object[error.start : error.end]], error.end


_SIGN_RUNS = Kept(lambda run: "".join(map(_sign, run)), longest=_LONGEST_WORD)
_SIGNED = "badbuzz.signs"
codecs.register_error(_SIGNED, _sign_run)

_RUNS = Kept(lambda run: (_DOUBTFUL if may_be_masked(run) else "") + signs(fold_whole(run)), longest=_LONGEST)
"""Runs of characters beyond Latin-1 as they are laid."""


def _lay_run(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _RUNS[error.object[error.start : error.end]], error.end


# the encoder copies what is in Latin-1 and asks for the rest, in half the time of a regular expression
codecs.register_error(_LAID, _lay_run)

_FOLDED = [fold(chr(code)) for code in range(256)]
_ONE = bytes(ord(to) if len(to) == 1 and to <= "\xff" else code for code, to in enumerate(_FOLDED))
_NONE = bytes(code for code, to in enumerate(_FOLDED) if not to)
_MORE = [(bytes([code]), signs(to).encode("latin-1")) for code, to in enumerate(_FOLDED) if len(to) > 1 or to > "\xff"]


def laid(texts: Sequence[str]) -> str:
    """Texts, unmasked, folded and in signs, with APART and a space between them."""
    whole = f"{APART} ".join(texts).encode("latin-1", _LAID)
    if whole.count(APART.encode()) >= len(texts) > 0:
        return laid([text.replace(APART, " ") for text in texts])
    if _DOUBTFUL.encode("latin-1") in whole:
        whole = _unmasked(whole, texts)
    whole = whole.translate(_ONE, _NONE)
    for letter, letters in _MORE:
        whole = whole.replace(letter, letters)
    return whole.decode("latin-1")


def _unmasked(whole: bytes, texts: Sequence[str]) -> bytes:
    parts, doubtful = whole.split(APART.encode()), _DOUBTFUL.encode("latin-1")
    for number, part in enumerate(parts):
        if doubtful in part:
            parts[number] = (" " * bool(number) + unmasked(texts[number])).encode("latin-1", _LAID)
    return APART.encode().join(parts)
