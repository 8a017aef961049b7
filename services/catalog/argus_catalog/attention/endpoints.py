"""The route of what may need a person."""

from __future__ import annotations

from typing import Literal

from argus_catalog.attention import service
from argus_catalog.attention.schemas import Concern
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/attention", tags=["dashboard"], route_class=ConditionalRoute)


@router.get("")
async def list_concerns(
    actor: MayReadRuns, connection: Reading, scope: Literal["mine", "shared", "all"] = "all"
) -> list[Concern]:
    """What may need the caller now: failures of a day, silence, idle GPUs, full disks, hot cards."""
    return await service.concerns(connection, actor, scope)
