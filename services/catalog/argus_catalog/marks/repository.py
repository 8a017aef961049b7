"""Stars and pins: a person's own marks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import visible
from argus_catalog.marks.schemas import Pin, Star
from argus_catalog.upserts import insert_if_absent
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, must_reach
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.access import reached_by

star = own.star.c
pin = own.pin.c
batch = ingest.batch.c

MAX_PINS = 4
_STARRABLE = frozenset({"project", "batch"})


async def stars(connection: AsyncConnection, actor: Actor) -> list[Star]:
    """What a person starred, the newest first."""
    query = (
        sa.select(star.target_type, star.target_id, star.starred_at)
        .where(star.user_id == actor.user_id, _reached(actor))
        .order_by(star.starred_at.desc(), star.target_id)
    )
    return [Star(**row) for row in (await connection.execute(query)).mappings()]


def _reached(actor: Actor) -> sa.ColumnElement[bool]:
    """Stars of what a token that is tied to a project reaches."""
    if actor.project is None:
        return sa.true()
    batches = sa.select(batch.id).where(reached_by(actor))
    is_project = sa.and_(star.target_type == "project", star.target_id == actor.project)
    return sa.or_(is_project, sa.and_(star.target_type == "batch", star.target_id.in_(batches)))


async def add_star(connection: AsyncConnection, actor: Actor, target_type: str, target_id: str) -> Star:
    """Star something; the first time stays.

    Raises:
        ArgusError: star.type_invalid; auth.project_token for what the token does not reach.
    """
    _check_type(target_type)
    await _must_reach(connection, actor, target_type, target_id)
    key = {"user_id": actor.user_id, "target_type": target_type, "target_id": target_id}
    await insert_if_absent(connection, own.star, {**key, "starred_at": now()})
    query = sa.select(star.starred_at).where(*(star[name] == value for name, value in key.items()))
    starred_at = (await connection.execute(query)).scalar_one()
    return Star(target_type=target_type, target_id=target_id, starred_at=starred_at)


async def remove_star(connection: AsyncConnection, actor: Actor, target_type: str, target_id: str) -> None:
    """Take a star back, if there is one.

    Raises:
        ArgusError: star.type_invalid; auth.project_token for what the token does not reach.
    """
    _check_type(target_type)
    await _must_reach(connection, actor, target_type, target_id)
    gone = sa.delete(own.star).where(
        star.user_id == actor.user_id, star.target_type == target_type, star.target_id == target_id
    )
    await connection.execute(gone)


def _check_type(target_type: str) -> None:
    if target_type not in _STARRABLE:
        raise ArgusError(ErrorCode.STAR_TYPE_INVALID)


async def _must_reach(connection: AsyncConnection, actor: Actor, target_type: str, target_id: str) -> None:
    if target_type == "project":
        must_reach(actor, target_id)
    elif actor.project is not None:
        query = sa.select(batch.id).where(batch.id == target_id, reached_by(actor))
        must_reach(actor, (await connection.execute(query)).scalar() and actor.project)


async def pins(connection: AsyncConnection, actor: Actor) -> list[Pin]:
    """Pinned batches that the caller still sees, in the order of pinning."""
    return [Pin(**row) for row in (await connection.execute(_pinned(actor))).mappings()]


def _pinned(actor: Actor) -> sa.Select[Any]:
    columns = (batch.project, batch.status, batch.n_total, batch.n_done, batch.n_failed, batch.start_time)
    return (
        sa.select(pin.batch_id, pin.pinned_at, *columns)
        .join_from(own.pin, ingest.batch, batch.id == pin.batch_id)
        .where(pin.user_id == actor.user_id, visible(actor))
        .order_by(pin.pinned_at, pin.batch_id)
    )


async def add_pin(connection: AsyncConnection, actor: Actor, batch_id: str) -> Pin:
    """Pin a batch; pins of batches that the caller no longer sees do not count.

    Raises:
        ArgusError: pin.limit_reached.
    """
    # All of the person's, also those that this token does not reach.
    known = await pins(connection, replace(actor, project=None))
    if len(known) >= MAX_PINS and all(found.batch_id != batch_id for found in known):
        raise ArgusError(ErrorCode.PIN_LIMIT_REACHED, f"At most {MAX_PINS} batches can be pinned.")
    row = {"user_id": actor.user_id, "batch_id": batch_id, "pinned_at": now()}
    await insert_if_absent(connection, own.pin, row)
    return Pin(**(await connection.execute(_pinned(actor).where(pin.batch_id == batch_id))).mappings().one())


async def remove_pin(connection: AsyncConnection, actor: Actor, batch_id: str) -> None:
    """Unpin a batch, if it is pinned.

    Raises:
        ArgusError: auth.project_token for what the token does not reach.
    """
    await _must_reach(connection, actor, "batch", batch_id)
    await connection.execute(sa.delete(own.pin).where(pin.user_id == actor.user_id, pin.batch_id == batch_id))
