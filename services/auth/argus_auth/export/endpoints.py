"""Everything that is kept of a person, to take along."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

from fastapi.responses import StreamingResponse
from starlette.types import Message, Send

from argus_auth.dependencies import Core, From
from argus_auth.export import service
from argus_kit.policy import MaySecureAccount
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/auth", tags=["auth"])

# A reader who takes nothing for so long has gone; the connection to the database is needed by others.
_STALLED_S: Final = 60.0
_ZIP: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A zip", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


class _Patient(StreamingResponse):
    """Waits for a slow reader, but not for ever, and ends what it reads from in any case."""

    async def stream_response(self, send: Send) -> None:
        async def patiently(message: Message) -> None:
            async with asyncio.timeout(_STALLED_S):
                await send(message)

        async with contextlib.aclosing(self.body_iterator):  # type: ignore[type-var]
            await super().stream_response(patiently)


@router.get("/me/export", response_class=_Patient, responses=_ZIP)
async def export_account(core: Core, actor: MaySecureAccount, origin: From) -> StreamingResponse:
    """A zip of what is kept of the caller: account, settings, notifications, batches with jobs and points."""
    await service.admit(core, actor, origin)
    headers = {
        "Content-Disposition": f'attachment; filename="argus-{actor.username}.zip"',
        "Cache-Control": "no-store",
    }
    return _Patient(service.archive(core, actor), media_type="application/zip", headers=headers)
