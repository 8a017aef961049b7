"""Forgetting people who left: their inbox, what they wanted to hear of, and their address."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.database import Database
from argus_notifier.turns import by_key, take_turn_to_tell
from argus_schema import notifier as tables

NOTICE: Final = "account_deleted"
"""The one mail to an address that outlives it: it says that the account is gone."""

_OF_A_PERSON: Final = (
    tables.notification,
    tables.notification_pref,
    tables.inbox_mute,
    tables.inbox_choice,
    tables.subscription,
    tables.batch_subscription,
    tables.unsubscribe_token,
    tables.digest_pref,
)


async def forget(database: Database, departed: wire.PersonDeparted) -> None:
    """Delete what is kept of a person; may be called again."""
    mail, recipient = tables.delivery.c, tables.recipient.c
    async with database.write() as connection:
        await connection.execute(
            sa.delete(tables.rule).where(by_key(tables.rule, tables.rule.c.user_id == departed.user_id))
        )
        await take_turn_to_tell(connection)
        for table in _OF_A_PERSON:
            await connection.execute(sa.delete(table).where(table.c.user_id == departed.user_id))
        # The address is free again, and may by now be somebody's who has just opened an account.
        theirs = sa.and_(recipient.email == departed.email, recipient.created_at <= departed.at)
        await connection.execute(sa.delete(tables.recipient).where(theirs))
        channel = tables.channel.c
        own = sa.select(channel.id).where(channel.user_id == departed.user_id)
        await connection.execute(sa.delete(tables.delivery).where(mail.channel_id.in_(own)))
        await connection.execute(sa.delete(tables.channel).where(channel.user_id == departed.user_id))
        older = sa.and_(mail.target == departed.email, mail.created_at <= departed.at, mail.event_type != NOTICE)
        await connection.execute(sa.delete(tables.delivery).where(older))
