"""The rules of publishing a project, and what its public page tells."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.batches.repository import BatchFilter
from argus_catalog.batches.service import list_batches
from argus_catalog.projects import service as projects
from argus_catalog.public import repository
from argus_catalog.public.schemas import (
    NewPublication,
    Publication,
    PublicProject,
    PublicProjectBatch,
    PublicProjectCard,
)
from argus_catalog.upserts import upsert
from argus_catalog.writing import Change
from argus_contracts.errors import ErrorCode
from argus_kit.actor import VISITOR, Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema import catalog as own


async def listed(connection: AsyncConnection) -> list[PublicProjectCard]:
    """Published projects that have batches, the one that was published last first."""
    return [PublicProjectCard(**row) for row in await repository.listed(connection)]


async def detail(connection: AsyncConnection, project: str) -> PublicProject:
    """A published project, counted over all that is published of it.

    Raises:
        ArgusError: project.not_found, also when it is not published.
    """
    found = await projects.detail(connection, VISITOR, project)
    set_for = await repository.publication(connection, project)
    fields = {name: getattr(found, name) for name in PublicProject.model_fields if hasattr(found, name)}
    told = {"description": None, "published_at": None}
    if set_for is not None:
        told = {"description": set_for["public_description"], "published_at": set_for["published_at"]}
    return PublicProject(**fields, **told)


async def batches(
    connection: AsyncConnection, project: str, limit: int, cursor: str | None
) -> tuple[list[PublicProjectBatch], str | None]:
    """The batches of a published project, the latest start first, and where the next page begins.

    Raises:
        ArgusError: project.not_found, also when it is not published.
    """
    await projects.must_see(connection, VISITOR, project)
    page = await list_batches(connection, VISITOR, BatchFilter(project=project, limit=limit, cursor=cursor))
    names = [name for name in PublicProjectBatch.model_fields if name != "batch_id"]
    shown = [(one.id, {name: getattr(one, name) for name in names}) for one in page.batches]
    return [PublicProjectBatch(batch_id=batch_id, **facts) for batch_id, facts in shown], page.next_cursor


async def publications(connection: AsyncConnection) -> list[Publication]:
    """What is published, the last first."""
    return [Publication(**row) for row in await repository.publications(connection)]


async def publish(change: Change, actor: Actor, project: str, new: NewPublication) -> Publication:
    """Open a project to everyone, or change what its page says. The time of the first publication stays.

    Raises:
        ArgusError: project.not_found, when nobody has a batch of that name, or it was deleted.
    """
    before = await repository.publication(change.connection, project)
    if (before and before["deleted_at"]) or not await repository.has_batches(change.connection, project):
        raise ArgusError(ErrorCode.PROJECT_NOT_FOUND)
    said: dict[str, Any] = {"is_public": True, "public_description": new.description}
    if not (before and before["is_public"]):
        said |= {"published_at": now(), "published_by_user_id": actor.user_id}
    await upsert(change.connection, own.project_meta, {"project": project, "is_demo": False, **said}, said)
    change.audit(actor, "project_publish", "project", project, description=new.description)
    row = await repository.publication(change.connection, project)
    if row is None:
        raise ArgusError(ErrorCode.PROJECT_NOT_FOUND)
    return Publication(**{name: row[name] for name in Publication.model_fields})


async def unpublish(change: Change, actor: Actor, project: str) -> None:
    """Close a project to everyone again; nothing happens when it was not open."""
    before = await repository.publication(change.connection, project)
    if not (before and before["is_public"]):
        return
    closed = {"is_public": False, "published_at": None, "published_by_user_id": None}
    await upsert(change.connection, own.project_meta, {"project": project, "is_demo": False, **closed}, closed)
    change.audit(actor, "project_unpublish", "project", project)
