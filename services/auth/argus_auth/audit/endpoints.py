"""The audit log, for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from argus_auth.audit import export, repository, watch
from argus_auth.audit.filters import Wanted
from argus_auth.audit.schemas import ActionCount, AuditOut, ChainOut
from argus_auth.dependencies import Core, From
from argus_auth.fields import Limit, Offset
from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_kit.pagination import decode_cursor, encode_cursor
from argus_kit.platform import Reading
from argus_kit.policy import MayAdminRead
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/admin/audit-log", tags=["audit"])

Cursor = Annotated[str | None, Query(max_length=200, description="From X-Next-Cursor of the page before.")]


@router.get("")
async def list_audit_log(
    *,
    _: MayAdminRead,
    connection: Reading,
    wanted: Wanted,
    response: Response,
    limit: Limit = 100,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> Sequence[AuditOut]:
    """Who did what, newest first. X-Next-Cursor is there when more may follow."""
    before = _line_of(cursor) if cursor else None
    rows = await repository.page(connection, wanted, limit=limit, offset=offset, before=before)
    if len(rows) == limit:
        response.headers["X-Next-Cursor"] = encode_cursor(rows[-1].id)
    return [AuditOut.model_validate(row, from_attributes=True) for row in rows]


@router.get("/actions")
async def list_audit_actions(_: MayAdminRead, connection: Reading) -> Sequence[ActionCount]:
    """Which actions occur in the log."""
    rows = await repository.actions(connection)
    return [ActionCount.model_validate(row, from_attributes=True) for row in rows]


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The lines, oldest first", "content": {kind: {} for kind in export.MEDIA_TYPES.values()}}
    },
)
async def export_audit_log(
    *, actor: MayAdminRead, core: Core, origin: From, wanted: Wanted, format: export.Format = "csv"
) -> StreamingResponse:
    """The lines that fit as a file: `csv`, `jsonl` (JSON lines) or `syslog` (RFC 5424). This is audited itself."""
    async with core.write() as work:
        work.audit("audit_export", actor.user_id, target=("system", "audit_log"), ip=origin.ip, format=format)
    name = f"argus-audit-{now():%Y%m%d-%H%M%S}.{export.ENDINGS[format]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    pieces = export.lines(core.database, wanted, format)
    return StreamingResponse(pieces, media_type=export.MEDIA_TYPES[format], headers=headers)


@router.get("/verify")
async def verify_audit_log(
    _: MayAdminRead,
    core: Core,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="`next_after` of the answer before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=watch.PORTION)] = watch.PORTION,
) -> ChainOut:
    """Whether the log is as it was written. A long log takes several requests; see `next_after`."""
    return await watch.verify(core, after, limit)


def _line_of(cursor: str) -> int:
    (line_id,) = decode_cursor(cursor, 1)
    if not isinstance(line_id, int) or not 0 <= line_id < 2**63:
        raise ArgusError(ErrorCode.REQUEST_INVALID, "The cursor belongs to another list; start again without it.")
    return line_id
