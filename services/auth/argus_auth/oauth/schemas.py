"""Signing in elsewhere, on the wire."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from argus_auth.fields import Moment, NewPassword


class ProviderName(BaseModel):
    """An OpenID Connect provider that people may sign in with."""

    slug: str
    name: str


class OAuthConfig(BaseModel):
    """Which login providers are configured."""

    github: bool
    providers: Sequence[ProviderName]


class AuthorizeUrl(BaseModel):
    """Where the browser goes to link an account; the cookies of this answer come with it."""

    authorize_url: str


class FirstPassword(BaseModel):
    """A password for an account that has none."""

    new_password: NewPassword


class LinkedAccount(BaseModel):
    """An account elsewhere that opens this one. `is_usable`: its provider is there and enabled."""

    provider: str
    slug: str
    name: str
    login: str | None
    email: str | None
    linked_at: Moment
    is_usable: bool
