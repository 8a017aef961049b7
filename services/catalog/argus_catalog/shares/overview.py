"""All shares of a person at one look: whom they opened what to, and what others opened to them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.shares.schemas import GivenShare, ReceivedShare, ShareOverview
from argus_kit.actor import Actor
from argus_schema import auth, ingest
from argus_schema import catalog as own
from argus_schema.access import exists_for_people, reached_by

batch = ingest.batch.c
of_batch = own.batch_share.c
of_project = own.project_share.c
user = auth.user.c


async def overview(connection: AsyncConnection, actor: Actor) -> ShareOverview:
    """What a person shared and what was shared with them, the newest first. Four statements, however many there are."""
    given = [*await _rows(connection, _given_batches(actor)), *await _rows(connection, _given_projects(actor))]
    received = [*await _rows(connection, _got_batches(actor)), *await _rows(connection, _got_projects(actor))]
    return ShareOverview(
        given=[GivenShare(**row) for row in _newest_first(given)],
        received=[ReceivedShare(**row) for row in _newest_first(received)],
    )


async def _rows(connection: AsyncConnection, query: sa.Select[Any]) -> list[Any]:
    return list((await connection.execute(query)).mappings())


def _newest_first(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: row["created_at"], reverse=True)


def _given_batches(actor: Actor) -> sa.Select[Any]:
    # Also what somebody else, who may, opened of one's batches.
    mine = sa.or_(batch.owner_id == actor.user_id, of_batch.created_by == actor.user_id)
    return (
        sa.select(
            sa.literal("batch").label("kind"),
            of_batch.batch_id.label("target"),
            batch.project,
            of_batch.grantee_id,
            user.username.label("grantee_username"),
            of_batch.permission,
            of_batch.created_at,
        )
        .join_from(own.batch_share, ingest.batch, batch.id == of_batch.batch_id)
        .join(auth.user, user.id == of_batch.grantee_id)
        .where(exists_for_people(), reached_by(actor), mine)
    )


def _given_projects(actor: Actor) -> sa.Select[Any]:
    query = (
        sa.select(
            sa.literal("project").label("kind"),
            of_project.project.label("target"),
            of_project.project,
            of_project.grantee_id,
            user.username.label("grantee_username"),
            of_project.permission,
            of_project.created_at,
        )
        .join_from(own.project_share, auth.user, user.id == of_project.grantee_id)
        .where(of_project.owner_id == actor.user_id)
    )
    return query if actor.project is None else query.where(of_project.project == actor.project)


def _got_batches(actor: Actor) -> sa.Select[Any]:
    return (
        sa.select(
            sa.literal("batch").label("kind"),
            of_batch.batch_id.label("target"),
            batch.project,
            user.username.label("owner_username"),
            of_batch.permission,
            of_batch.created_at,
        )
        .join_from(own.batch_share, ingest.batch, batch.id == of_batch.batch_id)
        .outerjoin(auth.user, user.id == batch.owner_id)
        .where(of_batch.grantee_id == actor.user_id, exists_for_people(), reached_by(actor))
    )


def _got_projects(actor: Actor) -> sa.Select[Any]:
    query = (
        sa.select(
            sa.literal("project").label("kind"),
            of_project.project.label("target"),
            of_project.project,
            user.username.label("owner_username"),
            of_project.permission,
            of_project.created_at,
        )
        .join_from(own.project_share, auth.user, user.id == of_project.owner_id)
        .where(of_project.grantee_id == actor.user_id)
    )
    return query if actor.project is None else query.where(of_project.project == actor.project)
