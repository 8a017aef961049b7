"""Routes of saved views."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from argus_catalog.views import service
from argus_catalog.views.schemas import NewView, Page, SavedView
from argus_catalog.wire import ConditionalRoute
from argus_catalog.writing import Writing
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeMarks, MayReadMarks
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/views", tags=["views"], route_class=ConditionalRoute)

ViewId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("")
async def list_views(actor: MayReadMarks, connection: Reading, page: Page | None = None) -> list[SavedView]:
    """One's own views, and those that members of one's projects share."""
    return await service.views(connection, actor, page)


@router.post("", status_code=201)
async def add_view(new: NewView, actor: MayChangeMarks, change: Writing) -> SavedView:
    """Save a view, for oneself or for the members of a project."""
    return await service.add(change.connection, actor, new)


@router.put("/{view_id}")
async def change_view(view_id: ViewId, new: NewView, actor: MayChangeMarks, change: Writing) -> SavedView:
    """Rename a view, or save other contents under its name."""
    return await service.change(change.connection, actor, view_id, new)


@router.delete("/{view_id}", status_code=204)
async def remove_view(view_id: ViewId, actor: MayChangeMarks, change: Writing) -> None:
    """Delete a view."""
    await service.remove(change.connection, actor, view_id)
