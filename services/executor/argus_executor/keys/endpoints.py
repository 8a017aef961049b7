"""Routes of the keys that sign commands, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body

from argus_executor.dependencies import Surroundings
from argus_executor.keys import rotation
from argus_executor.keys.schemas import CommandKeyRotation, CommandKeysOut
from argus_kit.platform import Reading
from argus_kit.policy import MayAdminRead, MayAdminSecure
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/agents/command-keys", tags=["agents"])


@router.get("")
async def get_command_keys(_: MayAdminRead, connection: Reading) -> CommandKeysOut:
    """The keys that sign, signed or will sign commands."""
    return await rotation.status(connection)


@router.post("/rotate")
async def rotate_command_key(
    actor: MayAdminSecure, here: Surroundings, body: Annotated[CommandKeyRotation | None, Body()] = None
) -> CommandKeysOut:
    """Announce the next key to all agents; it signs from the next day on, or at once. None has to register again."""
    return await rotation.rotate(here, actor, body or CommandKeyRotation())
