"""Signs of life: when an agent was seen, and what it tells of itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_executor.agents import repository
from argus_executor.agents.schemas import Heartbeat
from argus_kit.clock import now
from argus_kit.outbox import Transaction

# What pages show at once when it changes; a clock always differs a little.
_SHOWN = ("note", "children", "is_draining", "policy", "version", "capabilities")


async def beat(tx: Transaction, agent_id: str, body: Heartbeat | None) -> None:
    """Keep what a heartbeat tells. Pages hear of it when something changed."""
    at = now()
    told: dict[str, Any] = {} if body is None else body.model_dump(mode="json", exclude_unset=True)
    told.pop("clock", None)
    if told.get("version", "") is None:
        told.pop("version")
    if body is not None and body.clock is not None:
        told["clock_skew_s"] = round((body.clock - at).total_seconds(), 3)
    row = await repository.get_agent(tx.connection, agent_id)
    await repository.update_agent(tx.connection, agent_id, last_seen_at=at, **told)
    if any(name in told and told[name] != getattr(row, name) for name in _SHOWN):
        tell(tx, row, "state")


def tell(tx: Transaction, row: sa.Row[Any], kind: str) -> None:
    """Tell the pages of an agent's owner that something about it changed."""
    message = wire.AgentMessage(agent_id=row.id, owner_id=row.owner_id, hostname=row.hostname, kind=kind)
    tx.publish(wire.agent_subject(row.id), wire.encode(message), msg_id=f"{row.id}:{kind}:{now().timestamp()}")
