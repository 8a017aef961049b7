"""Who may report at all: personal tokens with the reporter's scope, each within its rate."""

from __future__ import annotations

from starlette.requests import Request

from argus_contracts.errors import ErrorCode
from argus_ingest.settings import IngestSettings
from argus_kit.cache import Cache, MemoryCache
from argus_kit.errors import ArgusError, RateLimited
from argus_kit.identity import Actor, Identity, bearer


class Gate:
    """Checks the caller of each request, before its body is looked at."""

    def __init__(self, identity: Identity, shared: Cache, settings: IngestSettings) -> None:
        self._identity = identity
        # In this process unless asked otherwise: a Redis that hangs must not hold up what is being measured.
        self._buckets = shared if settings.rate_is_shared else MemoryCache()
        self._settings = settings

    async def admit(self, request: Request) -> Actor:
        """The caller.

        Raises:
            ArgusError: 401 without a good credential, 403 for one that may not report, 429 beyond the rate.
        """
        credential = bearer(request)
        if credential is None:
            raise ArgusError(ErrorCode.AUTH_REQUIRED)
        actor = await self._identity.resolve(credential)
        if actor.kind != "token":
            raise ArgusError(ErrorCode.AUTH_API_TOKEN_REQUIRED)
        if actor.scope != "reporter":
            raise ArgusError(ErrorCode.AUTH_SCOPE_INSUFFICIENT, "A viewer token cannot report events.")
        await self._take(actor)
        return actor

    async def _take(self, actor: Actor) -> None:
        capacity = self._settings.rate_requests
        if not capacity:
            return
        rate = self._settings.rate_per_second
        wait = await self._buckets.take(f"ingest:{actor.token_id}", capacity=capacity, per_second=rate)
        if wait > 0:
            raise RateLimited(wait)
