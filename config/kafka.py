"""The Kafka between processes that listen and processes that judge."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.model import File, Model, Secret
from config.values import Listed


def _broker(text: str) -> str:
    match = re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:\s/]+):(\d{1,5})", text)
    if not match or not 0 < int(match[1]) <= 65_535:
        raise ValueError("a broker is host:port, such as kafka1.example:9092")
    return text


Mechanism = Literal["scram-sha-512", "scram-sha-256", "plain"]


class Kafka(Model):
    """The cluster through which the roles of `badbuzz run --role` speak; needs `badbuzz[scale]`."""

    brokers: Annotated[Listed[Annotated[str, AfterValidator(_broker)]], Field(min_length=1)]
    """Some of its brokers, host:port: the others are found through them."""
    topics: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] = "badbuzz"
    """How the names of its topics begin: there is one of each source, `<topics>.<source>`, and `<topics>-mentions` with
    what is judged.
    """
    parts: Annotated[int, Field(ge=1, le=64)] = 8
    """In how many parts brands are judged, each by one process at a time: so many processes can judge at most. So many
    partitions has `<topics>-mentions`, and the number stays as it is once that is there.
    """
    copies: Annotated[int, Field(ge=1, le=9)] = 3
    """On how many brokers each topic is kept, where badbuzz makes it."""
    user: Annotated[str, StringConstraints(min_length=1)] | None = None
    """Who logs in; nobody does when not given."""
    password: Secret | None = None
    """Password of `user`."""
    mechanism: Mechanism = "scram-sha-512"
    """How `user` logs in."""
    tls: bool = False
    """Whether the brokers are reached by TLS."""
    ca_file: File | None = None
    """Certificates to trust instead of the system's, as PEM."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("`user` and `password` go together: give both, or neither")
        if self.mechanism == "plain" and not self.tls:
            raise ValueError("`plain` sends the password as it is: add tls: true, or log in with scram-sha-512")
        if self.ca_file and not self.tls:
            raise ValueError("`ca_file` is for TLS: add tls: true")
        return self
