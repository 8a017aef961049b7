"""Signing keys on the wire."""

from __future__ import annotations

from pydantic import BaseModel

from argus_auth.fields import Moment


class Jwk(BaseModel):
    """A public key (RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    alg: str
    use: str


class Jwks(BaseModel):
    """The keys that verify sessions now."""

    keys: list[Jwk]


class JwtStatus(BaseModel):
    """When the key was rotated, until when the one before it verifies, and when it will be rotated by itself."""

    rotated_at: Moment | None
    has_previous: bool
    previous_expires_at: Moment | None
    grace_seconds: int
    next_rotation_at: Moment | None


class JwtRotated(BaseModel):
    """The key was rotated now."""

    rotated_at: Moment
    grace_seconds: int
