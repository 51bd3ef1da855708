from pydantic import Field

from config.model import Model, Secret
from config.spec import Spec


class Options(Model):
    server: str = "https://chat.example"
    sender: str | None = Field(default=None, alias="from")
    token: Secret
    """What lets badbuzz in."""


SPEC = Spec(kind="chat", summary="Say it in the chat.", options=Options, example={"token": "x"})
