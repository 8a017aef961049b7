"""Reading an ID token: nothing in it counts before its signature and its claims hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry

from argus_auth.oauth.discovery import ALGORITHMS, Directory, Metadata
from argus_auth.oauth.external import Refused
from argus_kit.clock import now

_LEEWAY_S = 60
_LONGEST_SUBJECT = 255
# Headers that we do not know change nothing (RFC 7515, 4); a critical one is refused by the library.
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


async def verify(
    directory: Directory,
    metadata: Metadata,
    token: Any,
    *,
    client_id: str,
    nonce: str,
    access_token: str,
) -> Mapping[str, Any]:
    """The claims of a token that this provider issued to us, for this login, a moment ago.

    Raises:
        Refused: token_invalid.
        Unavailable: the provider's keys cannot be had.
    """
    if not isinstance(token, str):
        raise Refused("token_invalid", "there is no ID token; is `openid` among the scopes?")
    algorithm, kid = _header(token)
    key = await directory.key(metadata.jwks_uri, kid, algorithm)
    if key is None:
        raise Refused("token_invalid", f"the provider has no key {kid!r} for {algorithm}")
    claims = _checked(token, key, issuer=metadata.issuer, client_id=client_id, nonce=nonce, access_token=access_token)
    subject = claims["sub"]
    if not subject or len(subject) > _LONGEST_SUBJECT or not subject.isprintable():
        raise Refused("token_invalid", "the subject is no usable text")
    return claims


def _header(token: str) -> tuple[str, str | None]:
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError) as error:
        raise Refused("token_invalid", "the ID token cannot be read") from error
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise Refused("token_invalid", f"the ID token is signed by {algorithm!r}")
    if kid is not None and not isinstance(kid, str):
        raise Refused("token_invalid", "the ID token's key id is no text")
    return algorithm, kid


def _checked(token: str, key: Key, *, issuer: str, client_id: str, nonce: str, access_token: str) -> Mapping[str, Any]:
    try:
        read = jwt.decode(token, key, algorithms=ALGORITHMS, registry=_REGISTRY)
        claims: Mapping[str, Any] = CodeIDToken(
            read.claims,
            read.header,
            options={"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
            params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(now=int(now().timestamp()), leeway=_LEEWAY_S)  # type: ignore[attr-defined]
    except (JoseError, ValueError, TypeError) as error:
        raise Refused("token_invalid", f"{type(error).__name__}: {error}") from error
    return claims
