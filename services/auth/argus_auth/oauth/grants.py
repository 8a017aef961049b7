"""Carries out what a provider's groups give, at each login: it is given, and taken away when the groups are gone."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from argus_auth.accounts import repository as accounts
from argus_auth.dependencies import Origin
from argus_auth.locking import ADMINISTRATORS, take_turn
from argus_auth.oauth import repository, roles
from argus_auth.oauth.external import External, Visit
from argus_auth.oauth.roles import Granted
from argus_auth.users import repository as users
from argus_auth.work import Work
from argus_contracts import bus as wire
from argus_kit.clock import now


async def apply(visit: Visit, work: Work, external: External, identity: sa.Row[Any]) -> None:
    """Bring a person's rights in line with the groups that they came with."""
    wanted = roles.decide(external.groups or (), visit.provider.rules.group_roles)
    await _settle(work, identity, wanted, visit.origin)


async def withdraw(work: Work, identity: sa.Row[Any], origin: Origin) -> None:
    """Take away what the provider's groups gave, as when the link ends."""
    await _settle(work, identity, Granted(admin=False, projects={}), origin)


async def _settle(work: Work, identity: sa.Row[Any], wanted: Granted, origin: Origin) -> None:
    before = roles.from_stored(identity.granted)
    if before.is_nothing and wanted.is_nothing:
        return
    granted = wanted._replace(admin=await _settle_admin(work, identity, before, wanted, origin))
    if before.projects != granted.projects:
        work.audit(
            "project_roles_by_group",
            identity.user_id,
            target=("user", identity.user_id),
            ip=origin.ip,
            provider=identity.provider,
            before=before.projects,
            after=granted.projects,
        )
    if before.projects or granted.projects:
        # Said at each login: what somebody took away by hand meanwhile is there again.
        given = wire.GroupMemberships(
            user_id=identity.user_id, provider=identity.provider, roles=granted.projects, at=now()
        )
        work.tell(wire.MEMBERSHIP_SET, given)
    await repository.change(work.connection, identity.id, granted=roles.to_stored(granted))


async def _settle_admin(work: Work, identity: sa.Row[Any], before: Granted, wanted: Granted, origin: Origin) -> bool:
    """Promote or demote. Returns whether the provider is why the person is an administrator."""
    if before.admin == wanted.admin:
        return before.admin
    # In this order wherever both are held.
    user = await accounts.by_id(work.connection, identity.user_id, for_update=True)
    await take_turn(work.connection, ADMINISTRATORS)
    if user is None or user.is_admin == wanted.admin:
        # An administrator by a person's word: that is not for groups to take away.
        return False
    if not wanted.admin and not await users.other_administrators(work.connection, user.id):
        about = {"provider": identity.provider, "reason": "last_administrator"}
        work.audit("user_demote_skipped", user.id, target=("user", user.id), ip=origin.ip, **about)
        return True
    await accounts.change(work.connection, user.id, is_admin=wanted.admin)
    action = "user_promote" if wanted.admin else "user_demote"
    work.audit(action, user.id, target=("user", user.id), ip=origin.ip, provider=identity.provider, by="group")
    # Every process remembers for half a minute who is an administrator.
    work.revoke_user(user.id)
    return wanted.admin
