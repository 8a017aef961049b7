"""Who may report at all: personal tokens with the reporter's scope; each token and each address within its rate."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

from argus_contracts.errors import ErrorCode
from argus_ingest.settings import IngestSettings
from argus_kit.actor import Actor
from argus_kit.cache import Cache
from argus_kit.errors import ArgusError, RateLimited
from argus_kit.identity import Identity, address_of, bearer
from argus_kit.limits import Buckets
from argus_kit.policy import Permission, require


class Gate:
    """Checks the caller of each request, before its body is looked at."""

    def __init__(self, identity: Identity, cache: Cache, settings: IngestSettings) -> None:
        self._identity = identity
        shared = cache if settings.rate_is_shared else None
        deadline_s = settings.rate_deadline_ms / 1000
        self.by_token = Buckets(
            shared, capacity=settings.rate_requests, per_second=settings.rate_per_second, deadline_s=deadline_s
        )
        self.by_address = Buckets(
            shared, capacity=settings.ip_rate_requests, per_second=settings.ip_rate_per_second, deadline_s=deadline_s
        )

    async def close(self) -> None:
        """Release what is held."""
        await self.by_token.close()
        await self.by_address.close()

    async def admit(self, request: Request) -> Actor:
        """The caller.

        Raises:
            ArgusError: 401 without a good credential, 403 for one that may not report, 429 beyond the rate.
        """
        # Before the credential: looking up one that is not known costs a query.
        if request.client is not None:
            await _within(self.by_address, f"ingest:ip:{network_of(request.client.host)}")
        credential = bearer(request)
        if credential is None:
            raise ArgusError(ErrorCode.AUTH_REQUIRED)
        actor = await self._identity.resolve(credential, address_of(request))
        require(actor, Permission.EVENTS_WRITE)
        await _within(self.by_token, f"ingest:{actor.token_id}")
        return actor


def network_of(host: str) -> str:
    """What stands for a client's address: an IPv6 client has a whole /64 to choose from."""
    if ":" not in host:
        return host
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped) if address.ipv4_mapped else f"{address.exploded[:19]}::/64"


async def _within(buckets: Buckets, key: str) -> None:
    wait = await buckets.take(key)
    if wait > 0:
        raise RateLimited(wait)
