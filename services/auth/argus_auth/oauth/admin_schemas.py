"""OpenID Connect providers as administrators see and set them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from argus_auth.fields import Moment, Printable
from argus_auth.oauth.addresses import issuer_problem
from argus_auth.oauth.roles import GroupRoles

Domain = Annotated[
    str, Field(pattern=r"^(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*$", max_length=253)
]
_SCOPES = r"^[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*$"


class OidcProviderUpdate(BaseModel):
    """All of a provider. `client_secret`: `***` leaves it as it is, an empty text or null takes it away."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Printable, Field(min_length=1, max_length=64)]
    issuer: Annotated[Printable, Field(min_length=1, max_length=1024)]
    client_id: Annotated[Printable, Field(min_length=1, max_length=512)]
    client_secret: Annotated[Printable, Field(max_length=1024)] | None = None
    scopes: Annotated[str, Field(pattern=_SCOPES, max_length=512)] = "openid email profile"
    allowed_domains: Annotated[list[Domain], Field(max_length=100)] = []
    groups_claim: Annotated[Printable, Field(max_length=200)] | None = None
    group_roles: GroupRoles = {}
    required_group: Annotated[Printable, Field(max_length=200)] | None = None
    is_enabled: bool = True

    @field_validator("issuer")
    @classmethod
    def _issuer_can_be_one(cls, value: str) -> str:
        problem = issuer_problem(value)
        if problem is not None:
            raise ValueError(f"the issuer {problem}")
        return value

    @field_validator("scopes")
    @classmethod
    def _asks_for_an_id_token(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("openid must be among the scopes: without it there is no ID token")
        return value

    @field_validator("groups_claim", "required_group")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value or None


class OidcProviderOut(BaseModel):
    """A provider. The secret is `***`, or empty when there is none. `linked_people` counts who signs in with it."""

    slug: str
    name: str
    issuer: str
    client_id: str
    client_secret: str
    scopes: str
    allowed_domains: Sequence[str]
    groups_claim: str | None
    group_roles: dict[str, Any]
    required_group: str | None
    is_enabled: bool
    source: Literal["db", "env"]
    callback_url: str
    linked_people: int
    created_at: Moment | None
    updated_at: Moment | None
    updated_by: int | None


class OidcCheck(BaseModel):
    """One thing that was looked at; `message` is empty when it is well."""

    name: Literal["discovery", "keys", "pkce", "scopes", "secret"]
    ok: bool
    message: str = ""


class OidcTest(BaseModel):
    """Whether the provider can be used, as far as that can be said without a person who signs in."""

    ok: bool
    checks: Sequence[OidcCheck]
