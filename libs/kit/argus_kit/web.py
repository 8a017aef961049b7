"""The front door's own app: the built frontend, and one answer to "is the whole system usable?".

Reads ARGUS_WEB_ROOT (folder of the built frontend) and ARGUS_READY_URLS (`auth=http://127.0.0.1:9001,ingest=...`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field

from argus_contracts.errors import ErrorCode
from argus_kit import errors, telemetry
from argus_kit.assets import Assets, compressed, file_within
from argus_kit.environment import Environment
from argus_kit.headers import SecurityHeaders
from argus_kit.later import later
from argus_kit.presence import Presence, probe
from argus_kit.settings import API_VERSION, Settings

# In standalone nobody else is asked.
if TYPE_CHECKING:
    import httpx
else:
    httpx = later("httpx")

_ASK_S = 3.0


class WebSettings(Environment):
    """Settings of the front door."""

    web_root: Path = Field(Path("frontend/dist"), description="Folder of the built frontend.")
    ready_urls: str = Field("", description="Comma list of name=url, each asked for /readyz.")

    @property
    def targets(self) -> dict[str, str]:
        """Name to address of each process that must be ready."""
        pairs = (item.partition("=") for item in self.ready_urls.split(",") if item.strip())
        return {name.strip(): url.strip().rstrip("/") for name, _, url in pairs}


def create_app() -> FastAPI:
    """The front door as a process of its own."""
    settings, web = Settings(), WebSettings()
    telemetry.configure(
        "web", level=settings.log_level, log_format=settings.log_format, otlp_endpoint=settings.otlp_endpoint
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=_ASK_S) as client:
            app.state.client = client
            app.state.presence.has_come = True
            yield

    app = FastAPI(title="Argus web", lifespan=lifespan, openapi_url=None, telemetry=telemetry.FASTAPI)
    app.state.presence = Presence(settings.drain_s)
    errors.install(app)
    app.add_middleware(SecurityHeaders, public_url=settings.public_url)
    app.add_middleware(telemetry.TelemetryMiddleware, service="web")
    _mount_probes(app, web.targets)
    app.include_router(probe())
    mount_frontend(app, web.web_root, public_url=settings.public_url)
    return app


def mount_frontend(app: FastAPI, root: Path, *, public_url: str) -> None:
    """Serve the built frontend: files as they are, every other path as the single page. Mount it last."""
    index = root / "index.html"
    app.add_middleware(Assets, folder=root / "assets", public_url=public_url)

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        if path == "api" or path.startswith("api/"):
            return errors.response(errors.ArgusError(ErrorCode.REQUEST_NOT_FOUND, "Not Found"))
        file = file_within(root, path)
        if file is not None and file != index.resolve():
            return FileResponse(file, headers={"Cache-Control": "no-cache"})
        if not index.exists():
            return JSONResponse({"detail": "The web app is not built; run `make up`, which builds it."}, 503)
        # A few KiB that a disk's cache holds: reading them here is quicker than asking a thread to.
        body, headers = compressed(index, request.headers.get("Accept-Encoding", ""))
        return Response(body, headers={"Cache-Control": "no-cache", **headers}, media_type="text/html")


def _mount_probes(app: FastAPI, targets: dict[str, str]) -> None:
    @app.get("/livez")
    @app.get("/health")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/readyz")
    async def readyz(request: Request) -> JSONResponse:
        client: httpx.AsyncClient = request.app.state.client
        answers = await asyncio.gather(*(_ask(client, name, url) for name, url in targets.items()))
        waiting = [name for names in answers for name in names]
        return JSONResponse(
            {"status": "waiting" if waiting else "ready", "waiting_for": waiting, "version": API_VERSION},
            503 if waiting else 200,
        )


async def _ask(client: httpx.AsyncClient, name: str, url: str) -> list[str]:
    try:
        answer = await client.get(f"{url}/readyz")
        waiting = answer.json().get("waiting_for", []) if answer.status_code in {200, 503} else ["unknown"]
    except (httpx.HTTPError, ValueError):
        return [name]
    return [f"{name}: {item}" for item in waiting]
