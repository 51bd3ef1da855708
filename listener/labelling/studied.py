"""What a training came to, as it is stored and shown."""

import msgspec

from rules.labelling.quality import Estimate, Quality
from rules.labelling.train import Compared, Study


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """Figures from 0 to 1, each with the interval that holds it 19 times out of 20."""

    macro_f1: Estimate
    negative_precision: Estimate
    negative_recall: Estimate


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """Of one language: `n` texts; what the pack and the model scored on marks that the model had not seen; whether the
    model is used, and why, as `rules.labelling.train` says.
    """

    n: int
    used: bool
    verdict: str
    gain: float
    error: float
    pack: Scores
    model: Scores


class Studied(msgspec.Struct, frozen=True, kw_only=True):
    """So many `marks` were learnt from; `basis` names what judged without them."""

    marks: int
    basis: str = ""
    reason: str
    by_language: dict[str, Language]


def studied(study: Study, marks: int, basis: str) -> bytes:
    """The JSON of a study."""
    languages = {name: _language(each) for name, each in study.by_language.items()}
    return msgspec.json.encode(Studied(marks=marks, basis=basis, reason=study.reason, by_language=languages))


def read_study(stored: bytes) -> Studied:
    """What `studied` wrote. Raises msgspec.ValidationError."""
    return msgspec.json.decode(stored, type=Studied)


def scores(measured: Quality) -> Scores:
    """The figures that people look at."""
    return Scores(
        macro_f1=measured.macro_f1,
        negative_precision=measured.negative_precision,
        negative_recall=measured.negative_recall,
    )


def _language(compared: Compared) -> Language:
    return Language(
        n=compared.n,
        used=compared.used,
        verdict=compared.verdict,
        gain=compared.gain,
        error=compared.error,
        pack=scores(compared.pack),
        model=scores(compared.model),
    )
