"""Which batches a person sees. Every list begins at `visible(actor)`; what is not visible does not exist for them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal, NamedTuple

import sqlalchemy as sa

from argus_catalog.access.visitors import published
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.access import editable_by, exists_for_people, reached_by, shared_with

Scope = Literal["mine", "shared", "all", "public"]

# A page asks for the same conditions a dozen times, and to put one together takes as long as a small statement.
KEPT_CONDITIONS: Final = 512

batch = ingest.batch.c


class Seer(NamedTuple):
    """What of a caller decides what they see."""

    user_id: int
    is_admin: bool
    project: str | None
    is_anonymous: bool


def seer(actor: Actor) -> Seer:
    """The same for all credentials of a person that reach as far."""
    return Seer(actor.user_id, actor.is_admin, actor.project, actor.is_anonymous)


def visible(actor: Actor, scope: Scope = "all") -> sa.ColumnElement[bool]:
    """The condition on `batch` rows that `actor` sees in a scope. Demo projects are for public pages only."""
    # The scope of open links alone holds the time of day.
    return _visible(seer(actor), scope) if scope == "public" else _kept(seer(actor), scope)


def _visible(who: Seer, scope: Scope) -> sa.ColumnElement[bool]:
    if who.is_anonymous:
        return published()
    meta = own.project_meta.c
    demo = sa.select(meta.project).where(meta.is_demo.is_(True))
    return sa.and_(exists_for_people(), reached_by(who), batch.project.not_in(demo), _in_scope(who, scope))


_kept = lru_cache(KEPT_CONDITIONS)(_visible)


def _in_scope(who: Seer, scope: Scope) -> sa.ColumnElement[bool]:
    if scope == "mine":
        return batch.owner_id == who.user_id
    if scope == "shared":
        return sa.and_(shared_with(who.user_id), _not_own(who.user_id))
    everything = sa.true() if who.is_admin else sa.or_(batch.owner_id == who.user_id, shared_with(who.user_id))
    if scope == "public":
        link = own.public_share.c
        open_links = sa.select(link.batch_id).where(sa.or_(link.expires_at.is_(None), link.expires_at > now()))
        return sa.and_(everything, batch.id.in_(open_links))
    return everything


def sees_everything(actor: Actor, scope: Scope) -> bool:
    """Whether all batches but hidden ones are visible: then jobs can be counted without a look at each one's batch."""
    return actor.is_admin and actor.project is None and scope == "all"


def hidden() -> sa.Select[tuple[int]]:
    """Keys of batches with jobs that nobody sees. Placeholders have none."""
    return _HIDDEN


_deleted, _shown_off = ingest.batch.alias().c, ingest.batch.alias().c
_HIDDEN: Final = sa.select(
    sa.union_all(
        sa.select(_deleted.batch_key).where(_deleted.deleted_at.is_not(None)),
        sa.select(_shown_off.batch_key).where(
            _shown_off.project.in_(sa.select(own.project_meta.c.project).where(own.project_meta.c.is_demo.is_(True)))
        ),
    )
    .subquery()
    .c.batch_key
)


def editable(actor: Actor) -> sa.ColumnElement[bool]:
    """Batches that a person may change with this credential."""
    return editable_by(actor) if actor.may_write else sa.false()


def _not_own(user_id: int) -> sa.ColumnElement[bool]:
    return sa.or_(batch.owner_id.is_(None), batch.owner_id != user_id)
