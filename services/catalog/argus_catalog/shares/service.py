"""Shares with people: of one batch, and of all one's batches of a project."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import BatchRef
from argus_catalog.shares.schemas import BatchShare, NewBatchShare, NewProjectShare, ProjectShare
from argus_catalog.upserts import insert_or_change
from argus_catalog.writing import Change
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, must_reach
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema import auth
from argus_schema import catalog as own

one = own.batch_share.c
project_share = own.project_share.c
user = auth.user.c


async def batch_shares(connection: AsyncConnection, batch_id: str) -> list[BatchShare]:
    """With whom a batch is shared, the oldest share first."""
    rows = (await connection.execute(_batch_shares(batch_id))).mappings()
    return [BatchShare(**row) for row in rows]


def _batch_shares(batch_id: str) -> sa.Select[Any]:
    return (
        sa.select(*own.batch_share.c, user.username.label("grantee_username"))
        .join(auth.user, user.id == one.grantee_id)
        .where(one.batch_id == batch_id)
        .order_by(one.created_at, one.grantee_id)
    )


async def share_batch(change: Change, actor: Actor, batch: BatchRef, new: NewBatchShare) -> BatchShare:
    """Share a batch with a person, or change what they may do.

    Raises:
        ArgusError: user.not_found, user.inactive, user.is_self, share.with_owner.
    """
    grantee_id = await _grantee(change.connection, actor, new.grantee_username)
    if grantee_id == batch.owner_id:
        raise ArgusError(ErrorCode.SHARE_WITH_OWNER)
    row = {
        "batch_id": batch.id,
        "grantee_id": grantee_id,
        "permission": new.permission,
        "created_at": now(),
        "created_by": actor.user_id,
    }
    if await insert_or_change(change.connection, own.batch_share, row, {"permission": new.permission}):
        change.granted(actor, grantee_id, new.permission, project=batch.project, batch_id=batch.id)
    change.access_changed(batch_id=batch.id, project=batch.project, owner_id=batch.owner_id, user_id=grantee_id)
    change.audit(actor, "share_add", "batch", batch.id, grantee_id=grantee_id, permission=new.permission)
    found = (await change.connection.execute(_batch_shares(batch.id).where(one.grantee_id == grantee_id))).mappings()
    return BatchShare(**found.one())


async def end_batch_share(change: Change, actor: Actor, batch: BatchRef, grantee_id: int) -> None:
    """End a share.

    Raises:
        ArgusError: share.not_found.
    """
    gone = sa.delete(own.batch_share).where(one.batch_id == batch.id, one.grantee_id == grantee_id)
    if (await change.connection.execute(gone)).rowcount == 0:
        raise ArgusError(ErrorCode.SHARE_NOT_FOUND)
    change.access_changed(batch_id=batch.id, project=batch.project, owner_id=batch.owner_id, user_id=grantee_id)
    change.audit(actor, "share_remove", "batch", batch.id, grantee_id=grantee_id)


async def project_shares(connection: AsyncConnection, actor: Actor) -> list[ProjectShare]:
    """Whom a person gave their batches of projects to, by project."""
    query = _project_shares(actor.user_id)
    if actor.project is not None:
        query = query.where(project_share.project == actor.project)
    return [ProjectShare(**row) for row in (await connection.execute(query)).mappings()]


def _project_shares(owner_id: int) -> sa.Select[Any]:
    return (
        sa.select(*own.project_share.c, user.username.label("grantee_username"))
        .join(auth.user, user.id == project_share.grantee_id)
        .where(project_share.owner_id == owner_id)
        .order_by(project_share.project, project_share.created_at, project_share.grantee_id)
    )


async def share_project(change: Change, actor: Actor, new: NewProjectShare) -> ProjectShare:
    """Share one's batches of a project, present and future, or change what the other may do.

    Raises:
        ArgusError: user.not_found, user.inactive, user.is_self; auth.project_token by a token for another project.
    """
    must_reach(actor, new.project)
    grantee_id = await _grantee(change.connection, actor, new.grantee_username)
    row = {
        "owner_id": actor.user_id,
        "project": new.project,
        "grantee_id": grantee_id,
        "permission": new.permission,
        "created_at": now(),
    }
    if await insert_or_change(change.connection, own.project_share, row, {"permission": new.permission}):
        change.granted(actor, grantee_id, new.permission, project=new.project, batch_id=None)
    change.access_changed(project=new.project, owner_id=actor.user_id, user_id=grantee_id)
    change.audit(actor, "share_add", "project", new.project, grantee_id=grantee_id, permission=new.permission)
    query = _project_shares(actor.user_id).where(
        project_share.project == new.project, project_share.grantee_id == grantee_id
    )
    return ProjectShare(**(await change.connection.execute(query)).mappings().one())


async def end_project_share(change: Change, actor: Actor, project: str, grantee_id: int) -> None:
    """End a share of a project.

    Raises:
        ArgusError: share.not_found; auth.project_token by a token for another project.
    """
    must_reach(actor, project)
    gone = sa.delete(own.project_share).where(
        project_share.owner_id == actor.user_id,
        project_share.project == project,
        project_share.grantee_id == grantee_id,
    )
    if (await change.connection.execute(gone)).rowcount == 0:
        raise ArgusError(ErrorCode.SHARE_NOT_FOUND)
    change.access_changed(project=project, owner_id=actor.user_id, user_id=grantee_id)
    change.audit(actor, "share_remove", "project", project, grantee_id=grantee_id)


async def _grantee(connection: AsyncConnection, actor: Actor, username: str) -> int:
    query = sa.select(user.id, user.is_active).where(user.username_lower == username.lower())
    found = (await connection.execute(query)).first()
    if found is None:
        raise ArgusError(ErrorCode.USER_NOT_FOUND)
    if not found.is_active:
        raise ArgusError(ErrorCode.USER_INACTIVE)
    if found.id == actor.user_id:
        raise ArgusError(ErrorCode.USER_IS_SELF, "You cannot share with yourself.")
    grantee_id: int = found.id
    return grantee_id
