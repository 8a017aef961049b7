"""The rules of inspections: whom they reach, and what a report is made of."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_executor.agents.service import ONLINE_WITHIN
from argus_executor.batches.repository import agent_of
from argus_executor.batches.service import changeable, readable
from argus_executor.commands.queueing import queue
from argus_executor.commands.states import Status
from argus_executor.drift import repository
from argus_executor.drift.comparison import Record, compare
from argus_executor.drift.found import read
from argus_executor.drift.paths import NamedPath, paths_of
from argus_executor.drift.schemas import DriftItem, DriftReport
from argus_executor.keys.ring import CommandKeys
from argus_kit import audit
from argus_kit.actor import Actor
from argus_kit.clock import iso, now
from argus_kit.errors import ArgusError, RateLimited
from argus_kit.platform import Platform

KIND: Final = "inspect"
# Each is a process on somebody's host for some seconds.
_BURST, _PER_S = 20, 0.2
_KEPT: Final = timedelta(hours=1)
_GOES_ON: Final = frozenset({Status.PENDING, Status.DELIVERED, Status.STARTED})
_UNREADABLE: Final = "The host's answer cannot be read."
_FORGOTTEN: Final = "What it found is not kept any more; ask again."


async def inspect(here: Platform, actor: Actor, batch_id: str) -> str:
    """Ask the agent of the batch's host what is there now. Asking twice at once is one question.

    Returns:
        The command's id.

    Raises:
        ArgusError: agent.absent or agent.outdated (409), or those of `changeable`.
        RateLimited: too often.
    """
    batch = await changeable(here, actor, batch_id)
    async with here.database.read() as connection:
        agent = await agent_of(connection, batch, actor.user_id)
        waits = await repository.waiting(connection, batch_id, actor.user_id)
    if agent is None or agent.last_seen_at is None or now() - agent.last_seen_at >= ONLINE_WITHIN:
        raise ArgusError(ErrorCode.AGENT_ABSENT)
    if KIND not in (agent.capabilities or ()):
        raise ArgusError(ErrorCode.AGENT_OUTDATED)
    if waits is not None:
        return waits
    if wait := await here.cache.take(f"inspect:{actor.user_id}", capacity=_BURST, per_second=_PER_S):
        raise RateLimited(wait)
    await here.get(CommandKeys).load()
    async with here.write("executor") as tx:
        await repository.forget_results(tx.connection, batch_id, now() - _KEPT)
        payload = _payload(batch, actor)
        command_id = await queue(
            here, tx, agent, actor, kind=KIND, batch_id=batch_id, payload=payload, hostname=batch.host
        )
        target = ("batch", batch_id)
        audit.note(tx, "executor", "batch_inspect_requested", actor.user_id, target=target, hostname=batch.host)
    return command_id


async def drift(connection: AsyncConnection, actor: Actor, batch_id: str, command_id: str | None) -> DriftReport:
    """What an inspection found that differs from the batch's record; without an id the latest one.

    Raises:
        ArgusError: batch.not_found, command.not_found (404).
    """
    batch = await readable(connection, actor, batch_id)
    row = await repository.inspection(connection, batch_id, command_id)
    if row is None:
        raise ArgusError(ErrorCode.COMMAND_NOT_FOUND)
    if row.status in _GOES_ON:
        return _report(row, "pending")
    if row.status != Status.SUCCEEDED:
        return _report(row, "failed", reason=row.error)
    found = read(row.result)
    if found is None:
        return _report(row, "failed", reason=_FORGOTTEN if row.result is None else _UNREADABLE)
    record = Record(
        command=batch.command,
        snapshot=batch.env_snapshot or {},
        began_at=batch.start_time,
        outputs=frozenset(named.path for named in _named(batch) if named.is_output),
    )
    items = [DriftItem.model_validate(asdict(item)) for item in compare(record, found)]
    return _report(row, "ready", items=items, is_whole=found.is_whole)


def _payload(batch: sa.Row[Any], actor: Actor) -> dict[str, Any]:
    """The same that a rerun would start with, and what to look for."""
    snapshot = batch.env_snapshot or {}
    return {
        "command": batch.command,
        "cwd": snapshot.get("cwd"),
        "env": snapshot.get("env"),
        "commit": snapshot.get("git_sha"),
        "paths": [named.path for named in _named(batch)],
        "host": batch.host,
        "requested_by": actor.username,
    }


def _named(batch: sa.Row[Any]) -> list[NamedPath]:
    return paths_of(batch.command, batch.env_snapshot or {}, _overrides(batch.overrides_json))


def _overrides(text: str | None) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _report(row: sa.Row[Any], status: str, *, reason: str | None = None, **more: Any) -> DriftReport:
    facts = {"items": [], "is_whole": True} | more
    return DriftReport(
        status=status,
        command_id=row.id,
        command_status=row.status,
        hostname=row.hostname,
        reason=reason,
        inspected_at=iso(row.finished_at),
        **facts,
    )
