"""The cookie that carries a browser's refresh token: read, set and cleared here, and only here.

No script reads it (HttpOnly), no other site sends it (SameSite=Strict), and it travels to `/api/auth` alone. On https
its name says so, so that a page on plain http of the same host cannot set one. Cookies know no port, so a port that is
not the usual one is part of the name: two servers on one machine do not end each other's sessions.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Header, Request, Response

from argus_auth.core import AuthCore
from argus_auth.dependencies import Core
from argus_auth.sessions.service import Wanted
from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError

MODE_HEADER = "X-Argus-Session"
"""A browser says `cookie` here. A form of another site cannot send it."""

_NAME = "argus_refresh"
_PATH = "/api/auth"
_USUAL_PORTS = {None, 80, 443}


def wants_cookie(request: Request) -> bool:
    """Whether the caller is a browser that keeps its session in the cookie.

    Raises:
        ArgusError: auth.origin_refused, when the page that asks is of another site (403).
    """
    if request.headers.get(MODE_HEADER, "").strip().lower() != "cookie":
        return False
    if not _is_from_here(request):
        raise ArgusError(ErrorCode.AUTH_ORIGIN_REFUSED)
    return True


class Jar:
    """The cookie of one request: what the browser wants and has, and what it is given with the answer."""

    def __init__(self, request: Request, response: Response, core: AuthCore) -> None:
        self.wanted = Wanted(in_cookie=True, replaces=presented(request)) if wants_cookie(request) else Wanted()
        self._request = request
        self._response = response
        self._core = core

    @property
    def token(self) -> str | None:
        """The refresh token that the browser sent, if it is one and has one."""
        return self.wanted.replaces

    @property
    def clearing(self) -> dict[str, str]:
        """The header that clears the cookie, for an error's answer."""
        return clearing_header(self._request)

    def put(self, token: str) -> None:
        """Give the browser its next token with the answer."""
        set_refresh(self._response, token, self._request, self._core)

    def clear(self) -> None:
        """Take the cookie away with the answer."""
        clear_refresh(self._response, self._request)


def _jar(
    request: Request,
    response: Response,
    core: Core,
    _: Annotated[str | None, Header(alias=MODE_HEADER, description="`cookie`: a browser's session.")] = None,
) -> Jar:
    return Jar(request, response, core)


Browser = Annotated[Jar, Depends(_jar)]
"""The cookie, where the caller is a browser that asks for one."""


def presented(request: Request) -> str | None:
    """The refresh token that the browser sent, if any."""
    return request.cookies.get(_name(request)) or None


def set_refresh(response: Response, token: str, request: Request, core: AuthCore) -> None:
    """Give the browser a refresh token for as long as a session may live at most."""
    response.set_cookie(
        _name(request),
        token,
        max_age=core.settings.browser_session_days * 86_400,
        path=_PATH,
        secure=is_secure(request),
        httponly=True,
        samesite="strict",
    )


def clear_refresh(response: Response, request: Request) -> None:
    """Take the refresh token away from the browser."""
    response.delete_cookie(_name(request), path=_PATH, secure=is_secure(request), httponly=True, samesite="strict")


def clearing_header(request: Request) -> dict[str, str]:
    """The header that clears the cookie, for an error's answer."""
    response = Response()
    clear_refresh(response, request)
    return {"Set-Cookie": response.headers["set-cookie"]}


def _name(request: Request) -> str:
    port = _port(request)
    plain = _NAME if port in _USUAL_PORTS else f"{_NAME}_{port}"
    return f"__Secure-{plain}" if is_secure(request) else plain


def _port(request: Request) -> int | None:
    try:
        return request.url.port
    except ValueError:
        # The Host header is whatever the caller wrote.
        return None


def is_secure(request: Request) -> bool:
    """Whether a browser is to send a cookie on https alone."""
    # The gateway says by X-Forwarded-Proto what the browser spoke; uvicorn believes it from trusted proxies only. In
    # production people come by https alone, whatever a proxy in between makes of it.
    return request.url.scheme == "https" or request.app.state.platform.settings.env == "prod"


def _is_from_here(request: Request) -> bool:
    """Whether the page that sends this is our own. Browsers say so; a client that is none may leave it out."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    # Without https, browsers leave Sec-Fetch-Site out, but never the Origin of a POST.
    origin = request.headers.get("origin")
    if origin is None:
        return True
    platform_url: str = request.app.state.platform.settings.public_url
    return origin in {f"{scheme}://{request.url.netloc}" for scheme in ("http", "https")} | {_origin_of(platform_url)}


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
