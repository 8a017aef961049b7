"""Who may see which batch, as the database says now: reads for the opening of a stream, and in bulk for re-checks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_schema import auth, catalog, ingest

# Bound parameters of one statement; SQLite takes 32,766, PostgreSQL plans a few hundred quickly.
_AT_ONCE = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Batch:
    """What decides who may see a batch."""

    key: int
    id: str
    project: str
    owner_id: int | None


@dataclass(slots=True)
class Grants:
    """By what rights a person sees batches. With `only`, nothing outside of that project.

    `projects` are those that the person belongs to, each with the ids of all its members: one set for all whose rights
    were read together, since each would otherwise have as many pairs as the project has members.
    """

    user_id: int
    is_admin: bool = False
    batches: set[str] = field(default_factory=set)
    owner_projects: set[tuple[int, str]] = field(default_factory=set)
    projects: dict[str, set[int]] = field(default_factory=dict)
    only: str | None = None

    def by(self, actor: Actor) -> Grants:
        """What is left of them by this credential of the person."""
        return self if actor.project is None else replace(self, is_admin=False, only=actor.project)

    def see(self, batch_id: str, owner_id: int | None, project: str) -> bool:
        """Whether a batch is theirs, was shared with them, or is of a project of theirs and a member's or nobody's."""
        if self.only is not None and project != self.only:
            return False
        return (
            self.is_admin
            or (owner_id is not None and owner_id == self.user_id)
            or batch_id in self.batches
            or (owner_id is not None and (owner_id, project) in self.owner_projects)
            or self.is_of_members(owner_id, project)
        )

    def is_of_members(self, owner_id: int | None, project: str) -> bool:
        """Whether a batch lies in a project of theirs and is a member's or nobody's."""
        members = self.projects.get(project)
        return members is not None and (owner_id is None or owner_id in members)


async def find_batches(connection: AsyncConnection, batch_ids: Collection[str]) -> dict[str, Batch]:
    """Batches by id; those that are missing, deleted or not begun are left out."""
    return {batch.id: batch for batch in await _batches(connection, _BATCHES_BY_ID, batch_ids)}


async def find_batches_by_key(connection: AsyncConnection, keys: Collection[int]) -> dict[int, Batch]:
    """Like `find_batches`, by key."""
    return {batch.key: batch for batch in await _batches(connection, _BATCHES_BY_KEY, keys)}


async def find_jobs(connection: AsyncConnection, jobs: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those (batch key, job id) that exist and are not deleted."""
    job = ingest.job.c
    found: set[tuple[int, str]] = set()
    for part in _parts(jobs):
        wanted = sa.or_(*(sa.and_(job.batch_key == key, job.job_id == job_id) for key, job_id in part))
        rows = await connection.execute(sa.select(job.batch_key, job.job_id).where(wanted, job.deleted_at.is_(None)))
        found.update((row.batch_key, row.job_id) for row in rows)
    return found


async def load_grants(connection: AsyncConnection, user_ids: Collection[int]) -> dict[int, Grants]:
    """The rights of these people."""
    grants = {user_id: Grants(user_id) for user_id in user_ids}
    members: dict[str, set[int]] = {}
    for part in _parts(user_ids):
        for row in await connection.execute(_GRANTED, {"user_ids": part}):
            found = grants[row.user_id]
            if row.kind == "batch":
                found.batches.add(row.name)
            elif row.kind == "owner":
                found.owner_projects.add((row.owner_id, row.name))
            elif row.kind == "member":
                found.projects[row.name] = members.setdefault(row.name, set())
            else:
                found.is_admin = True
    for names in _parts(members):
        for project, user_id in await connection.execute(_MEMBERS, {"names": names}):
            members[project].add(user_id)
    return grants


async def still_good(
    connection: AsyncConnection, actors: Iterable[Actor]
) -> dict[tuple[str, str | int], datetime | None]:
    """Credentials (see `credential_of`) among these that are neither revoked nor over nor of an inactive account, each
    with its end. A browser's session that is in use ends later than was known when the stream was opened.
    """
    wanted = {credential_of(actor) for actor in actors}
    session, token, user = auth.session.c, auth.api_token.c, auth.user.c
    good: dict[tuple[str, str | int], datetime | None] = {}
    for part in _parts([name for kind, name in wanted if kind == "session"]):
        statement = sa.select(session.jti, session.expires_at).join_from(
            auth.session, auth.user, user.id == session.user_id
        )
        alive = sa.and_(
            session.jti.in_(part), session.revoked_at.is_(None), session.expires_at > now(), user.is_active.is_(True)
        )
        good.update({("session", row.jti): row.expires_at for row in await connection.execute(statement.where(alive))})
    for part in _parts([name for kind, name in wanted if kind == "token"]):
        statement = sa.select(token.id, token.expires_at).join_from(auth.api_token, auth.user, user.id == token.user_id)
        alive = sa.and_(token.id.in_(part), token.revoked_at.is_(None), user.is_active.is_(True))
        good.update({("token", row.id): row.expires_at for row in await connection.execute(statement.where(alive))})
    return good


def credential_of(actor: Actor) -> tuple[str, str | int]:
    """What stands for the credential in the database."""
    return ("session", actor.jti or "") if actor.kind == "session" else ("token", actor.token_id or 0)


async def _batches(connection: AsyncConnection, statement: sa.Select[Any], names: Collection[Any]) -> list[Batch]:
    return [
        Batch(row.batch_key, row.id, row.project, row.owner_id)
        for part in _parts(names)
        for row in await connection.execute(statement, {"names": part})
    ]


def _select_batches(column: sa.Column[Any]) -> sa.Select[Any]:
    batch = ingest.batch.c
    names: sa.BindParameter[Any] = sa.bindparam("names", expanding=True)
    return sa.select(batch.batch_key, batch.id, batch.project, batch.owner_id).where(
        column.in_(names), batch.deleted_at.is_(None), batch.is_placeholder.is_(False)
    )


def _granted() -> sa.CompoundSelect[Any]:
    batch, project, member, user = catalog.batch_share.c, catalog.project_share.c, catalog.project_member.c, auth.user.c
    no_name, no_owner = sa.cast(sa.null(), sa.Text), sa.cast(sa.null(), sa.BigInteger)
    who: sa.BindParameter[Any] = sa.bindparam("user_ids", expanding=True)
    columns: tuple[tuple[str, Any, Any, Any], ...] = (
        ("batch", batch.grantee_id, batch.batch_id, no_owner),
        ("owner", project.grantee_id, project.project, project.owner_id),
        ("member", member.user_id, member.project, no_owner),
        ("admin", user.id, no_name, no_owner),
    )
    granted = [
        sa.select(
            sa.literal_column(f"'{kind}'").label("kind"),
            user_id.label("user_id"),
            name.label("name"),
            owner.label("owner_id"),
        ).where(user_id.in_(who))
        for kind, user_id, name, owner in columns
    ]
    granted[-1] = granted[-1].where(user.is_admin.is_(True), user.is_active.is_(True))
    return sa.union_all(*granted)


def _members() -> sa.Select[Any]:
    member = catalog.project_member.c
    names: sa.BindParameter[Any] = sa.bindparam("names", expanding=True)
    return sa.select(member.project, member.user_id).where(member.project.in_(names))


# Built once: putting them together costs as much as running them.
_BATCHES_BY_ID = _select_batches(ingest.batch.c.id)
_BATCHES_BY_KEY = _select_batches(ingest.batch.c.batch_key)
_GRANTED = _granted()
_MEMBERS = _members()


def _parts(items: Iterable[T]) -> Iterator[list[T]]:
    wanted = list(items)
    for begin in range(0, len(wanted), _AT_ONCE):
        yield wanted[begin : begin + _AT_ONCE]
