"""Which sums a person sees: those of whole holdings (what one person has in one project), and single shared batches.

Together they are `visible(actor, scope)`: the rule is about project and owner, save for batches that were shared one by
one. Those that lie outside of the holdings that the caller sees are few, and are counted themselves.
"""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa

from argus_catalog.access.visibility import KEPT_CONDITIONS, Scope, Seer, seer, visible
from argus_kit.actor import Actor
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.access import shared_as_a_whole, shared_one_by_one

batch = ingest.batch
meta = own.project_meta.c


def whole(actor: Actor, scope: Scope = "all", of: sa.Table = ingest.holding) -> sa.ColumnElement[bool]:
    """Holdings, or rows of another table with `project` and `owner_id`, of which the caller sees every batch."""
    return _whole(seer(actor), scope, of)


@lru_cache(KEPT_CONDITIONS)
def _whole(who: Seer, scope: Scope, of: sa.Table) -> sa.ColumnElement[bool]:
    if who.is_anonymous:
        open_to_all = sa.select(meta.project).where(meta.is_public.is_(True), meta.deleted_at.is_(None))
        return of.c.project.in_(open_to_all)
    demo = sa.select(meta.project).where(meta.is_demo.is_(True))
    within = sa.true() if who.project is None else of.c.project == who.project
    return sa.and_(within, of.c.project.not_in(demo), _in_scope(who, scope, of))


def single(actor: Actor, scope: Scope = "all") -> sa.ColumnElement[bool]:
    """Batches that the caller sees, and that lie in no such holding."""
    if actor.is_anonymous or scope == "mine" or (actor.is_admin and scope != "shared"):
        return sa.false()
    return sa.and_(_single(seer(actor), scope), visible(actor, scope))


@lru_cache(KEPT_CONDITIONS)
def _single(who: Seer, scope: Scope) -> sa.ColumnElement[bool]:
    outside = sa.not_(sa.func.coalesce(_in_scope(who, scope, batch), sa.false()))
    return sa.and_(shared_one_by_one(who.user_id), outside)


def _in_scope(who: Seer, scope: Scope, of: sa.Table) -> sa.ColumnElement[bool]:
    own_ones = of.c.owner_id == who.user_id
    if scope == "mine":
        return own_ones
    if scope == "shared":
        return sa.and_(shared_as_a_whole(who.user_id, of), sa.not_(sa.func.coalesce(own_ones, sa.false())))
    return sa.true() if who.is_admin else sa.or_(own_ones, shared_as_a_whole(who.user_id, of))


def in_project_views(actor: Actor, scope: Scope = "all", of: sa.Table = ingest.holding) -> sa.ColumnElement[bool]:
    """`whole`, without projects that were deleted: such a name stays hidden from project views for ever."""
    return _in_project_views(seer(actor), scope, of)


@lru_cache(KEPT_CONDITIONS)
def _in_project_views(who: Seer, scope: Scope, of: sa.Table) -> sa.ColumnElement[bool]:
    gone = sa.select(meta.project).where(meta.deleted_at.is_not(None))
    return sa.and_(_whole(who, scope, of), of.c.project.not_in(gone))
