"""How often a public link was looked at: once for each view of its page, however many requests that page makes."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from fastapi import Request

from argus_kit.clock import now
from argus_kit.identity import address_of
from argus_kit.platform import platform_of
from argus_schema import catalog as own

link = own.public_share.c

# Pages that read the batch by its slug do so again and again while it runs: that is one view.
_ONE_VIEW_S: Final = 600


async def count_look(request: Request, slug: str) -> None:
    """Count a page that asked for what stands behind the link, after it was answered."""
    await _is_new(request, slug)
    await _count(request, slug)


async def count_page(request: Request, slug: str) -> None:
    """Count a page that only names the slug where an id is expected, unless it was counted a short while ago."""
    if await _is_new(request, slug):
        await _count(request, slug)


async def _is_new(request: Request, slug: str) -> bool:
    key = f"view:{slug}:{address_of(request) or 'unknown'}"
    return not await platform_of(request).cache.take(key, capacity=1, per_second=1 / _ONE_VIEW_S)


async def _count(request: Request, slug: str) -> None:
    seen = sa.update(own.public_share).where(link.slug == slug)
    async with platform_of(request).write("catalog") as transaction:
        await transaction.connection.execute(seen.values(view_count=link.view_count + 1, last_viewed=now()))
