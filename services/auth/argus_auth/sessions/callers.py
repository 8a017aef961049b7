"""Who may renew or end a session: a client with its JWT, or a browser with its cookie."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from argus_auth.sessions.cookies import Browser
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.identity import bearer, current_actor
from argus_kit.policy import Permission, names, require


@names(Permission.SESSION_REFRESH)
async def _renewing(request: Request, browser: Browser) -> Actor | None:
    if browser.wanted.in_cookie:
        return None
    actor = await current_actor(request)
    require(actor, Permission.SESSION_REFRESH)
    return actor


@names(Permission.SESSION_END)
async def _leaving(request: Request, browser: Browser) -> Actor | None:
    if browser.wanted.in_cookie and bearer(request) is None:
        return None
    try:
        actor = await current_actor(request)
    except ArgusError:
        # The access token has ended before the session did; the cookie says which session it is.
        if browser.wanted.in_cookie:
            return None
        raise
    require(actor, Permission.SESSION_END)
    return actor


Renewing = Annotated[Actor | None, Depends(_renewing)]
"""A person with a session's JWT, else 401; None for a browser, whose cookie is yet to be looked at."""

Leaving = Annotated[Actor | None, Depends(_leaving)]
"""A person by session or token; None for a browser that has only its cookie."""
