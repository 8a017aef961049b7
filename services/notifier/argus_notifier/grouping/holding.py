"""What may not leave yet waits in one message, which grows: within the pause after the last one, and in quiet hours.

A message that is held is a delivery that is not due. Until then its words are written again with each thing that it
comes to tell of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.delivery import repository as deliveries
from argus_notifier.grouping.wording import together
from argus_schema.notifier import delivery

_D = delivery.c
_PREFIX: Final = "held:"
_MOST_TITLES: Final = 20
# Mails share one receiver, the server; what tells them apart is the address.
_ADDRESS: Final = sa.case((_D.kind == "mail", sa.func.lower(_D.target)), else_=_D.receiver)


Again = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery that is to be made.

    Attributes:
        row: as `deliveries.add` takes it.
        title: what it tells of, in a line.
        locale: of its reader.
        again: what it is when it tells of several things (columns of the row, among them facts that change): from
            title, body, and the facts of the one that waits.
    """

    row: Mapping[str, Any]
    title: str
    locale: str
    again: Again

    @property
    def address(self) -> str:
        """Whose pause it is."""
        return str(self.row["target"]).lower() if self.row["kind"] == "mail" else str(self.row["receiver"])


async def send_or_hold(
    connection: AsyncConnection,
    messages: Sequence[Message],
    *,
    at: datetime,
    pause_s: float,
    until: datetime | None = None,
) -> None:
    """Put messages of one kind of event into the queue: those that may leave, and those that wait.

    Args:
        connection: of a write transaction.
        messages: one for each address at most.
        at: now.
        pause_s: the least time between two to one address.
        until: none leaves before; what waits for that is one message for each address, too.
    """
    if not messages:
        return
    event_type = messages[0].row["event_type"]
    addresses = {one.address for one in messages}
    free_at = await _free_at(connection, event_type, addresses, at, pause_s) if pause_s else {}
    leave_at = {address: max(filter(None, (free_at.get(address), until)), default=at) for address in addresses}
    late = {address for address, leaves_at in leave_at.items() if leaves_at > at}
    waiting = await _waiting(connection, event_type, late, at) if late else {}
    rows: list[dict[str, Any]] = []
    for one in messages:
        held = waiting.get(one.address)
        if held is not None and await _add_to(connection, held, one, until):
            continue
        rows.append(_held(one, leave_at[one.address]) if one.address in late else dict(one.row))
    await deliveries.add(connection, rows)


def _held(one: Message, leaves_at: datetime) -> dict[str, Any]:
    facts = {**(one.row.get("facts") or {}), "held": {"titles": [one.title], "count": 1}}
    key = f"{_PREFIX}{one.row['dedupe_key']}"
    return {**one.row, "dedupe_key": key, "facts": facts, "next_attempt_at": leaves_at}


async def _free_at(
    connection: AsyncConnection, event_type: str, addresses: set[str], at: datetime, pause_s: float
) -> dict[str, datetime]:
    """From when on each of these may have another; those that had none lately are missing."""
    left_at = sa.func.coalesce(_D.sent_at, _D.next_attempt_at, _D.created_at)
    statement = (
        sa.select(_ADDRESS.label("address"), sa.func.max(sa.type_coerce(left_at, _D.created_at.type)).label("last"))
        # What was held was written before it left: up to a pause before.
        .where(_D.event_type == event_type, _D.created_at > at - timedelta(seconds=2 * pause_s))
        .where(_ADDRESS.in_(addresses))
        .group_by(_ADDRESS)
    )
    pause = timedelta(seconds=pause_s)
    rows = await connection.execute(statement)
    return {row.address: row.last + pause for row in rows if row.last + pause > at}


async def _waiting(
    connection: AsyncConnection, event_type: str, addresses: set[str], at: datetime
) -> dict[str, sa.Row[Any]]:
    statement: sa.Select[Any] = (
        sa.select(_D.id, _D.facts, _D.next_attempt_at, _ADDRESS.label("address"))
        .where(_D.status == deliveries.WAITING, _D.next_attempt_at > at, _D.event_type == event_type)
        .where(_D.attempts == 0, _D.dedupe_key.startswith(_PREFIX), _ADDRESS.in_(addresses))
        .with_for_update()
    )
    return {row.address: row for row in await connection.execute(statement)}


async def _add_to(connection: AsyncConnection, held: sa.Row[Any], one: Message, until: datetime | None) -> bool:
    """Write a message that waits again, with one thing more. False: it has just left."""
    known = held.facts["held"]
    titles = [*known["titles"], one.title][:_MOST_TITLES]
    count = known["count"] + 1
    title, body = together(titles, count, one.locale)
    values = dict(one.again(title, body, held.facts))
    facts = {**held.facts, **values.pop("facts", {}), "held": {"titles": titles, "count": count}}
    values |= {"facts": facts, "next_attempt_at": max(filter(None, (held.next_attempt_at, until)))}
    still = sa.update(delivery).where(_D.id == held.id, _D.status == deliveries.WAITING)
    return bool((await connection.execute(still.values(**values))).rowcount)
