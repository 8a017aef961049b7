"""The audit log, for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from argus_auth.audit import repository
from argus_auth.audit.schemas import AuditOut
from argus_auth.fields import Limit, Offset
from argus_kit.identity import Admin
from argus_kit.platform import Reading

router = APIRouter(prefix="/api/admin/audit-log", tags=["audit"])

Action = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_.-]*$")]


@router.get("")
async def list_audit_log(
    _: Admin,
    connection: Reading,
    since: datetime | None = None,
    action: Action | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Sequence[AuditOut]:
    """Who did what, newest first; `action` filters exactly."""
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    rows = await repository.page(connection, since=since, action=action or None, limit=limit, offset=offset)
    return [AuditOut.model_validate(dict(row._mapping)) for row in rows]  # noqa: SLF001 (SQLAlchemy's public name)
