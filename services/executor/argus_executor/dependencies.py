"""What endpoints ask for: the transaction, and the agent that calls."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.identity import Identity, bearer
from argus_kit.outbox import Transaction
from argus_kit.platform import Platform, platform_of, writing

Writing = Annotated[Transaction, writing("executor")]
Surroundings = Annotated[Platform, Depends(platform_of)]


async def _calling_agent(agent_id: str, request: Request) -> Actor:
    credential = bearer(request)
    if credential is None or not credential.startswith("ag_live_"):
        raise ArgusError(ErrorCode.AGENT_UNAUTHENTICATED)
    identity: Identity = platform_of(request).identity
    try:
        actor = await identity.resolve(credential)
    except ArgusError as error:
        if error.status != 401:
            raise
        raise ArgusError(ErrorCode.AGENT_UNAUTHENTICATED) from error
    if actor.agent_id != agent_id:
        raise ArgusError(ErrorCode.AGENT_MISMATCH)
    return actor


CallingAgent = Annotated[Actor, Depends(_calling_agent)]
"""The agent whose id stands in the path, by its own token."""
