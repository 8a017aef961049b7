"""Signing in with an OpenID Connect provider: code flow with PKCE, state and nonce; the ID token says who it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argus_auth.oauth import outgoing
from argus_auth.oauth.discovery import Directory, Metadata
from argus_auth.oauth.external import Answer, External, Refused, Rules, Unavailable
from argus_auth.oauth.outgoing import ClientKeys
from argus_auth.oauth.roles import groups_in
from argus_auth.oauth.state import Flow


def key_of(slug: str) -> str:
    """What stands beside the links of a provider."""
    return f"oidc:{slug}"


@dataclass(frozen=True)
class Oidc:
    """One provider; see `external.Provider`."""

    directory: Directory
    slug: str
    name: str
    issuer: str
    client_id: str
    client_secret: str
    scopes: str
    rules: Rules
    callback_url: str

    @property
    def key(self) -> str:
        """See Provider."""
        return key_of(self.slug)

    async def authorize_url(self, flow: Flow, state: str) -> str:
        """See Provider."""
        metadata = await self.directory.metadata(self.issuer)
        return outgoing.authorize_url(
            metadata.authorization_endpoint,
            self._keys(metadata),
            state=state,
            verifier=flow.verifier,
            redirect_uri=self.callback_url,
            scope=self.scopes,
            nonce=flow.token_nonce,
        )

    async def identify(self, flow: Flow, answer: Answer) -> External:
        """See Provider."""
        metadata = await self.directory.metadata(self.issuer)
        # Else one provider could hand us another's code (mix-up, RFC 9207).
        if answer.issuer is None and metadata.names_itself:
            raise Refused("issuer_invalid", "the redirect does not say which provider it comes from")
        if answer.issuer not in {None, self.issuer}:
            raise Refused("issuer_invalid", "the redirect comes from another provider")
        token = await outgoing.exchange(
            self.directory.http,
            metadata.token_endpoint,
            self._keys(metadata),
            code=answer.code,
            verifier=flow.verifier,
            redirect_uri=self.callback_url,
        )
        # Authlib and joserfc are loaded with the first sign-in.
        from argus_auth.oauth import id_tokens

        claims = await id_tokens.verify(
            self.directory,
            metadata,
            token.get("id_token"),
            client_id=self.client_id,
            nonce=flow.token_nonce,
            access_token=token["access_token"],
        )
        return self._external(await self._completed(claims, metadata, token["access_token"]))

    async def _completed(self, claims: Mapping[str, Any], metadata: Metadata, access_token: str) -> Mapping[str, Any]:
        """The claims, and from the userinfo endpoint those that the ID token leaves out."""
        claim = self.rules.groups_claim
        is_whole = {"email", "email_verified"} <= claims.keys() and (not claim or groups_in(claims, claim) is not None)
        if is_whole or metadata.userinfo_endpoint is None:
            return claims
        headers = {"Authorization": f"Bearer {access_token}"}
        try:
            more = await outgoing.get_object(self.directory.http, metadata.userinfo_endpoint, headers)
        except Unavailable as error:
            raise Refused("user_fetch_failed", str(error)) from error
        # Without this, whoever can swap the access token chooses the address (OpenID Connect Core, 5.3.2).
        if more.get("sub") != claims["sub"]:
            raise Refused("user_fetch_failed", "the userinfo endpoint speaks of another person")
        # Address and proof come from one place: neither may vouch for what the other says.
        pair = claims if {"email", "email_verified"} <= claims.keys() else more
        return {**more, **claims, "email": pair.get("email"), "email_verified": pair.get("email_verified")}

    def _external(self, claims: Mapping[str, Any]) -> External:
        email = claims.get("email")
        # Some providers write booleans as texts.
        said = claims.get("email_verified")
        is_verified = (said is True or said == "true") and isinstance(email, str)
        names = (claims.get("preferred_username"), claims.get("nickname"), email, claims.get("name"), claims["sub"])
        login = next(name for name in names if isinstance(name, str) and name)
        claim = self.rules.groups_claim
        return External(
            # A subject is unique with its issuer only: the same slug may be given to another provider one day.
            subject=f"{self.issuer} {claims['sub']}",
            login=login,
            email=email if is_verified else None,
            groups=(groups_in(claims, claim) or ()) if claim else None,
        )

    def _keys(self, metadata: Metadata) -> ClientKeys:
        preferred = ("client_secret_basic", "client_secret_post")
        method = next((name for name in preferred if name in metadata.auth_methods), preferred[0])
        return ClientKeys(self.client_id, self.client_secret, method)
