"""Routes of commands, for people."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from argus_executor.commands import people
from argus_executor.commands.schemas import CommandDetail, CommandOut, CommandPage
from argus_executor.commands.states import Status
from argus_executor.dependencies import Surroundings
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeRuns, MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/commands", tags=["commands"])

Text = Annotated[str | None, Query(max_length=512, pattern=r"^[^\x00]*$")]


@router.get("")
async def list_commands(
    *,
    actor: MayReadRuns,
    connection: Reading,
    batch_id: Text = None,
    agent_id: Text = None,
    kind: Text = None,
    status: Status | None = None,
    cursor: Text = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CommandPage:
    """Commands of batches that the caller may see and of the caller's agents, newest first."""
    filters = {"batch_id": batch_id, "agent_id": agent_id, "kind": kind, "status": status and status.value}
    return await people.page(connection, actor, filters, cursor, limit)


@router.get("/{cmd_id}")
async def get_command(cmd_id: str, actor: MayReadRuns, connection: Reading) -> CommandDetail:
    """A command with its whole history."""
    return await people.detail(connection, actor, cmd_id)


@router.post("/{cmd_id}/cancel")
async def cancel_command(cmd_id: str, actor: MayChangeRuns, here: Surroundings) -> CommandOut:
    """Cancel a command that no agent has begun with."""
    return await people.cancel(here, actor, cmd_id)
