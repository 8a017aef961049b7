"""What agents report of a command: its history, and how it ended."""

from __future__ import annotations

import signal
from typing import Any

import sqlalchemy as sa

from argus_contracts.errors import ErrorCode
from argus_executor.commands import changes, debts, repository
from argus_executor.commands.schemas import CommandReport
from argus_executor.commands.states import PAUSED_EXIT, WAYS, Event, Step, of_report
from argus_kit import audit
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.outbox import Transaction
from argus_kit.platform import Platform
from argus_schema.executor import command

_FACTS = ("exit_code", "signal", "pid", "oom", "last_lines", "gpu_errors")


async def report(here: Platform, agent: Actor, command_id: str, told: CommandReport) -> str:
    """Write a report down, once, and let happen what it means. Returns the command's status.

    Raises:
        ArgusError: command.not_found (404).
    """
    async with here.write("executor") as tx:
        row = await repository.find(tx.connection, command.c.id == command_id, command.c.agent_id == agent.agent_id)
        if row is None:
            raise ArgusError(ErrorCode.COMMAND_NOT_FOUND)
        if not await repository.add_step(tx.connection, _step(command_id, told)):
            return str(row.status)
        event = of_report(row.kind, told.step, told.exit_code)
        happened = event is not None and await _happen(tx, row, event, told)
        if not happened:
            await changes.tell(tx, row, row.status, step=told.step.value, seq=told.seq)
        if told.step is Step.REFUSED:
            _audit(tx, agent, row, told)
        if told.step is Step.SPAWNED and told.pid is not None:
            await repository.set_pid(tx.connection, command_id, told.pid)
    if happened:
        await debts.pay_if_possible(here, [command_id])
    return str(WAYS[event].after) if happened and event is not None else str(row.status)


def _step(command_id: str, told: CommandReport) -> dict[str, Any]:
    facts = {name: value for name in _FACTS if (value := getattr(told, name)) is not None}
    return {
        "command_id": command_id,
        "seq": told.seq,
        "step": told.step.value,
        "at": told.at,
        "received_at": now(),
        "detail": told.detail,
        "facts": facts or None,
    }


async def _happen(tx: Transaction, row: sa.Row[Any], event: Event, told: CommandReport) -> bool:
    values: dict[str, Any] = {"exit_code": told.exit_code, "signal": told.signal, "result": told.result}
    if event is Event.REFUSE:
        reason = f"The host refused: {told.detail or 'it did not say why'}"
        return await changes.change(tx, row, event, detail=reason, reported=True)
    return await changes.change(tx, row, event, detail=ending(told), reported=True, **values)


def ending(told: CommandReport) -> str:
    """How a process ended, in words that a person reads and the crash card's rules know."""
    parts = [_how(told)]
    parts += [text for text in (told.oom, *(told.gpu_errors or ())[:1], told.detail) if text]
    spoken = [line.strip() for line in told.last_lines or () if line.strip()]
    return "\n".join([*parts, *spoken[-1:]])


def _how(told: CommandReport) -> str:
    if told.signal:
        known = {one.value: one.name for one in signal.Signals}
        return f"The process was ended by {known.get(told.signal, f'signal {told.signal}')}."
    if told.exit_code is None:
        return "The process is gone."
    if told.exit_code == PAUSED_EXIT:
        return f"The process ended to be resumed (exit code {PAUSED_EXIT})."
    return f"The process ended with exit code {told.exit_code}."


def _audit(tx: Transaction, agent: Actor, row: sa.Row[Any], told: CommandReport) -> None:
    facts = {"agent_id": row.agent_id, "batch_id": row.batch_id, "kind": row.kind, "reason": told.detail}
    audit.note(tx, "executor", "command_refused", agent.user_id, target=("command", row.id), **facts)
