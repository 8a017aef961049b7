"""The HTTP app of auth."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from argus_auth.core import AuthCore, core_of
from argus_auth.oauth.providers import SignIn
from argus_auth.oauth.settings import OAuthSettings
from argus_auth.settings import AuthSettings
from argus_auth.worker import worker_parts
from argus_kit.app import Service, http_app
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_kit.routing import APIRouter
from argus_schema import auth as tables


def http_parts(platform: Platform) -> Sequence[Part]:
    """What the HTTP process runs beside its routes."""
    shared = core_of(platform)
    core = shared or AuthCore(platform, AuthSettings())
    sign_in = SignIn(core, OAuthSettings())
    return (sign_in,) if shared else (core, sign_in)


def _routers() -> Sequence[APIRouter]:
    from argus_auth.accounts import endpoints as accounts
    from argus_auth.audit import endpoints as audit
    from argus_auth.config import endpoints as config
    from argus_auth.departures import endpoints as departures
    from argus_auth.export import endpoints as export
    from argus_auth.invites import endpoints as invites
    from argus_auth.keys import endpoints as keys
    from argus_auth.mail_server import endpoints as mail_server
    from argus_auth.oauth import admin_endpoints as providers
    from argus_auth.oauth import endpoints as oauth
    from argus_auth.security import endpoints as security
    from argus_auth.sessions import endpoints as sessions
    from argus_auth.tokens import endpoints as tokens
    from argus_auth.users import endpoints as users

    modules = (
        accounts, departures, export, invites, sessions, tokens, oauth, keys, users, providers, config, audit,
        security, mail_server,
    )  # fmt: skip
    return [module.router for module in modules]


SERVICE = Service(name="auth", routers=_routers, outbox=tables.outbox, http_parts=http_parts, worker_parts=worker_parts)


def create_app() -> FastAPI:
    """The app, with a platform of its own."""
    return http_app(SERVICE)
