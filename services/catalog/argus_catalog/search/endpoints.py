"""The route of the search over everything."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from argus_catalog.search import service
from argus_catalog.search.schemas import SearchResult
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/search", tags=["search"], route_class=ConditionalRoute)


@router.get("")
async def search_everything(
    actor: MayReadRuns,
    connection: Reading,
    q: Annotated[str, Query(max_length=200, description="Words; what is found has all of them")] = "",
    limit: Annotated[int, Query(ge=1, le=50, description="How many of each kind")] = 8,
) -> SearchResult:
    """Projects, batches, jobs, hosts and studies that the caller sees, by their names.

    Jobs are found by the beginning of their id, and among the 5,000 that started last by any part of their id, model
    or data set; studies among the same.
    """
    return await service.search(connection, actor, q, limit)
