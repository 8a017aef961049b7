"""Fixtures of auth's tests: the app on a real database and a real NATS, with cheap password hashing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from argus_auth.app import SERVICE
from argus_auth.core import AuthCore
from argus_kit.app import http_app
from argus_kit.platform import Platform
from argus_kit.testing import running_client


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGUS_AUTH_ARGON2_TIME_COST", "1")
    monkeypatch.setenv("ARGUS_AUTH_ARGON2_MEMORY_KIB", "64")
    for name in ("ARGUS_GITHUB_CLIENT_ID", "ARGUS_GITHUB_CLIENT_SECRET", "ARGUS_SMTP_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running HTTP app."""
    async with running_client(http_app(SERVICE, platform)) as opened:
        yield opened


@pytest.fixture
def core(client: httpx.AsyncClient, platform: Platform) -> AuthCore:
    """The core of the running app."""
    return platform.get(AuthCore)
