"""The rules of saved views: who sees, makes and changes which."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.members.roles import role_of
from argus_catalog.views import repository
from argus_catalog.views.schemas import NewView, SavedView
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor, must_reach
from argus_kit.clock import now
from argus_kit.errors import ArgusError

# More is no choice any more but a heap.
_MOST: Final = 200


async def views(connection: AsyncConnection, actor: Actor, page: str | None) -> list[SavedView]:
    """The views of a page (or of all) that a person sees."""
    return [SavedView(**row) for row in await repository.visible(connection, actor, page=page)]


async def add(connection: AsyncConnection, actor: Actor, new: NewView) -> SavedView:
    """Save a view.

    Raises:
        ArgusError: view.limit_reached, project.forbidden, auth.project_token.
    """
    await _must_share(connection, actor, new.project)
    if await repository.count(connection, actor.user_id) >= _MOST:
        raise ArgusError(ErrorCode.VIEW_LIMIT_REACHED, f"At most {_MOST} views can be saved.")
    values = {"user_id": actor.user_id, "created_at": now(), **new.model_dump()}
    return await _one(connection, actor, await repository.add(connection, values))


async def change(connection: AsyncConnection, actor: Actor, view_id: int, new: NewView) -> SavedView:
    """Give a view another name, other contents, or to other people.

    Raises:
        ArgusError: view.not_found, project.forbidden, auth.project_token.
    """
    await _must_edit(connection, actor, view_id)
    await _must_share(connection, actor, new.project)
    await repository.change(connection, view_id, {**new.model_dump(), "updated_at": now()})
    return await _one(connection, actor, view_id)


async def remove(connection: AsyncConnection, actor: Actor, view_id: int) -> None:
    """Delete a view.

    Raises:
        ArgusError: view.not_found, project.forbidden.
    """
    await _must_edit(connection, actor, view_id)
    await repository.remove(connection, view_id)


async def _must_share(connection: AsyncConnection, actor: Actor, project: str | None) -> None:
    must_reach(actor, project)
    if project is None or actor.is_admin:
        return
    if await role_of(connection, actor.user_id, project) is None:
        raise ArgusError(ErrorCode.PROJECT_FORBIDDEN, "Only members of the project may share a view with them.")


async def _must_edit(connection: AsyncConnection, actor: Actor, view_id: int) -> None:
    found = await _row(connection, actor, view_id)
    if not found["can_edit"]:
        raise ArgusError(ErrorCode.PROJECT_FORBIDDEN, "Only who saved the view, or an owner of the project, may.")


async def _one(connection: AsyncConnection, actor: Actor, view_id: int) -> SavedView:
    return SavedView(**await _row(connection, actor, view_id))


async def _row(connection: AsyncConnection, actor: Actor, view_id: int) -> repository.Row:
    found = await repository.visible(connection, actor, view_id=view_id)
    if not found:
        raise ArgusError(ErrorCode.VIEW_NOT_FOUND)
    return found[0]
