"""Routes of the app's texts. Public: they are shown before anyone logs in."""

from __future__ import annotations

from fastapi import Request

from argus_catalog.meta.hints import hints_for
from argus_catalog.meta.schemas import Hints
from argus_catalog.wire import ConditionalRoute
from argus_kit.policy import PUBLIC
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/meta", tags=["meta"], route_class=ConditionalRoute, dependencies=[PUBLIC])


@router.get("/hints")
async def get_hints(request: Request) -> Hints:
    """What to say where there is nothing to show, in the caller's language."""
    return hints_for(request.headers.get("accept-language", ""))
