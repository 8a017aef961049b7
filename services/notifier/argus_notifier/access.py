"""What notifier must know of others' things: whose a batch is, and who may see it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, must_reach
from argus_kit.errors import ArgusError
from argus_kit.policy import Permission, role_for
from argus_schema import auth, catalog, ingest
from argus_schema.roles import MEMBERS, Role

_B = ingest.batch.c


async def batch_of_owner(connection: AsyncConnection, actor: Actor, batch_id: str) -> sa.Row[Any]:
    """A batch that is the caller's own.

    Raises:
        ArgusError: batch.not_found (404) where the caller may not even see it, batch.forbidden (403).
    """
    statement: sa.Select[Any] = sa.select(_B.id, _B.project, _B.owner_id).where(
        _B.id == batch_id, _B.deleted_at.is_(None), _B.is_placeholder.is_(False)
    )
    row: sa.Row[Any] | None = (await connection.execute(statement)).one_or_none()
    if row is None or not actor.reaches(row.project):
        raise ArgusError(ErrorCode.BATCH_NOT_FOUND)
    if row.owner_id == actor.user_id:
        return row
    if actor.is_admin or actor.user_id in await people_with_access(connection, row.id, row.owner_id, row.project):
        raise ArgusError(ErrorCode.BATCH_FORBIDDEN, "Only the batch's owner may do this.")
    raise ArgusError(ErrorCode.BATCH_NOT_FOUND)


async def people_with_access(
    connection: AsyncConnection, batch_id: str, owner_id: int | None, project: str
) -> set[int]:
    """Ids of everyone who may see a batch by right of their own or by a share; administrators are not counted."""
    share, project_share, member = catalog.batch_share.c, catalog.project_share.c, catalog.project_member.c
    author = catalog.project_member.alias().c
    # As in argus_schema.access: members have no rights over who only uses their project's name.
    is_by_member = sa.exists().where(author.project == project, author.user_id == owner_id)
    is_of_project = sa.true() if owner_id is None else is_by_member
    granted = sa.union_all(
        sa.select(share.grantee_id).where(share.batch_id == batch_id),
        sa.select(project_share.grantee_id).where(project_share.owner_id == owner_id, project_share.project == project),
        sa.select(member.user_id).where(member.project == project, is_of_project),
    )
    people = set((await connection.execute(granted)).scalars())
    return people | ({owner_id} if owner_id is not None else set())


async def is_member(connection: AsyncConnection, user_id: int, project: str, least: Role) -> bool:
    """Whether someone belongs to a project with this role or a higher one."""
    member = catalog.project_member.c
    mine = sa.select(member.role).where(member.project == project, member.user_id == user_id)
    role = (await connection.execute(mine)).scalar()
    return role in MEMBERS[: MEMBERS.index(least) + 1]


async def has_part_in(connection: AsyncConnection, user_id: int, project: str) -> bool:
    """Whether someone owns a batch in a project, or was given one owner's batches of it."""
    share = catalog.project_share.c
    owns = sa.select(_B.batch_key).where(_B.owner_id == user_id, _B.project == project, _B.deleted_at.is_(None))
    shared = sa.select(share.grantee_id).where(share.grantee_id == user_id, share.project == project)
    for statement in (owns.limit(1), shared.limit(1)):
        if (await connection.execute(statement)).first() is not None:
            return True
    return False


async def only_own(connection: AsyncConnection, actor: Actor, project: str, permission: Permission) -> int | None:
    """The caller's id when they may only deal with what they added to a project; None when with everything.

    Raises:
        ArgusError: project.forbidden (403).
    """
    must_reach(actor, project)
    if actor.is_admin or await is_member(connection, actor.user_id, project, role_for(permission)):
        return None
    if await has_part_in(connection, actor.user_id, project):
        return actor.user_id
    raise ArgusError(ErrorCode.PROJECT_FORBIDDEN)


async def active_people(connection: AsyncConnection, user_ids: set[int]) -> dict[int, sa.Row[Any]]:
    """Name, address, locale and rights of those whose account is active."""
    if not user_ids:
        return {}
    user = auth.user.c
    statement: sa.Select[Any] = sa.select(
        user.id, user.username, user.email, user.preferred_locale, user.is_admin
    ).where(user.id.in_(user_ids), user.is_active.is_(True))
    return {row.id: row for row in await connection.execute(statement)}
