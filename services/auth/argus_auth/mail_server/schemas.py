"""The mail server on the wire."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from argus_auth.fields import Moment


class _MailServer(BaseModel):
    enabled: bool = True
    smtp_host: str | None = Field(None, max_length=253)
    smtp_port: int = Field(587, ge=1, le=65_535)
    smtp_username: str | None = Field(None, max_length=1024)
    smtp_from_address: str | None = Field(None, max_length=254)
    smtp_from_name: str | None = Field(None, max_length=100)
    use_tls: bool = True
    use_ssl: bool = False


class MailServerIn(_MailServer):
    """The mail server to use from now on. The password `***` leaves it as it is; null or nothing removes it."""

    model_config = ConfigDict(extra="forbid")

    smtp_password: SecretStr | None = Field(None, max_length=1024)


class MailServerOut(_MailServer):
    """The mail server that is used now. `has_password`: one is there; it is never shown."""

    smtp_password: str = "***"
    has_password: bool
    updated_at: Moment | None
    updated_by_user_id: int | None
