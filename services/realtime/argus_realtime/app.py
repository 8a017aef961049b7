"""The service: its routes, and the hub and the guard that run beside them. There is no worker."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from argus_kit.app import Service, http_app
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_kit.routing import APIRouter
from argus_realtime import endpoints
from argus_realtime.guard import Guard
from argus_realtime.hub import Hub
from argus_realtime.limits import Limits


def _routers() -> Sequence[APIRouter]:
    return (endpoints.router,)


def parts(platform: Platform, limits: Limits | None = None) -> Sequence[Part]:
    """The hub and its guard; `limits` other than the environment's are for tests."""
    hub = Hub(platform, limits)
    return (hub, Guard(platform, hub))


SERVICE = Service(name="realtime", routers=_routers, http_parts=parts)


def create_app() -> FastAPI:
    """The HTTP app, from the environment."""
    return http_app(SERVICE)
