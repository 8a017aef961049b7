"""Who owns a project when its only owner leaves: the editor who belongs to it the longest.

Viewers were not trusted with changes, so a project that has nobody else is left to administrators.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from argus_kit import audit
from argus_kit.outbox import Transaction
from argus_schema import auth
from argus_schema import catalog as own
from argus_schema.roles import Role

member = own.project_member.c
user = auth.user.c


async def hand_over(transaction: Transaction, person: int) -> list[str]:
    """Make owners for the projects of which this person is the only one; the names of those that have a new one."""
    connection = transaction.connection
    owned = (await connection.execute(_owned_alone(person))).scalars().all()
    # One statement of a lock for all of them: nobody may take another's role meanwhile.
    locked = sa.select(member.user_id).where(member.project.in_(owned)).order_by(member.project, member.user_id)
    await connection.execute(locked.with_for_update())
    heirs: dict[str, int] = {}
    for row in await connection.execute(_editors(owned)):
        heirs.setdefault(row.project, row.user_id)
    for project, heir in heirs.items():
        mine = sa.and_(member.project == project, member.user_id == heir)
        # A person's role, which no group takes away.
        values = {"role": Role.OWNER.value, "granted_by": None}
        await connection.execute(sa.update(own.project_member).where(mine).values(values))
        about: dict[str, Any] = {"member_id": heir, "role": "owner", "before": "editor", "because": "owner_left"}
        audit.note(transaction, "catalog", "member_change", None, target=("project", project), **about)
    return list(heirs)


def _owned_alone(person: int) -> sa.Select[tuple[str]]:
    other = own.project_member.alias()
    others = sa.select(sa.literal(1)).where(
        other.c.project == member.project, other.c.role == Role.OWNER.value, other.c.user_id != person
    )
    mine = sa.and_(member.user_id == person, member.role == Role.OWNER.value)
    return sa.select(member.project).where(mine, ~others.exists()).order_by(member.project)


def _editors(projects: Any) -> sa.Select[Any]:
    return (
        sa.select(member.project, member.user_id)
        .join(auth.user, user.id == member.user_id)
        .where(member.project.in_(projects), member.role == Role.EDITOR.value, user.is_active.is_(True))
        .order_by(member.project, member.created_at, member.user_id)
    )
