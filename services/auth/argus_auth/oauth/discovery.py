"""What an OpenID Connect provider says of itself: its endpoints, and the keys that its ID tokens are signed with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from argus_auth.oauth import outgoing
from argus_auth.oauth.addresses import endpoint_problem
from argus_auth.oauth.external import Unavailable

if TYPE_CHECKING:
    import httpx
    from joserfc.jwk import Key

# Signatures by a key that only the provider has. `none` is no signature, and HS* would take our client secret, or a
# public key that everyone has, for the key.
ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
_METADATA_S = 3600.0
_KEYS_S = 3600.0
# How often an unknown key makes us ask again: a rotation is noticed at once, a forger costs the provider little.
_ASK_AGAIN_S = 60.0
# How long a provider that did not answer is not asked again: those who wait their turn would each wait for it, too.
_FAILED_S = 5.0


class Metadata(NamedTuple):
    """A provider's endpoints and habits. `names_itself`: its redirects carry `iss` (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    auth_methods: Sequence[str]
    challenge_methods: Sequence[str] | None
    names_itself: bool


class _Keys(NamedTuple):
    keys: Sequence[Key]
    fetched_at: float


class Directory:
    """Remembers what providers said, for an hour. One per HTTP client, which is opened when it is first needed."""

    def __init__(self, open_client: Callable[[], httpx.AsyncClient]) -> None:
        self._open_client = open_client
        self._http: httpx.AsyncClient | None = None
        self._metadata: dict[str, tuple[Metadata, float]] = {}
        self._keys: dict[str, _Keys] = {}
        self._failed: dict[str, tuple[str, float]] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    @property
    def http(self) -> httpx.AsyncClient:
        """The client for all calls to these providers."""
        if self._http is None:
            self._http = self._open_client()
        return self._http

    async def close(self) -> None:
        """Close the client."""
        if self._http is not None:
            await self._http.aclose()

    async def metadata(self, issuer: str, *, fresh: bool = False) -> Metadata:
        """By discovery; `fresh` asks the provider in any case.

        Raises:
            Unavailable: it does not answer, or answers for another issuer.
        """
        async with self._turn(issuer):
            known = self._metadata.get(issuer)
            if known is not None and not fresh and time.monotonic() - known[1] < _METADATA_S:
                return known[0]
            url = issuer.rstrip("/") + "/.well-known/openid-configuration"
            found = read_metadata(issuer, await self._ask(url, fresh=fresh))
            self._metadata[issuer] = (found, time.monotonic())
            return found

    async def key(self, jwks_uri: str, kid: str | None, algorithm: str) -> Key | None:
        """The key that a token names; None when the provider has none such.

        Raises:
            Unavailable: the keys cannot be had.
        """
        async with self._turn(jwks_uri):
            known = self._keys.get(jwks_uri)
            age = time.monotonic() - known.fetched_at if known is not None else None
            if known is None or age is None or age > _KEYS_S:
                known = await self._fetch(jwks_uri)
            elif (found := choose(known.keys, kid, algorithm)) is not None or age < _ASK_AGAIN_S:
                return found
            else:
                known = await self._fetch(jwks_uri)
            return choose(known.keys, kid, algorithm)

    async def keys(self, jwks_uri: str) -> Sequence[Key]:
        """All usable keys, asked for anew.

        Raises:
            Unavailable: they cannot be had.
        """
        async with self._turn(jwks_uri):
            return (await self._fetch(jwks_uri, fresh=True)).keys

    async def _fetch(self, jwks_uri: str, *, fresh: bool = False) -> _Keys:
        fetched = _Keys(read_keys(await self._ask(jwks_uri, fresh=fresh)), time.monotonic())
        self._keys[jwks_uri] = fetched
        return fetched

    async def _ask(self, url: str, *, fresh: bool) -> Mapping[str, Any]:
        failed = self._failed.get(url)
        if failed is not None and not fresh and time.monotonic() - failed[1] < _FAILED_S:
            raise Unavailable(failed[0])
        try:
            return await outgoing.get_object(self.http, url)
        except Unavailable as error:
            self._failed[url] = (str(error), time.monotonic())
            raise

    def _turn(self, name: str) -> asyncio.Lock:
        return self._turns.setdefault(name, asyncio.Lock())


def read_metadata(issuer: str, document: Mapping[str, Any]) -> Metadata:
    """The discovery document, checked.

    Raises:
        Unavailable: it is another issuer's, or names no usable endpoints.
    """
    if document.get("issuer") != issuer:
        raise Unavailable(f"the provider calls itself {document.get('issuer')!r}, not {issuer!r}")
    endpoints = {name: document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    userinfo = document.get("userinfo_endpoint")
    for name, url in {**endpoints, **({"userinfo_endpoint": userinfo} if userinfo is not None else {})}.items():
        problem = endpoint_problem(url) if isinstance(url, str) else "is missing"
        if problem is not None:
            raise Unavailable(f"the provider's {name} {problem}")
    algorithms = document.get("id_token_signing_alg_values_supported")
    if isinstance(algorithms, list) and not set(ALGORITHMS) & {str(name) for name in algorithms}:
        raise Unavailable("the provider signs ID tokens by no algorithm that Argus takes")
    return Metadata(
        issuer=issuer,
        **{name: str(url) for name, url in endpoints.items()},
        userinfo_endpoint=userinfo,
        auth_methods=_texts(document.get("token_endpoint_auth_methods_supported")) or ("client_secret_basic",),
        challenge_methods=_texts(document.get("code_challenge_methods_supported")),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def read_keys(document: Mapping[str, Any]) -> Sequence[Key]:
    """The public keys of a JWK set that can verify a signature; others are left out.

    Raises:
        Unavailable: none is left.
    """
    entries = document.get("keys")
    keys = [key for entry in entries if (key := _key(entry)) is not None] if isinstance(entries, list) else []
    if not keys:
        raise Unavailable("the provider publishes no key that can verify an ID token")
    return keys


def choose(keys: Sequence[Key], kid: str | None, algorithm: str) -> Key | None:
    """The key of this id that fits the algorithm. A token that names none has only one key to mean."""
    kind = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}.get(algorithm[:2])
    fitting = [key for key in keys if key.key_type == kind and key.alg in {None, algorithm}]
    if kid is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((key for key in fitting if key.get("kid") == kid), None)


def _key(entry: Any) -> Key | None:
    # Loaded with the first provider's keys.
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    # A symmetric key (`oct`) has no place in what everyone can read.
    if not isinstance(entry, dict) or entry.get("kty") not in {"RSA", "EC", "OKP"} or entry.get("use") == "enc":
        return None
    public = {name: value for name, value in entry.items() if name not in {"d", "p", "q", "dp", "dq", "qi", "oth"}}
    try:
        return KeySet.import_key_set({"keys": [public]}).keys[0]
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _texts(value: Any) -> Sequence[str] | None:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else None
