"""The route of queries."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

from argus_catalog.query import known, service
from argus_catalog.query.schemas import JobQuery, KnownFields, QueryResult
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/query", tags=["query"], route_class=ConditionalRoute)


@router.post("")
async def query_jobs(asked: JobQuery, actor: MayReadRuns, connection: Reading) -> QueryResult:
    """Jobs or batches that fulfil a condition, or groups of them, of all batches that the caller sees."""
    return await service.answer(connection, actor, asked)


@router.get("/fields")
async def list_query_fields(
    actor: MayReadRuns,
    connection: Reading,
    of: Annotated[Literal["jobs", "batches"], Query(alias="from", description="What is asked for")] = "jobs",
) -> KnownFields:
    """Fields that a query may name, with settings, metrics and values of the newest jobs that the caller sees."""
    return await known.known_fields(connection, actor, of)
