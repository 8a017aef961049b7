"""Which batches a person sees. Every list begins at `visible(actor)`; what is not visible does not exist for them."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa

from argus_kit.clock import now
from argus_kit.identity import Actor
from argus_schema import catalog as own
from argus_schema import ingest

Scope = Literal["mine", "shared", "all", "public"]

batch = ingest.batch.c


def exists() -> sa.ColumnElement[bool]:
    """Batches that were neither deleted nor are placeholders for snapshots that came too early."""
    return sa.and_(batch.deleted_at.is_(None), batch.is_placeholder.is_(False))


def visible(actor: Actor, scope: Scope = "all") -> sa.ColumnElement[bool]:
    """The condition on `batch` rows that `actor` sees in a scope. Demo projects are for public pages only."""
    meta = own.project_meta.c
    demo = sa.select(meta.project).where(meta.is_demo.is_(True))
    return sa.and_(exists(), batch.project.not_in(demo), _in_scope(actor, scope))


def _in_scope(actor: Actor, scope: Scope) -> sa.ColumnElement[bool]:
    if scope == "mine":
        return batch.owner_id == actor.user_id
    if scope == "shared":
        return sa.and_(shared_with(actor.user_id), _not_own(actor.user_id))
    everything = sa.true() if actor.is_admin else sa.or_(batch.owner_id == actor.user_id, shared_with(actor.user_id))
    if scope == "public":
        link = own.public_share.c
        open_links = sa.select(link.batch_id).where(sa.or_(link.expires_at.is_(None), link.expires_at > now()))
        return sa.and_(everything, batch.id.in_(open_links))
    return everything


def shared_with(user_id: int) -> sa.ColumnElement[bool]:
    """Batches that someone shared with a person: alone, with their project, or by making them a member."""
    one, project, member = own.batch_share.c, own.project_share.c, own.project_member.c
    return sa.or_(
        batch.id.in_(sa.select(one.batch_id).where(one.grantee_id == user_id)),
        sa.exists().where(
            project.grantee_id == user_id, project.owner_id == batch.owner_id, project.project == batch.project
        ),
        batch.project.in_(sa.select(member.project).where(member.user_id == user_id)),
    )


def editable(actor: Actor) -> sa.ColumnElement[bool]:
    """Batches that a person may change: their own, those shared with them as an editor, and all for administrators."""
    if not actor.may_write:
        return sa.false()
    if actor.is_admin:
        return sa.true()
    one, project = own.batch_share.c, own.project_share.c
    user_id = actor.user_id
    return sa.or_(
        batch.owner_id == user_id,
        batch.id.in_(sa.select(one.batch_id).where(one.grantee_id == user_id, one.permission == "editor")),
        sa.exists().where(
            project.grantee_id == user_id,
            project.owner_id == batch.owner_id,
            project.project == batch.project,
            project.permission == "editor",
        ),
    )


def _not_own(user_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(batch.owner_id.is_(None), batch.owner_id != user_id)
