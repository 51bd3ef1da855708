"""Whether badbuzz itself still works, from the inside (canary) and told to somebody outside (heartbeat)."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from config.model import Duration, Model, Secret
from config.values import Listed


def _web(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().startswith(("http://", "https://")):
        raise ValueError("not a web address: it starts with http:// or https://")
    return secret


class Canary(Model):
    """A hidden made-up mention that goes the whole way of an alert, again and again; nobody sees it."""

    every: Annotated[Duration, Field(ge=timedelta(seconds=10), le=timedelta(hours=1))] = timedelta(minutes=5)
    """How often one is sent."""
    within: Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(minutes=30))] = timedelta(minutes=1)
    """How long it may take. The operator hears of one that takes longer, and of the first one after that."""
    to: Listed[str] = ()
    """Channels that get it as well, such as a webhook of a program: a person would be disturbed each time."""

    @model_validator(mode="after")
    def _one_at_a_time(self) -> Self:
        if self.within > self.every:
            raise ValueError("`within` must not be longer than `every`")
        return self


class Heartbeat(Model):
    """A sign of life for a watchdog elsewhere, which rings when none comes. It is only sent while all is well."""

    url: Annotated[Secret, AfterValidator(_web)]
    """Where to send it: a check of healthchecks.io, a push monitor of Uptime Kuma, an Alertmanager ..."""
    every: Annotated[Duration, Field(ge=timedelta(seconds=10), le=timedelta(hours=24))] = timedelta(minutes=1)
    """How often. The watchdog should wait for two or three of them."""
    by: Literal["get", "post", "alertmanager"] = "get"
    """How: a plain GET or POST, or an alert that Alertmanager (`url` is its own address) holds as firing while signs
    of life come: a route to a dead man's switch."""
