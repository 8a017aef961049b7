"""What endpoints ask for: the transaction, and the agent that calls."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from argus_contracts.errors import ErrorCode
from argus_executor.agents.repository import find_living
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.identity import Identity, address_of, bearer
from argus_kit.outbox import Transaction
from argus_kit.platform import Platform, platform_of, writing
from argus_kit.policy import Permission, may

Writing = Annotated[Transaction, writing("executor")]
Surroundings = Annotated[Platform, Depends(platform_of)]


async def presented_agent(request: Request) -> Actor:
    """The agent whose token the request shows.

    Raises:
        ArgusError: agent.unauthenticated (401).
    """
    credential = bearer(request)
    if credential is None or not credential.startswith("ag_live_"):
        raise ArgusError(ErrorCode.AGENT_UNAUTHENTICATED)
    identity: Identity = platform_of(request).identity
    try:
        return await identity.resolve(credential, address_of(request))
    except ArgusError as error:
        if error.status != 401:
            raise
        raise ArgusError(ErrorCode.AGENT_UNAUTHENTICATED) from error


_Agent = Annotated[Actor, may(Permission.AGENTS_SERVE, presented_agent)]


async def calling_agent(agent_id: str, actor: _Agent, request: Request) -> Actor:
    """The agent, which is the one in the path and was not revoked.

    Raises:
        ArgusError: agent.mismatch (403), agent.unauthenticated (401).
    """
    if actor.agent_id != agent_id:
        raise ArgusError(ErrorCode.AGENT_MISMATCH)
    async with platform_of(request).database.read_once() as connection:
        if await find_living(connection, agent_id) is None:
            raise ArgusError(ErrorCode.AGENT_UNAUTHENTICATED)
    return actor


CallingAgent = Annotated[Actor, Depends(calling_agent)]
"""The agent whose id stands in the path, by its own token."""
