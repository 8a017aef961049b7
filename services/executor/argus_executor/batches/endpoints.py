"""Routes of stop, pause, resume and rerun, and the two that reporters poll."""

from __future__ import annotations

from starlette.requests import Request

from argus_executor.batches import pausing, service
from argus_executor.batches.polls import StopPolls
from argus_executor.batches.schemas import (
    PauseResult,
    RerunInfo,
    RerunRequest,
    RerunResult,
    ResumeResult,
    StopRequested,
    StopResult,
)
from argus_executor.dependencies import Surroundings
from argus_kit.actor import Actor
from argus_kit.errors import RateLimited
from argus_kit.identity import current_actor
from argus_kit.platform import Platform, Reading
from argus_kit.policy import MayChangeRuns, MayReadRuns, Permission, require
from argus_kit.routing import APIRouter
from argus_kit.shortcuts import Shortcuts

# An id may hold slashes, and clients send it as it is.
router = APIRouter(prefix="/api/batches", tags=["batches"])

# A reporter asks once, when it begins.
_BURST = 600
_PER_S = 100


@router.post("/{batch_id:path}/stop")
async def stop_batch(batch_id: str, actor: MayChangeRuns, here: Surroundings) -> StopResult:
    """Ask the batch to stop at its next epoch; a paused one is stopped at once. Stopping what has ended changes
    nothing.
    """
    return StopResult(status=await service.stop(here, actor, batch_id), batch_id=batch_id)


@router.post("/{batch_id:path}/pause")
async def pause_batch(batch_id: str, actor: MayChangeRuns, here: Surroundings) -> PauseResult:
    """Ask a running batch to save itself at its next checkpoint and end, to be resumed later."""
    return await pausing.pause(here, actor, batch_id)


@router.post("/{batch_id:path}/resume")
async def resume_batch(batch_id: str, actor: MayChangeRuns, here: Surroundings) -> ResumeResult:
    """Let a paused batch go on where it ran. A pause that has not come yet is taken back."""
    return await pausing.resume(here, actor, batch_id)


@router.post("/{batch_id:path}/rerun", status_code=201)
async def rerun_batch(batch_id: str, actor: MayChangeRuns, here: Surroundings, body: RerunRequest) -> RerunResult:
    """Run an ended batch again on its host."""
    return await service.rerun(here, actor, batch_id, body)


@router.get("/{batch_id:path}/stop-requested")
async def get_stop_requested(batch_id: str, actor: MayReadRuns, here: Surroundings) -> StopRequested:
    """Whether the batch's reporter should leave its loop, or save itself and end."""
    return service.stop_requested(await here.get(StopPolls).ask(actor, batch_id))


def shortcuts(platform: Platform) -> Shortcuts:
    """The route that every reporter polls."""
    polls = platform.get(StopPolls)

    async def stop_requested(request: Request) -> bytes:
        actor = await current_actor(request)
        require(actor, Permission.RUNS_READ)
        told = service.stop_requested(await polls.ask(actor, request.path_params["batch_id"]))
        return told.model_dump_json().encode()

    return {("GET", "/api/batches/{batch_id:path}/stop-requested"): stop_requested}


@router.get("/{batch_id:path}/rerun-info")
async def get_rerun_info(batch_id: str, actor: MayReadRuns, here: Surroundings, connection: Reading) -> RerunInfo:
    """Where the batch comes from, if it is a rerun."""
    await _limit(here, actor)
    return service.rerun_info(await service.readable(connection, actor, batch_id))


async def _limit(here: Platform, actor: Actor) -> None:
    wait = await here.cache.take(f"rerun-info:{actor.user_id}", capacity=_BURST, per_second=_PER_S)
    if wait:
        raise RateLimited(wait)
