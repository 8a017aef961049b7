"""The OpenAPI document of an app with shortcuts."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest
from fastapi.openapi.utils import get_openapi

from argus_kit.policy import PUBLIC
from argus_kit.shortcuts import App


async def test_the_document_is_built_once_and_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    built_in = []

    def recorded(**options: Any) -> dict[str, Any]:
        built_in.append(threading.current_thread())
        return get_openapi(**options)

    monkeypatch.setattr("fastapi.applications.get_openapi", recorded)
    app = App(service="test", shortcuts={}, openapi_url="/api/openapi.json")

    @app.get("/here", dependencies=[PUBLIC])
    async def here() -> str:
        return "here"

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        first, second = await asyncio.gather(*(client.get("/api/openapi.json") for _ in range(2)))
    assert "/here" in first.json()["paths"]
    assert first.content == second.content
    assert len(built_in) == 1
    assert built_in[0] is not threading.current_thread()
