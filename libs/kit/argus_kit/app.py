"""The app factory: a service says what it is, and gets its HTTP app, its worker's app, and its place in standalone."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from argus_kit import errors, presence, tasks, telemetry
from argus_kit.bodies import BodyLimit
from argus_kit.headers import SecurityHeaders
from argus_kit.outbox import Merge
from argus_kit.parts import Part
from argus_kit.platform import Platform, platform_of
from argus_kit.policy import PUBLIC
from argus_kit.production import require_safe
from argus_kit.routing import APIRouter
from argus_kit.settings import API_VERSION, Settings
from argus_kit.shortcuts import App, Shortcuts

PartsOf = Callable[[Platform], Sequence[Part]]

# How often a process that starts looks whether all is there that it needs: less and less.
_FIRST_LOOK_S, _LAST_LOOK_S = 0.02, 1.0


def no_parts(_: Platform) -> Sequence[Part]:
    """For a service that runs nothing there."""
    return ()


def no_shortcuts(_: Platform) -> Shortcuts:
    """For a service whose routes all go the usual way."""
    return {}


@dataclass(frozen=True)
class Service:
    """A service: its routes, what its HTTP process runs beside them, and what its worker runs. `merge` makes fewer
    messages of its outbox's, and `shortcuts` are ways to some of its routes (`argus_kit.shortcuts`). `large_bodies` is
    a regular expression of the paths that bound their bodies themselves (`argus_kit.bodies`).
    """

    name: str
    routers: Callable[[], Sequence[APIRouter]]
    outbox: sa.Table | None = None
    merge: Merge | None = None
    shortcuts: Callable[[Platform], Shortcuts] = no_shortcuts
    http_parts: PartsOf = no_parts
    worker_parts: PartsOf = no_parts
    large_bodies: str | None = None


def http_app(service: Service, platform: Platform | None = None) -> FastAPI:
    """The service's HTTP app with its routes and probes."""
    platform = platform or _own_platform(service.name)
    if service.outbox is not None:
        platform.add_outbox(service.name, service.outbox, service.merge)
    platform.add(service.http_parts(platform))
    return build_app(
        platform, service.name, service.routers(), service.shortcuts(platform), large_bodies=service.large_bodies
    )


def worker_app(service: Service, platform: Platform | None = None) -> FastAPI:
    """An app with nothing but probes, whose lifespan runs the service's consumers and periodic tasks."""
    platform = platform or _own_platform(f"{service.name}-worker")
    if service.outbox is not None:
        platform.add_outbox(service.name, service.outbox, service.merge)
    platform.add(service.worker_parts(platform))
    # Nobody sends requests here: what it holds is free for others at once.
    platform.presence.drain_s = 0.0
    return build_app(platform, f"{service.name}-worker", ())


def _own_platform(name: str) -> Platform:
    return Platform(Settings(), client_name=f"argus-{name}")


def build_app(
    platform: Platform,
    name: str,
    routers: Sequence[APIRouter],
    shortcuts: Shortcuts | None = None,
    *,
    large_bodies: str | None = None,
) -> FastAPI:
    """An app around a platform."""
    settings = platform.settings
    require_safe(settings, name)
    telemetry.configure(
        name, level=settings.log_level, log_format=settings.log_format, otlp_endpoint=settings.otlp_endpoint
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with platform.running():
            announcer = asyncio.create_task(_announce(app, platform))
            yield
            await tasks.end([announcer])

    app = App(
        service=name,
        # With a collector every request has its span.
        shortcuts=shortcuts if shortcuts and not settings.otlp_endpoint else {},
        title="Argus" if name == "standalone" else f"Argus {name}",
        version=API_VERSION,
        lifespan=lifespan,
        # Those pages load scripts from elsewhere into our origin.
        docs_url=None,
        redoc_url=None,
        telemetry=telemetry.FASTAPI,
    )
    app.state.platform = platform
    app.state.presence = platform.presence
    errors.install(app)
    app.add_middleware(BodyLimit, own=re.compile(large_bodies) if large_bodies else None)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.allowed_origins,
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["X-Next-Cursor", "X-Total-Count", "X-Request-Id", "Retry-After"],
    )
    app.add_middleware(SecurityHeaders, public_url=settings.public_url)
    app.add_middleware(telemetry.TelemetryMiddleware, service=name)
    for router in (*_PROBES, *routers):
        app.router.routes.extend(router.routes)
    return app


async def _announce(app: FastAPI, platform: Platform) -> None:
    pause_s = _FIRST_LOOK_S
    while await platform.waits_for():
        await asyncio.sleep(pause_s)
        pause_s = min(1.5 * pause_s, _LAST_LOOK_S)
    platform.presence.has_come = True
    # Whoever started this process may want to hear when it is usable; `on_ready` is set by them.
    on_ready: Callable[[], None] | None = getattr(app.state, "on_ready", None)
    if on_ready is not None:
        on_ready()


def _probes() -> APIRouter:
    router = APIRouter(include_in_schema=False, dependencies=[PUBLIC])

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz(request: Request) -> JSONResponse:
        waiting = await platform_of(request).waits_for()
        return JSONResponse(
            {"status": "waiting" if waiting else "ready", "waiting_for": waiting, "version": API_VERSION},
            503 if waiting else 200,
        )

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


_PROBES = (_probes(), presence.probe())
