"""How often one may knock: buckets that replicas share through Redis, by whatever is to be counted.

An answer that does not come soon is not waited for: the process counts by itself until Redis is well again. So a Redis
that is dead or hangs neither lets everybody in nor keeps anybody out.
"""

from __future__ import annotations

import ipaddress

from argus_kit.cache import Cache
from argus_kit.limits import Buckets

_DEADLINE_S = 0.25


class Limits:
    """Buckets by name; those of one size and rate share their state."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._buckets: dict[tuple[float, float], Buckets] = {}

    async def take(self, key: str, *, capacity: float, per_hour: float) -> float:
        """Take one from a bucket. Returns 0.0 when there was one, else the seconds until there will be."""
        size = (capacity, per_hour)
        if size not in self._buckets:
            self._buckets[size] = Buckets(
                self._cache, capacity=capacity, per_second=per_hour / 3600, deadline_s=_DEADLINE_S
            )
        return await self._buckets[size].take(f"auth:{key}")

    async def close(self) -> None:
        """End the questions that were not waited for."""
        for buckets in self._buckets.values():
            await buckets.close()


def neighbourhood(ip: str | None) -> str:
    """What stands for the one who calls: the address, or of IPv6, where one line has many, the network (/64)."""
    if ip is None:
        return ""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
