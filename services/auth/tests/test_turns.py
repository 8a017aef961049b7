"""Whoever takes an administrator's rights while that account departs or logs in waits, and never in a circle."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from argus_auth.accounts import repository as accounts
from argus_auth.dependencies import Origin
from argus_auth.locking import ADMINISTRATORS, take_turn
from argus_auth.oauth import grants
from argus_auth.oauth.roles import Granted
from argus_auth.users import service as users
from argus_auth.users.service import By
from argus_kit.clock import now
from argus_kit.testing import eventually
from argus_schema.auth import oauth_identity

NOBODY = Origin(None, None)


async def _demote(core, admin, ada):
    async with core.write() as work:
        return await users.demote(work, By(admin.id, NOBODY), ada.id)


async def _ban(core, admin, ada):
    async with core.write() as work:
        return await users.ban(work, By(admin.id, NOBODY), ada.id)


async def _login(core, _admin, ada):
    """A login whose groups no longer make the person an administrator."""
    async with core.write() as work:
        identity = (await work.connection.execute(sa.select(oauth_identity))).one()
        before, wanted = Granted(admin=True, projects={}), Granted(admin=False, projects={})
        return await grants._settle_admin(work, identity, before, wanted, NOBODY)


@pytest.mark.parametrize("meanwhile", [_demote, _ban, _login])
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)  # SQLite has one writer anyway
async def test_the_account_comes_before_the_turn(core, sign_up, database, meanwhile):
    admin, ada = await sign_up("root"), await sign_up("ada")
    async with core.write() as work:
        await users.promote(work, By(admin.id, NOBODY), ada.id)
        told = {"user_id": ada.id, "provider": "oidc:uni", "subject": "1", "created_at": now()}
        await work.connection.execute(sa.insert(oauth_identity).values(told))

    async def waits_for_a_row():
        query = "select count(*) from pg_locks where not granted and locktype in ('transactionid', 'tuple')"
        async with database.read() as connection:
            return (await connection.execute(sa.text(query))).scalar_one() > 0

    async with core.write() as departing:
        await accounts.by_id(departing.connection, ada.id, for_update=True)
        other = asyncio.create_task(meanwhile(core, admin, ada))
        await eventually(waits_for_a_row)
        await take_turn(departing.connection, ADMINISTRATORS)
    await other
