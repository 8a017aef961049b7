"""Routes of inspections."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from argus_executor.dependencies import Surroundings
from argus_executor.drift import service
from argus_executor.drift.schemas import DriftReport, InspectionAsked
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeRuns, MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/batches", tags=["batches"])

CommandId = Annotated[str | None, Query(max_length=128, pattern=r"^[^\x00]*$")]


@router.post("/{batch_id:path}/inspect", status_code=202)
async def inspect_batch_host(batch_id: str, actor: MayChangeRuns, here: Surroundings) -> InspectionAsked:
    """Ask the agent of the batch's host what has changed there since. The answer is `drift`."""
    return InspectionAsked(command_id=await service.inspect(here, actor, batch_id))


@router.get("/{batch_id:path}/drift")
async def get_batch_drift(
    batch_id: str, actor: MayReadRuns, connection: Reading, command_id: CommandId = None
) -> DriftReport:
    """What an inspection found that differs from the batch's record; the latest one where none is named."""
    return await service.drift(connection, actor, batch_id, command_id)
