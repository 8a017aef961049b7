"""Routes of a project's members. They come before those that end in a project's name, which may hold slashes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from argus_catalog.members import service
from argus_catalog.members.schemas import Member, MemberIn, ProjectMembers
from argus_catalog.wire import ConditionalRoute, Deleted
from argus_catalog.writing import Writing
from argus_kit.platform import Reading
from argus_kit.policy import MayManageMembers, MayReadMembers
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/projects/{project:path}/members", tags=["members"], route_class=ConditionalRoute)

Project = Annotated[str, Path(max_length=256)]
Username = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("")
async def list_members(project: Project, actor: MayReadMembers, connection: Reading) -> ProjectMembers:
    """Who belongs to a project, owners first."""
    return await service.members(connection, actor, project)


@router.put("/{username}")
async def put_member(
    project: Project, username: Username, body: MemberIn, actor: MayManageMembers, change: Writing
) -> Member:
    """Add someone to a project, or change their role."""
    return await service.put_member(change, actor, project, username, body.role)


@router.delete("/{username}")
async def remove_member(project: Project, username: Username, actor: MayManageMembers, change: Writing) -> Deleted:
    """Take someone from a project, or leave it. Their batches stay theirs, and the members see them no longer."""
    await service.remove_member(change, actor, project, username)
    return Deleted(detail="removed")
