"""Which batches a person sees. Every list begins at `visible(actor)`; what is not visible does not exist for them."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa

from argus_catalog.access.visitors import published
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.access import editable_by, exists_for_people, reached_by, shared_with

Scope = Literal["mine", "shared", "all", "public"]

batch = ingest.batch.c


def visible(actor: Actor, scope: Scope = "all") -> sa.ColumnElement[bool]:
    """The condition on `batch` rows that `actor` sees in a scope. Demo projects are for public pages only."""
    if actor.is_anonymous:
        return published()
    meta = own.project_meta.c
    demo = sa.select(meta.project).where(meta.is_demo.is_(True))
    return sa.and_(exists_for_people(), reached_by(actor), batch.project.not_in(demo), _in_scope(actor, scope))


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


def editable(actor: Actor) -> sa.ColumnElement[bool]:
    """Batches that a person may change with this credential."""
    return editable_by(actor) if actor.may_write else sa.false()


def _not_own(user_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(batch.owner_id.is_(None), batch.owner_id != user_id)
