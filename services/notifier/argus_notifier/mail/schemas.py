"""A try of a mail server, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr


def _called(name: str) -> AliasChoices:
    # The published page says smtp_host where the contract says host.
    return AliasChoices(name, f"smtp_{name}")


class TrialRequest(BaseModel):
    """The mail server to try. `***` stands for the password that is stored, where host and port are the stored ones."""

    model_config = ConfigDict(extra="ignore")

    host: Annotated[str, Field(min_length=1, max_length=255, validation_alias=_called("host"))]
    port: Annotated[int, Field(ge=1, le=65535, validation_alias=_called("port"))] = 587
    username: Annotated[str | None, Field(max_length=255, validation_alias=_called("username"))] = None
    password: Annotated[SecretStr | None, Field(max_length=1024, validation_alias=_called("password"))] = None
    use_tls: bool = True
    use_ssl: bool = False
    from_addr: Annotated[
        str | None, Field(max_length=320, validation_alias=AliasChoices("from_addr", "smtp_from_address"))
    ] = None


class TrialOut(BaseModel):
    """What became of it."""

    ok: bool
    message: str | None = None
    error: str | None = None
