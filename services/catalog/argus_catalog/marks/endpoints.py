"""Routes of stars and pins."""

from __future__ import annotations

from argus_catalog.access.dependencies import find_batch
from argus_catalog.marks import repository
from argus_catalog.marks.schemas import NewPin, NewStar, Pin, Star
from argus_catalog.wire import ConditionalRoute
from argus_catalog.writing import Writing
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeMarks, MayReadMarks
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["marks"], route_class=ConditionalRoute)


@router.get("/stars")
async def list_stars(actor: MayReadMarks, connection: Reading) -> list[Star]:
    """What the caller starred, the newest first."""
    return await repository.stars(connection, actor)


@router.post("/stars")
async def add_star(new: NewStar, actor: MayChangeMarks, change: Writing) -> Star:
    """Star a project or a batch; starring twice changes nothing."""
    return await repository.add_star(change.connection, actor, new.target_type, new.target_id)


@router.delete("/stars/{target_type}/{target_id:path}", status_code=204)
async def remove_star(target_type: str, target_id: str, actor: MayChangeMarks, change: Writing) -> None:
    """Take a star back."""
    await repository.remove_star(change.connection, actor, target_type, target_id)


@router.get("/pins")
async def list_pins(actor: MayReadMarks, connection: Reading) -> list[Pin]:
    """Batches that the caller pinned, in the order of pinning."""
    return await repository.pins(connection, actor)


@router.post("/pins")
async def add_pin(new: NewPin, actor: MayChangeMarks, change: Writing) -> Pin:
    """Pin a batch for comparison; at most four."""
    batch = await find_batch(change.connection, actor, new.batch_id)
    return await repository.add_pin(change.connection, actor, batch.id)


@router.delete("/pins/{batch_id:path}", status_code=204)
async def remove_pin(batch_id: str, actor: MayChangeMarks, change: Writing) -> None:
    """Unpin a batch."""
    await repository.remove_pin(change.connection, actor, batch_id)
