"""The front door's own app: the built frontend, and one answer to "is the whole system usable?".

Reads ARGUS_WEB_ROOT (folder of the built frontend) and ARGUS_READY_URLS (`auth=http://127.0.0.1:9001,ingest=...`).
"""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field
from starlette.datastructures import Headers
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from argus_contracts.errors import ErrorCode
from argus_kit import errors, telemetry
from argus_kit.environment import Environment
from argus_kit.headers import SecurityHeaders
from argus_kit.settings import API_VERSION, Settings

_ASK_S = 3.0

# The better one first.
_ENCODINGS = {"br": ".br", "gzip": ".gz"}

# Bundles carry a hash of their content in their names, so a browser may keep them for ever.
_IMMUTABLE = "public, max-age=31536000, immutable"


class WebSettings(Environment):
    """Settings of the front door."""

    web_root: Path = Field(Path("frontend/dist"), description="Folder of the built frontend.")
    ready_urls: str = Field("", description="Comma list of name=url, each asked for /readyz.")

    @property
    def targets(self) -> dict[str, str]:
        """Name to address of each process that must be ready."""
        pairs = (item.partition("=") for item in self.ready_urls.split(",") if item.strip())
        return {name.strip(): url.strip().rstrip("/") for name, _, url in pairs}


class _Assets(StaticFiles):
    """Static files that a browser may keep, sent as the build compressed them (`<name>.br`, `<name>.gz`)."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        accepted = Headers(scope=scope).get("Accept-Encoding", "")
        for encoding, suffix in _ENCODINGS.items():
            if accepts(accepted, encoding) and self.lookup_path(path + suffix)[1] is not None:
                response = await super().get_response(path + suffix, scope)
                response.headers["Content-Encoding"] = encoding
                response.headers["Content-Type"] = mimetypes.guess_type(path)[0] or "application/octet-stream"
                break
        else:
            response = await super().get_response(path, scope)
        response.headers["Vary"] = "Accept-Encoding"
        if response.status_code == 200:
            response.headers["Cache-Control"] = _IMMUTABLE
        return response


def accepts(header: str, encoding: str) -> bool:
    """Whether an Accept-Encoding names this encoding, and does not refuse it (`q=0`)."""
    for item in header.split(","):
        name, _, weight = item.partition(";")
        if name.strip().lower() == encoding:
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def create_app() -> FastAPI:
    """The front door as a process of its own."""
    settings, web = Settings(), WebSettings()
    telemetry.configure("web", level=settings.log_level, log_format=settings.log_format)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=_ASK_S) as client:
            app.state.client = client
            yield

    app = FastAPI(title="Argus web", lifespan=lifespan, openapi_url=None)
    errors.install(app)
    app.add_middleware(SecurityHeaders, public_url=settings.public_url)
    _mount_probes(app, web.targets)
    mount_frontend(app, web.web_root)
    return app


def mount_frontend(app: FastAPI, root: Path) -> None:
    """Serve the built frontend: files as they are, every other path as the single page. Mount it last."""
    index = root / "index.html"
    if (root / "assets").is_dir():
        app.mount("/assets", _Assets(directory=root / "assets"), name="assets")

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(path: str) -> Response:
        if path == "api" or path.startswith("api/"):
            return errors.response(errors.ArgusError(ErrorCode.REQUEST_NOT_FOUND, "Not Found"))
        file = _file_within(root, path)
        if file is not None:
            return FileResponse(file, headers={"Cache-Control": "no-cache"})
        if not index.exists():
            return JSONResponse({"detail": "The web app is not built; run `make up`, which builds it."}, 503)
        return FileResponse(index, headers={"Cache-Control": "no-cache"})


def _file_within(root: Path, path: str) -> Path | None:
    """The file that a path names, if it lies under `root`. A path that no file system takes names none."""
    try:
        file = (root / path).resolve()
        return file if file.is_relative_to(root.resolve()) and file.is_file() else None
    except (OSError, ValueError):
        return None


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
