"""Routes behind the links in mails. They need no login. Looking at one changes nothing: mail scanners look too."""

from __future__ import annotations

import re
from html import escape
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError
from argus_kit.headers import FORM_POLICY
from argus_kit.platform import Reading
from argus_kit.policy import PUBLIC
from argus_kit.routing import APIRouter
from argus_notifier.transactions import Writing, note
from argus_notifier.unsubscribe import repository

router = APIRouter(prefix="/api/unsubscribe", tags=["notifications"], dependencies=[PUBLIC])

TokenQuery = Annotated[str, Query(min_length=8, max_length=128)]
TokenPath = Annotated[str, Path(min_length=8, max_length=128)]

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark"><title>Argus</title><style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 30em; margin: 4em auto; padding: 0 1em;
  background: #f5f6f8; color: #1a1f27 }
main { padding: 24px; border: 1px solid #c9ced6; border-radius: 8px; background: #fff }
button { min-height: 44px; padding: 0 20px; border: 0; border-radius: 6px; background: #1f5fd0; color: #fff;
  font: inherit; font-weight: 600; cursor: pointer }
a { color: #1f5fd0 }
@media (prefers-color-scheme: dark) {
  body { background: #0e1116; color: #e8ebf0 }
  main { border-color: #3b4656; background: #151a21 }
  button { background: #6ea3ff; color: #0e1116 }
  a { color: #6ea3ff }
}
</style></head><body><main><p>{english}</p><p lang="zh-CN">{chinese}</p>{rest}</main></body></html>
"""
_BUTTON: Final = '<form method="post"><button>Unsubscribe / <span lang="zh-CN">退订</span></button></form>'


_SETTINGS: Final = (
    '<p><a href="/settings/notifications">Choose what you hear of / <span lang="zh-CN">选择接收内容</span></a></p>'
)
_WHY: Final = {
    ErrorCode.UNSUBSCRIBE_LINK_UNKNOWN: (
        "This link does not work any more, or it was cut off. Open it from the mail once more.",
        "此链接已失效或不完整，请从邮件中重新打开。",
    ),
    ErrorCode.UNSUBSCRIBE_LINK_USED: (
        "This link was used already: you receive no more mails of this kind.",
        "此链接已使用过：你不会再收到此类邮件。",
    ),
}
# To programs a refusal is no page: it is said in the envelope of all others.
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
async def show_unsubscribe(connection: Reading, token: TokenQuery, request: Request) -> HTMLResponse:
    """A page with a button, or one that says why there is none."""
    row = await repository.find(connection, token)
    if row is None:
        return _refusal(request, ErrorCode.UNSUBSCRIBE_LINK_UNKNOWN)
    if row.used_at is not None:
        return _refusal(request, ErrorCode.UNSUBSCRIBE_LINK_USED)
    return _page("Receive no more mails of this kind from Argus?", "不再接收 Argus 的此类邮件？", _BUTTON)


@router.post("", response_model=UnsubscribeOut)
async def unsubscribe(transaction: Writing, token: TokenQuery, request: Request) -> Any:
    """Switch off the mails that the link came with. Also a mail program's own button (RFC 8058) sends this."""
    row = await repository.find(transaction.connection, token)
    if row is None:
        return _refusal(request, ErrorCode.UNSUBSCRIBE_LINK_UNKNOWN)
    if not await repository.use(transaction.connection, row):
        return _refusal(request, ErrorCode.UNSUBSCRIBE_LINK_USED)
    note(transaction, "unsubscribe", row.user_id, "user", row.user_id, event_type=row.event_type)
    return _done(request, "You will receive no more mails of this kind.", "你将不再收到此类邮件。")


@router.get("/recipient/{token}", response_class=HTMLResponse, responses=_REFUSALS)
async def show_unsubscribe_recipient(connection: Reading, token: TokenPath, request: Request) -> HTMLResponse:
    """A page with a button, for an address outside of Argus."""
    row = await repository.find_recipient(connection, token)
    if row is None:
        return _refusal(request, ErrorCode.UNSUBSCRIBE_LINK_UNKNOWN)
    english = f"Send no more mails about the project {row.project} to {row.email}?"
    return _page(english, f"不再向 {row.email} 发送项目 {row.project} 的邮件？", _BUTTON)


@router.post("/recipient/{token}", response_model=UnsubscribeOut)
async def unsubscribe_recipient(transaction: Writing, token: TokenPath, request: Request) -> Any:
    """Switch off an address outside of Argus."""
    row = await repository.find_recipient(transaction.connection, token)
    if row is None:
        return _refusal(request, ErrorCode.UNSUBSCRIBE_LINK_UNKNOWN)
    if await repository.switch_off(transaction.connection, row.id):
        note(transaction, "recipient_unsubscribe", None, "recipient", row.id, project=row.project)
    english = "This address will receive no more mails about the project."
    return _done(request, english, "该地址将不再收到此项目的邮件。")


def _done(request: Request, english: str, chinese: str) -> UnsubscribeOut | HTMLResponse:
    """What a person sees who pressed the page's button; programs read the other."""
    return _page(english, chinese, "") if _is_person(request) else UnsubscribeOut(ok=True, detail=english)


def _refusal(request: Request, code: ErrorCode) -> HTMLResponse:
    """Whoever follows an old link reads why it does nothing, and where to choose instead; programs read the envelope.

    Raises:
        ArgusError: to a program.
    """
    if not _is_person(request):
        raise ArgusError(code)
    english, chinese = _WHY[code]
    return _page(english, chinese, _SETTINGS, status=code.status)


def _is_person(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _page(english: str, chinese: str, rest: str, *, status: int = 200) -> HTMLResponse:
    filled = {"{english}": escape(english), "{chinese}": escape(chinese), "{rest}": rest}
    text = re.sub("|".join(map(re.escape, filled)), lambda found: filled[found[0]], _PAGE)
    return HTMLResponse(text, status, headers={"Content-Security-Policy": FORM_POLICY})
