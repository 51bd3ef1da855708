from typing import Literal

from pydantic import Field

from config.model import Model
from config.spec import Spec


class Floor(Model):
    posts: int = Field(default=1, ge=1)
    authors: int = 1


class Options(Model):
    of: Literal["negative", "posts"] = "negative"
    at_least: Floor = Floor()
    brands: tuple[str, ...] | None = None


SPEC = Spec(kind="spike", summary="More than usual.", options=Options, example={})
