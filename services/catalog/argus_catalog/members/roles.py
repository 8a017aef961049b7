"""Which role a person has in a project, and who may found a project that has no members yet."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, must_reach
from argus_kit.errors import ArgusError
from argus_kit.policy import Permission, role_for
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.roles import MEMBERS, Role

batch = ingest.batch.c
member = own.project_member.c


async def role_of(connection: AsyncConnection, user_id: int, project: str) -> Role | None:
    """A person's role as a member of a project; None for who is none."""
    query = sa.select(member.role).where(member.project == project, member.user_id == user_id)
    found = (await connection.execute(query)).scalar()
    return Role(found) if found in MEMBERS else None


async def must_have(connection: AsyncConnection, actor: Actor, project: str, permission: Permission) -> None:
    """Let pass who has the role in a project that the permission asks for.

    Raises:
        ArgusError: project.forbidden, or auth.project_token by a token for another project.
    """
    must_reach(actor, project)
    enough = MEMBERS[: MEMBERS.index(role_for(permission)) + 1]
    if not actor.is_admin and await role_of(connection, actor.user_id, project) not in enough:
        raise ArgusError(ErrorCode.PROJECT_FORBIDDEN)


async def has_members(connection: AsyncConnection, project: str) -> bool:
    """Whether anybody belongs to a project."""
    query = sa.select(member.user_id).where(member.project == project).limit(1)
    return (await connection.execute(query)).first() is not None


async def may_found(connection: AsyncConnection, actor: Actor, project: str) -> bool:
    """Whether a person may give a project its first members: all its batches are theirs, and there is one.

    Names of projects are free for all. Whoever reports one batch under a name that others use must not become the
    owner of their project by it.
    """
    is_theirs = sa.and_(batch.owner_id == actor.user_id, batch.is_placeholder.is_(False))
    query = sa.select(is_theirs).where(batch.project == project, batch.deleted_at.is_(None)).distinct()
    found = set((await connection.execute(query)).scalars())
    return found == {True} and not await has_members(connection, project)


async def has_batches(connection: AsyncConnection, user_id: int, project: str) -> bool:
    """Whether someone has batches of their own in a project."""
    query = sa.select(batch.batch_key).where(
        batch.project == project, batch.owner_id == user_id, batch.deleted_at.is_(None)
    )
    return (await connection.execute(query.limit(1))).first() is not None
