"""The rules of a project's settings: whoever sees the project reads them; owners and administrators change them.

Where a project has no members, the one person whose batches all of it are counts as its owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.members.roles import may_found, role_of
from argus_catalog.project_settings import repository
from argus_catalog.project_settings.schemas import ProjectSettings, ProjectSettingsIn
from argus_catalog.projects.service import must_see
from argus_catalog.writing import Change
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, must_reach
from argus_kit.errors import ArgusError
from argus_schema.roles import Role


async def settings(connection: AsyncConnection, actor: Actor, project: str) -> ProjectSettings:
    """What was said about a project.

    Raises:
        ArgusError: project.not_found.
    """
    await must_see(connection, actor, project)
    may_change = actor.may_write and await _may_change(connection, actor, project)
    return _shown(await repository.settings(connection, project), may_change=may_change)


async def change(change: Change, actor: Actor, project: str, said: ProjectSettingsIn) -> ProjectSettings:
    """Put what is said in the place of what was; keys that others keep there stay.

    Raises:
        ArgusError: project.not_found, project.forbidden, auth.project_token.
    """
    connection = change.connection
    await must_see(connection, actor, project)
    must_reach(actor, project)
    if not await _may_change(connection, actor, project):
        raise ArgusError(ErrorCode.PROJECT_FORBIDDEN)
    known = await repository.settings(connection, project)
    told = {**known, **said.model_dump()}
    kept = {name: value for name, value in told.items() if value is not None}
    changed = sorted(name for name in {*known, *kept} if known.get(name) != kept.get(name))
    if changed:
        await repository.save(connection, project, kept)
        change.audit(actor, "project_settings", "project", project, changed=changed)
    return _shown(kept, may_change=True)


async def _may_change(connection: AsyncConnection, actor: Actor, project: str) -> bool:
    if actor.is_admin or await role_of(connection, actor.user_id, project) is Role.OWNER:
        return True
    return await may_found(connection, actor, project)


def _shown(said: Mapping[str, Any], *, may_change: bool) -> ProjectSettings:
    names = set(ProjectSettings.model_fields) - {"may_change"}
    return ProjectSettings(**{name: said.get(name) for name in names}, may_change=may_change)
