"""Which sums a person sees: those of whole holdings (what one person has in one project), and single shared batches.

Together they are `visible(actor, scope)`: the rule is about project and owner, save for batches that were shared one by
one. Those that lie outside of the holdings that the caller sees are few, and are counted themselves.
"""

from __future__ import annotations

import sqlalchemy as sa

from argus_catalog.access.visibility import Scope, visible
from argus_kit.actor import Actor
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.access import shared_as_a_whole, shared_one_by_one

batch = ingest.batch
meta = own.project_meta.c


def whole(actor: Actor, scope: Scope = "all", of: sa.Table = ingest.holding) -> sa.ColumnElement[bool]:
    """Holdings, or rows of another table with `project` and `owner_id`, of which the caller sees every batch."""
    if actor.is_anonymous:
        open_to_all = sa.select(meta.project).where(meta.is_public.is_(True), meta.deleted_at.is_(None))
        return of.c.project.in_(open_to_all)
    demo = sa.select(meta.project).where(meta.is_demo.is_(True))
    within = sa.true() if actor.project is None else of.c.project == actor.project
    return sa.and_(within, of.c.project.not_in(demo), _in_scope(actor, scope, of))


def single(actor: Actor, scope: Scope = "all") -> sa.ColumnElement[bool]:
    """Batches that the caller sees, and that lie in no such holding."""
    if actor.is_anonymous or scope == "mine" or (actor.is_admin and scope != "shared"):
        return sa.false()
    outside = sa.not_(sa.func.coalesce(_in_scope(actor, scope, batch), sa.false()))
    return sa.and_(shared_one_by_one(actor.user_id), outside, visible(actor, scope))


def _in_scope(actor: Actor, scope: Scope, of: sa.Table) -> sa.ColumnElement[bool]:
    own_ones = of.c.owner_id == actor.user_id
    if scope == "mine":
        return own_ones
    if scope == "shared":
        return sa.and_(shared_as_a_whole(actor.user_id, of), sa.not_(sa.func.coalesce(own_ones, sa.false())))
    return sa.true() if actor.is_admin else sa.or_(own_ones, shared_as_a_whole(actor.user_id, of))


def in_project_views(actor: Actor, scope: Scope = "all", of: sa.Table = ingest.holding) -> sa.ColumnElement[bool]:
    """`whole`, without projects that were deleted: such a name stays hidden from project views for ever."""
    gone = sa.select(meta.project).where(meta.deleted_at.is_not(None))
    return sa.and_(whole(actor, scope, of), of.c.project.not_in(gone))
