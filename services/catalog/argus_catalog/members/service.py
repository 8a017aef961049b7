"""The rules of membership.

Owners of a project and administrators say who belongs to it, and whoever belongs to it may leave. A project that has no
members yet gets its first from an administrator, or from the one person whose batches all of it are, who becomes its
owner. A project with members always has an owner.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.members.roles import has_batches, has_members, may_found, must_have, role_of
from argus_catalog.members.schemas import Member, ProjectMembers, ProjectRole
from argus_catalog.projects.repository import is_visible
from argus_catalog.upserts import upsert
from argus_catalog.writing import Change
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, must_reach
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.policy import Permission
from argus_schema import auth
from argus_schema import catalog as own
from argus_schema.roles import MEMBERS, Role

member = own.project_member.c
user = auth.user.c


async def members(connection: AsyncConnection, actor: Actor, project: str) -> ProjectMembers:
    """Who belongs to a project: told to those who do, and to administrators. That nobody does, to whoever sees it.

    Raises:
        ArgusError: project.not_found, project.forbidden, auth.project_token.
    """
    role = await _own_role(connection, actor, project)
    rows = (await connection.execute(_members(project))).mappings().all()
    if rows and role is None and not actor.is_admin:
        raise ArgusError(ErrorCode.PROJECT_FORBIDDEN)
    is_manager = actor.is_admin or role is Role.OWNER or await may_found(connection, actor, project)
    return ProjectMembers(
        members=[Member(**row) for row in rows],
        role=role.value if role else None,
        may_manage=is_manager and actor.may_write,
    )


async def put_member(change: Change, actor: Actor, project: str, username: str, role: ProjectRole) -> Member:
    """Add someone to a project, or change their role.

    Raises:
        ArgusError: project.not_found, project.forbidden, project.last_owner, user.not_found, user.inactive,
            member.has_runs, auth.project_token.
    """
    connection = change.connection
    await _own_role(connection, actor, project)
    await _lock(connection, project)
    is_founding = await may_found(connection, actor, project)
    if not is_founding:
        await must_have(connection, actor, project, Permission.MEMBERS_MANAGE)
    person = await _person(connection, username)
    before = await role_of(connection, person.id, project)
    if before is None:
        await _check_new(connection, actor, person, project)
    if is_founding and person.id != actor.user_id:
        await _put(change, actor, project, actor.user_id, Role.OWNER)
        change.audit(actor, "member_add", "project", project, member_id=actor.user_id, role="owner")
    await _put(change, actor, project, person.id, Role(role))
    await _must_have_owner(connection, project)
    if before is None and person.id != actor.user_id:
        change.granted(actor, person.id, role, project=project, batch_id=None)
    action = "member_add" if before is None else "member_change"
    change.audit(actor, action, "project", project, member_id=person.id, role=role, before=before)
    change.access_changed(project=project)
    return Member(**(await connection.execute(_members(project).where(user.id == person.id))).mappings().one())


async def remove_member(change: Change, actor: Actor, project: str, username: str) -> None:
    """Take someone from a project, or leave it.

    Raises:
        ArgusError: project.not_found, project.forbidden, project.last_owner, member.not_found, auth.project_token.
    """
    connection = change.connection
    role = await _own_role(connection, actor, project)
    await _lock(connection, project)
    if username.lower() != actor.username.lower() or role is None:
        await must_have(connection, actor, project, Permission.MEMBERS_MANAGE)
    found = (await connection.execute(_members(project).where(user.username_lower == username.lower()))).first()
    if found is None:
        raise ArgusError(ErrorCode.MEMBER_NOT_FOUND)
    gone = sa.delete(own.project_member).where(member.project == project, member.user_id == found.user_id)
    await connection.execute(gone)
    await _must_have_owner(connection, project)
    change.audit(actor, "member_remove", "project", project, member_id=found.user_id, role=found.role)
    change.access_changed(project=project)


async def _own_role(connection: AsyncConnection, actor: Actor, project: str) -> Role | None:
    """The caller's role. Raises ArgusError: project.not_found for who neither belongs to the project nor sees it."""
    must_reach(actor, project)
    role = await role_of(connection, actor.user_id, project)
    if role is not None or await is_visible(connection, actor, project):
        return role
    # An administrator may see to members whose project has no batches (any more).
    if actor.is_admin and await has_members(connection, project):
        return None
    raise ArgusError(ErrorCode.PROJECT_NOT_FOUND)


async def _check_new(connection: AsyncConnection, actor: Actor, person: sa.Row[int, bool], project: str) -> None:
    if not person.is_active:
        raise ArgusError(ErrorCode.USER_INACTIVE)
    # Their own batches would be open to the members from now on, without a word of theirs.
    if person.id != actor.user_id and not actor.is_admin and await has_batches(connection, person.id, project):
        raise ArgusError(ErrorCode.MEMBER_HAS_RUNS)


async def _put(change: Change, actor: Actor, project: str, user_id: int, role: Role) -> None:
    row = {
        "project": project,
        "user_id": user_id,
        "role": role.value,
        "created_at": now(),
        "created_by": actor.user_id,
        "granted_by": None,
    }
    await upsert(change.connection, own.project_member, row, {"role": role.value, "granted_by": None})


async def _lock(connection: AsyncConnection, project: str) -> None:
    # Two owners who take each other's role at once must not both succeed. SQLite has one writer anyway.
    await connection.execute(sa.select(member.user_id).where(member.project == project).with_for_update())


async def _must_have_owner(connection: AsyncConnection, project: str) -> None:
    owners = sa.select(member.user_id).where(member.project == project, member.role == Role.OWNER.value).limit(1)
    if (await connection.execute(owners)).first() is None:
        raise ArgusError(ErrorCode.PROJECT_LAST_OWNER)


async def _person(connection: AsyncConnection, username: str) -> sa.Row[int, bool]:
    query = sa.select(user.id, user.is_active).where(user.username_lower == username.lower())
    found = (await connection.execute(query)).first()
    if found is None:
        raise ArgusError(ErrorCode.USER_NOT_FOUND)
    return found


def _members(project: str) -> sa.Select[Any]:
    rank = sa.case({role.value: n for n, role in enumerate(MEMBERS)}, value=member.role)
    columns = (member.role, member.created_at, member.created_by, member.granted_by)
    return (
        sa.select(member.user_id, user.username, *columns)
        .join(auth.user, user.id == member.user_id)
        .where(member.project == project, member.role.in_(MEMBERS))
        .order_by(rank, user.username_lower)
    )
