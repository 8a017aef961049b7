"""Routes behind the links in mails. They need no login. Looking at one changes nothing: mail scanners look too."""

from __future__ import annotations

from html import escape
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError
from argus_kit.headers import FORM_POLICY
from argus_kit.platform import Reading
from argus_kit.policy import PUBLIC
from argus_notifier.transactions import Writing, note
from argus_notifier.unsubscribe import repository

router = APIRouter(prefix="/api/unsubscribe", tags=["notifications"], dependencies=[PUBLIC])

TokenQuery = Annotated[str, Query(min_length=8, max_length=128)]
TokenPath = Annotated[str, Path(min_length=8, max_length=128)]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>Argus</title></head>
<body style="font:16px system-ui;max-width:32em;margin:4em auto;padding:0 1em">
<p>{text}</p><form method="post"><button>Unsubscribe / 退订</button></form></body></html>
"""


# A refusal is no page: it is said in the envelope of all others.
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {
        "description": "Why it was refused",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}}},
    }
}


class UnsubscribeOut(BaseModel):
    """What became of it."""

    ok: bool
    detail: str | None = None


@router.get("", response_class=HTMLResponse, responses=_REFUSALS)
async def show_unsubscribe(connection: Reading, token: TokenQuery) -> HTMLResponse:
    """A page with a button."""
    row = await repository.find(connection, token)
    if row is None:
        raise ArgusError(ErrorCode.UNSUBSCRIBE_LINK_UNKNOWN)
    if row.used_at is not None:
        raise ArgusError(ErrorCode.UNSUBSCRIBE_LINK_USED)
    return _page("Receive no more mails of this kind from Argus?")


@router.post("")
async def unsubscribe(transaction: Writing, token: TokenQuery) -> UnsubscribeOut:
    """Switch off the mails that the link came with."""
    row = await repository.find(transaction.connection, token)
    if row is None:
        raise ArgusError(ErrorCode.UNSUBSCRIBE_LINK_UNKNOWN)
    if not await repository.use(transaction.connection, row):
        raise ArgusError(ErrorCode.UNSUBSCRIBE_LINK_USED)
    note(transaction, "unsubscribe", row.user_id, "user", row.user_id, event_type=row.event_type)
    return UnsubscribeOut(ok=True, detail="You will receive no more mails of this kind.")


@router.get("/recipient/{token}", response_class=HTMLResponse, responses=_REFUSALS)
async def show_unsubscribe_recipient(connection: Reading, token: TokenPath) -> HTMLResponse:
    """A page with a button, for an address outside of Argus."""
    row = await repository.find_recipient(connection, token)
    if row is None:
        raise ArgusError(ErrorCode.UNSUBSCRIBE_LINK_UNKNOWN)
    return _page(f"Send no more mails about the project {row.project} to {row.email}?")


@router.post("/recipient/{token}")
async def unsubscribe_recipient(transaction: Writing, token: TokenPath) -> UnsubscribeOut:
    """Switch off an address outside of Argus."""
    row = await repository.find_recipient(transaction.connection, token)
    if row is None:
        raise ArgusError(ErrorCode.UNSUBSCRIBE_LINK_UNKNOWN)
    if await repository.switch_off(transaction.connection, row.id):
        note(transaction, "recipient_unsubscribe", None, "recipient", row.id, project=row.project)
    return UnsubscribeOut(ok=True, detail="This address will receive no more mails about the project.")


def _page(text: str) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(text=escape(text)), headers={"Content-Security-Policy": FORM_POLICY})
