"""The route of queries."""

from __future__ import annotations

from fastapi import APIRouter

from argus_catalog.query import service
from argus_catalog.query.schemas import JobQuery, QueryResult
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadRuns

router = APIRouter(prefix="/api/query", tags=["query"], route_class=ConditionalRoute)


@router.post("")
async def query_jobs(asked: JobQuery, actor: MayReadRuns, connection: Reading) -> QueryResult:
    """Jobs that fulfil a condition, or groups of them, of all batches that the caller sees."""
    return await service.answer(connection, actor, asked)
