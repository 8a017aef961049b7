"""Routes by which administrators publish projects."""

from __future__ import annotations

from argus_catalog.public import service
from argus_catalog.public.schemas import NewPublication, Publication
from argus_catalog.wire import ConditionalRoute
from argus_catalog.writing import Writing
from argus_kit.platform import Reading
from argus_kit.policy import MayAdminChange, MayAdminRead
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/admin/projects", tags=["admin"], route_class=ConditionalRoute)


@router.get("/public")
async def list_publications(_: MayAdminRead, connection: Reading) -> list[Publication]:
    """What is published, the last first."""
    return await service.publications(connection)


@router.post("/{project:path}/publish")
async def publish_project(
    project: str, actor: MayAdminChange, change: Writing, new: NewPublication | None = None
) -> Publication:
    """Open a project to everyone: all batches of that name, whoever's they are, with hosts and commands, and those to
    come. Publishing again changes what its page says.
    """
    return await service.publish(change, actor, project, new or NewPublication())


@router.post("/{project:path}/unpublish", status_code=204)
async def unpublish_project(project: str, actor: MayAdminChange, change: Writing) -> None:
    """Close a project to everyone again."""
    await service.unpublish(change, actor, project)
