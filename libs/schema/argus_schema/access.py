"""Who may see or change a batch, as SQL conditions: the one place where this rule stands.

A batch is seen by its owner, by those with whom the batch or its owner's project was shared, by members of its
project, and by administrators. It is changed by its owner, by those whose share or membership says editor, and by
administrators. It is deleted and shared by its owner, by owners of its project, and by administrators. What is deleted,
or only a placeholder, is there for nobody. A token that is tied to a project sees and changes nothing outside of it,
whoever it belongs to.

Names of projects are free for all, so members of a project have rights over each other's batches in it, and over those
of nobody, never over those of someone who only uses the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import sqlalchemy as sa

from argus_schema.catalog import batch_share, project_member, project_share
from argus_schema.ingest import batch
from argus_schema.roles import EDITORS, MEMBERS, Role

# An id, or its place in a statement that is kept.
Person = int | sa.BindParameter[int]

# What is the same for everyone is put together once: lists ask for it several times a request, and it costs as much as
# running them.
_mine, _author = project_member.alias().c, project_member.alias().c


def _is_of_its_project(of: sa.Table) -> sa.ColumnElement[bool]:
    by_member = (
        sa.select(sa.literal(1))
        .where(_author.project == of.c.project, _author.user_id == of.c.owner_id)
        .correlate(of)
        .exists()
    )
    # In tables of sums, nobody has the number 0.
    return sa.or_(of.c.owner_id.is_(None) if of is batch else of.c.owner_id == 0, by_member)


_IS_OF_ITS_PROJECT = _is_of_its_project(batch)


class Viewer(Protocol):
    """Who asks, and how far their credential reaches; `argus_kit.actor.Actor` is one."""

    @property
    def user_id(self) -> int:
        """The person."""

    @property
    def is_admin(self) -> bool:
        """Whether they are an administrator, by this credential."""

    @property
    def project(self) -> str | None:
        """The only project that their token reaches; None without such a bound."""


def exists_for_people() -> sa.ColumnElement[bool]:
    """The batch is neither deleted nor a placeholder."""
    return sa.and_(batch.c.deleted_at.is_(None), batch.c.is_placeholder.is_(False))


def visible_to(viewer: Viewer) -> sa.ColumnElement[bool]:
    """The batches that a person may see; use it in the `where` of a query on `batch`."""
    return _open_to(viewer, shared_with)


def is_plainly_visible(viewer: Viewer, *, project: str, owner_id: int | None) -> bool:
    """Whether a person sees a batch that exists for people, as far as its project and owner alone tell. Where this is
    False, `visible_to` decides.
    """
    reaches = viewer.project is None or viewer.project == project
    return reaches and (viewer.is_admin or owner_id == viewer.user_id)


def editable_by(viewer: Viewer) -> sa.ColumnElement[bool]:
    """The batches that a person may change: stop, rerun, report to."""
    return _open_to(viewer, shared_for_editing)


def deletable_by(viewer: Viewer) -> sa.ColumnElement[bool]:
    """The batches that a person may delete, share, and take files from."""
    return _open_to(viewer, lambda user_id: _by_membership(user_id, (Role.OWNER,)))


def restorable_by(viewer: Viewer) -> sa.ColumnElement[bool]:
    """The batches, deleted or not, that a person may take back from the trash, and remove from there for good."""
    condition = sa.and_(batch.c.is_placeholder.is_(False), reached_by(viewer))
    if viewer.is_admin:
        return condition
    mine = sa.or_(batch.c.owner_id == viewer.user_id, _by_membership(viewer.user_id, (Role.OWNER,)))
    return sa.and_(condition, mine)


def held_by(viewer: Viewer, role: Role) -> sa.ColumnElement[bool]:
    """The batches on which a person has at least this role."""
    if role is Role.AUTHOR:
        return sa.and_(exists_for_people(), reached_by(viewer), batch.c.owner_id == viewer.user_id)
    return {Role.VIEWER: visible_to, Role.EDITOR: editable_by, Role.OWNER: deletable_by}[role](viewer)


def _open_to(viewer: Viewer, opened: Callable[[int], sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    condition = sa.and_(exists_for_people(), reached_by(viewer))
    if viewer.is_admin:
        return condition
    return sa.and_(condition, sa.or_(batch.c.owner_id == viewer.user_id, opened(viewer.user_id)))


def reached_by(viewer: Viewer) -> sa.ColumnElement[bool]:
    """The batches that lie within the bound of a token, whatever its owner may do there."""
    return sa.true() if viewer.project is None else batch.c.project == viewer.project


def shared_with(user_id: int) -> sa.ColumnElement[bool]:
    """The batches that others opened to a person."""
    return sa.or_(shared_one_by_one(user_id), shared_as_a_whole(user_id))


def shared_one_by_one(user_id: int) -> sa.ColumnElement[bool]:
    """Those of them that were shared as single batches, whatever else is shared."""
    return _by_batch_share(user_id, batch_share.c.permission.in_(("viewer", "editor")))


def shared_as_a_whole(user_id: int, of: sa.Table = batch) -> sa.ColumnElement[bool]:
    """Those of them that follow from project and owner alone, and not from a share of the single batch. `of` is any
    table with these two columns; there the owner 0 is nobody.
    """
    return sa.or_(
        _by_project_share(user_id, project_share.c.permission.in_(("viewer", "editor")), of),
        _by_membership(user_id, MEMBERS, of),
    )


def shared_for_editing(user_id: Person) -> sa.ColumnElement[bool]:
    """Those of them that the person may also change."""
    return sa.or_(
        _by_batch_share(user_id, batch_share.c.permission == "editor"),
        _by_project_share(user_id, project_share.c.permission == "editor"),
        _by_membership(user_id, EDITORS),
    )


def _by_batch_share(user_id: Person, permission: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    mine = sa.select(batch_share.c.batch_id).where(batch_share.c.grantee_id == user_id, permission)
    return batch.c.id.in_(mine)


def _by_project_share(
    user_id: Person, permission: sa.ColumnElement[bool], of: sa.Table = batch
) -> sa.ColumnElement[bool]:
    return (
        sa.select(sa.literal(1))
        .where(
            project_share.c.grantee_id == user_id,
            project_share.c.owner_id == of.c.owner_id,
            project_share.c.project == of.c.project,
            permission,
        )
        .correlate(of)
        .exists()
    )


def _by_membership(user_id: Person, roles: Sequence[Role], of: sa.Table = batch) -> sa.ColumnElement[bool]:
    projects = sa.select(_mine.project).where(_mine.user_id == user_id, _mine.role.in_(roles))
    return sa.and_(of.c.project.in_(projects), _IS_OF_ITS_PROJECT if of is batch else _is_of_its_project(of))
