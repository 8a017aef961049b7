"""All checks, in the order in which they depend on one another."""

from __future__ import annotations

from collections.abc import AsyncIterator

from argus_kit.platform import Platform
from argus_kit.settings import Settings
from argus_kit.web import WebSettings
from argus_standalone.doctor import database, gateway, local, servers
from argus_standalone.doctor.findings import Finding, remark


async def findings(url: str = "", token: str = "") -> AsyncIterator[Finding]:
    """Every check, as it is made."""
    if faults := list(local.unusable()):
        for fault in faults:
            yield fault
        return
    settings = Settings()
    checks = [
        local.settings(settings),
        local.programs(settings),
        local.folder(settings.home),
        local.room(settings.home),
        local.secrets(settings.home),
    ]
    for check in checks:
        async for finding in check:
            yield finding
    platform = Platform(settings, client_name="argus-doctor")
    try:
        async for finding in _beside(platform):
            yield finding
    finally:
        await platform.cache.close()
        await platform.database.close()
    is_up = not local.is_standalone(settings) or local.is_running(settings.home)
    if not is_up and not url:
        yield remark("address", "Argus does not run here", "What only a running server shows was not looked at.")
        return
    async for finding in gateway.public(url or settings.public_url, token):
        yield finding
    async for finding in gateway.versions(WebSettings().targets):
        yield finding


async def _beside(platform: Platform) -> AsyncIterator[Finding]:
    settings = platform.settings
    async for finding in database.database(platform.database):
        yield finding
    is_own = servers.has_own_nats(settings)
    address = servers.nats_url(settings, is_own=is_own)
    if address is not None and (not is_own or local.is_running(settings.home)):
        async for finding in servers.nats(settings, address):
            yield finding
    if settings.redis_url:
        async for finding in servers.redis(settings):
            yield finding
    async for finding in servers.mail(platform):
        yield finding
