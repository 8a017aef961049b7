"""The order in which transactions take what others want too: two that keep to it never wait for each other.

1. The turn of a batch's rules, or that of the watchdogs; rows of `rule_watch` by key, those of `watch` under the turn
2. Rows of `rule`, by id
3. The turns of what is told once in a while, by name
4. The turns of waves, then those of surges, by name; their rows
5. The turn to tell; rows of `notification`, `unsubscribe_token` and `delivery`, in any order

What is on its way to a receiver is written row by row, each after the receiver's row of `circuit`. Whatever tidies many
rows at once takes them by key, or only those that nobody has in hand.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.leases import take_turn


async def take_turn_to_tell(connection: AsyncConnection) -> None:
    """Before inboxes and the queue are written for several people, whose rows come in no order of their own.

    In a storm nearly all that happens is only counted, and does not come here.
    """
    await take_turn(connection, "notifier.telling")


def by_key(table: sa.Table, which: sa.ColumnElement[bool], *, only_free: bool = False) -> sa.ColumnElement[bool]:
    """The same rows of a table, taken in the order of their key; with `only_free` without those that others have."""
    key = tuple(table.primary_key)
    rows = sa.select(*key).where(which).order_by(*key).with_for_update(skip_locked=only_free)
    return sa.tuple_(*key).in_(rows)
