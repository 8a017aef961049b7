"""What a browser takes along to a provider and back: a state that only this browser can bring, once, for ten minutes.

The state is `<nonce>.<signature>`; the nonce, `random~intent[~user id]`, lies in a cookie too. What the callback needs
besides (the PKCE verifier, the nonce of the ID token) lies sealed in a cookie of its own, so that a login that nobody
finishes leaves nothing here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from fastapi import Request, Response

from argus_auth.oauth.addresses import within_app
from argus_auth.sessions.cookies import is_secure
from argus_kit.clock import now
from argus_kit.secretbox import SecretBox, SecretBoxError

LIFE: Final = timedelta(minutes=10)
_PURPOSE: Final = "oauth-state"
_NONCE_COOKIE: Final = "em_oauth_state"
_REDIRECT_COOKIE: Final = "em_oauth_state_redirect"
_FLOW_COOKIE: Final = "em_oauth_flow"
_COOKIES: Final = (_NONCE_COOKIE, _REDIRECT_COOKIE, _FLOW_COOKIE)


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One way to a provider and back.

    Attributes:
        provider: the provider's key.
        intent: whether somebody signs in, or a signed-in person links.
        nonce: the part of the state that is signed.
        verifier: of PKCE.
        token_nonce: what the ID token must repeat.
        expires_at: when it is no good any more.
        in_cookie: a browser of ours, whose session is kept in the cookie.
        invite: an invite's code for a new account.
        user_id: who links.
        family: the login by which that person is signed in; it must still hold at the end.
        redirect: the page of this app to end on; travels in its own cookie.
    """

    provider: str
    intent: Literal["login", "link"]
    nonce: str
    verifier: str
    token_nonce: str
    expires_at: datetime
    in_cookie: bool = False
    invite: str | None = None
    user_id: int | None = None
    family: str | None = None
    redirect: str | None = None


def begin(
    provider: str,
    *,
    redirect: str | None,
    in_cookie: bool = False,
    invite: str | None = None,
    link: tuple[int, str] | None = None,
) -> Flow:
    """A new one. `link` is who links, and by which login."""
    user_id, family = link or (None, None)
    intent: Literal["login", "link"] = "link" if link else "login"
    nonce = "~".join([secrets.token_urlsafe(24), intent, *([str(user_id)] if link else [])])
    return Flow(
        provider=provider,
        intent=intent,
        nonce=nonce,
        verifier=secrets.token_urlsafe(48),
        token_nonce=secrets.token_urlsafe(24),
        expires_at=now() + LIFE,
        in_cookie=in_cookie,
        invite=invite,
        user_id=user_id,
        family=family,
        redirect=within_app(redirect),
    )


def text(flow: Flow, box: SecretBox) -> str:
    """The state that goes to the provider and comes back in the address."""
    return f"{flow.nonce}.{box.sign(_PURPOSE, flow.nonce)}"


def digest(flow: Flow) -> str:
    """What is remembered of a state that was used."""
    return hashlib.sha256(flow.nonce.encode()).hexdigest()


def put(response: Response, flow: Flow, box: SecretBox, request: Request, callback_url: str) -> None:
    """Give the browser what it must bring back."""
    sealed = box.encrypt(msgspec.json.encode(flow)).decode()
    values = {_NONCE_COOKIE: flow.nonce, _REDIRECT_COOKIE: flow.redirect or "", _FLOW_COOKIE: sealed}
    for name, value in values.items():
        response.set_cookie(
            name,
            value,
            max_age=int(LIFE.total_seconds()),
            path=_path(callback_url),
            secure=is_secure(request),
            httponly=True,
            # The browser comes back from another site, by a link: Strict would leave the cookie at home.
            samesite="lax",
        )


def clear(response: Response, request: Request, callback_url: str) -> None:
    """Take it away again."""
    for name in _COOKIES:
        response.delete_cookie(name, path=_path(callback_url), secure=is_secure(request), httponly=True, samesite="lax")


def take(request: Request, provider: str, state: str | None, box: SecretBox) -> Flow | None:
    """What this browser took along, when the state of the address is its own and still good; else None."""
    flow = _unsealed(request.cookies.get(_FLOW_COOKIE), box)
    if flow is None or state is None or flow.provider != provider or flow.expires_at <= now():
        return None
    nonce = request.cookies.get(_NONCE_COOKIE, "")
    same = hmac.compare_digest(state.encode(), text(flow, box).encode())
    if not same or not hmac.compare_digest(nonce.encode(), flow.nonce.encode()):
        return None
    return msgspec.structs.replace(flow, redirect=within_app(request.cookies.get(_REDIRECT_COOKIE)))


def _unsealed(sealed: str | None, box: SecretBox) -> Flow | None:
    if not sealed:
        return None
    try:
        return msgspec.json.decode(box.decrypt(sealed.encode()), type=Flow)
    except (SecretBoxError, msgspec.DecodeError):
        return None


def _path(callback_url: str) -> str:
    # The callback may be set to the older address, `/api/oauth/github/callback`.
    return "/api/oauth" if urlsplit(callback_url).path.startswith("/api/oauth/") else "/api/auth/oauth"
