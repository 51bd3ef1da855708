"""Label models as they come back from the store."""

from collections.abc import Iterable

import structlog

from listener.store.marks import ModelRow
from rules.labelling.model import LabelModel

log = structlog.get_logger("labels")


def usable(rows: Iterable[ModelRow]) -> dict[str, LabelModel]:
    """The models in force by brand. One that cannot be read is said, and its brand goes by the language packs."""
    models: dict[str, LabelModel] = {}
    for row in rows:
        try:
            model = read_model(row)
        except ValueError as error:
            log.error("model_unreadable", brand=row.brand, error=str(error))  # noqa: TRY400  # no bug: no traceback
        else:
            models |= {row.brand: model} if model else {}
    return models


def read_model(row: ModelRow) -> LabelModel | None:
    """The model of a row; None when it has none. Raises ValueError when what is stored is not what was learnt."""
    if row.body is None:
        return None
    model = LabelModel.load(row.body)
    if model.hash != row.hash:
        raise ValueError(f"the stored model is not {row.hash} but {model.hash}")
    return model
