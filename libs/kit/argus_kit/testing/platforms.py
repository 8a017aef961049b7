"""Settings and a platform on the database and the NATS of a test, and a client of a service on them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from argus_kit.platform import Platform
from argus_kit.settings import Settings


@pytest.fixture
def settings(database_url: str, nats_url: str, tmp_path: Path) -> Settings:
    """Settings of a process on this test's database and NATS."""
    return make_settings(tmp_path, database_url, nats_url)


def make_settings(home: Path, database_url: str, nats_url: str, **more: Any) -> Settings:
    """Settings for a test; `more` overrides single ones."""
    values: dict[str, Any] = {
        "home": home,
        "db_url": database_url,
        "db_pool_size": 5,
        "nats_url": nats_url,
        "config_key": "a key for tests only",
        "log_format": "console",
        "log_level": "WARNING",
    }
    return Settings(**(values | more))


@pytest.fixture
async def platform(settings: Settings) -> AsyncIterator[Platform]:
    """A platform on a fresh database and a real NATS, not started."""
    built = Platform(settings)
    yield built
    await built.database.close()
    await built.cache.close()


@contextlib.asynccontextmanager
async def running_client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app` while its lifespan runs and its bus is connected."""
    async with app.router.lifespan_context(app):
        platform: Platform = app.state.platform
        await platform.bus.wait_until_ready(15)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def eventually(check: Callable[[], Awaitable[Any]], timeout_s: float = 5.0) -> Any:
    """Call `check` until it returns something true, and return that.

    Raises:
        AssertionError: it never did, within a time that is generous on purpose.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        found = await check()
        if found:
            return found
        assert time.monotonic() < deadline, f"still {found!r} after {timeout_s} s"
        await asyncio.sleep(0.02)
