"""Routes of the queue, for administrators. They say `email`, as published clients do; all kinds are in them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Depends, Query, Request

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading, platform_of
from argus_kit.policy import MayAdminChange, MayAdminRead
from argus_kit.routing import APIRouter
from argus_notifier.delivery import dead_letters, listing
from argus_notifier.delivery.listing import Fate, Wanted
from argus_notifier.delivery.schemas import (
    DeadLettersOut,
    DeliveriesOut,
    DeliveryStatsOut,
    RequeuedOut,
    dead_letter_out,
    delivery_out,
)
from argus_notifier.mail.server import current
from argus_notifier.settings import NotifierSettings
from argus_notifier.transactions import Writing, note

router = APIRouter(prefix="/api/admin/email", tags=["admin"])

_MOST_IDS: Final = 500

Kind = Annotated[str, Query(max_length=32, pattern="^[a-z]*$", description="Way out: mail, slack, and so on.")]
Text = Annotated[
    str, Query(max_length=200, pattern="^[^\\x00]*$", description="Part of the receiver, the subject or the reason.")
]


def _wanted(status: Fate = "all", kind: Kind = "", q: Text = "") -> Wanted:
    return Wanted(status, kind, q.strip())


Chosen = Annotated[Wanted, Depends(_wanted)]


@router.get("/stats")
async def read_delivery_stats(_: MayAdminRead, connection: Reading, request: Request) -> DeliveryStatsOut:
    """How the queue of mails and messages is."""
    server = await current(connection, NotifierSettings(), platform_of(request))
    return await dead_letters.stats(connection, mail_server=server.sends_mail)


@router.get("/deliveries")
async def list_deliveries(
    _: MayAdminRead,
    connection: Reading,
    wanted: Chosen,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Only ids below this one.")] = None,
) -> DeliveriesOut:
    """Mails and messages, what became of them and why, the newest first."""
    # One more than is shown tells whether there is another page.
    rows = await listing.page(connection, wanted, limit=limit + 1, before=before)
    items = [delivery_out(row) for row in rows[:limit]]
    return DeliveriesOut(items=items, next_before=items[-1].id if len(rows) > limit else None)


@router.get("/dead-letter")
async def list_dead_letters(
    _: MayAdminRead,
    connection: Reading,
    status: Literal["pending", "all"] = "pending",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DeadLettersOut:
    """What was given up; `all`: also what was sent again since."""
    rows = await dead_letters.newest(connection, limit=limit, all_ever=status == "all")
    return DeadLettersOut(items=[dead_letter_out(row) for row in rows])


@router.post("/dead-letter/retry")
async def retry_dead_letters(
    actor: MayAdminChange,
    transaction: Writing,
    ids: Annotated[str, Query(max_length=10_000, description="Their ids, with commas between them.")],
) -> RequeuedOut:
    """Try dead letters again."""
    wanted = _ids(ids)
    found = await dead_letters.requeue(transaction.connection, wanted)
    if found:
        shown = ",".join(map(str, found))
        note(transaction, "dead_letter_retry", actor.user_id, "delivery", shown[:200], count=len(found))
    return RequeuedOut(requeued=len(found), missing=[one for one in wanted if one not in set(found)])


@router.post("/dead-letter/retry-all")
async def retry_all_dead_letters(
    actor: MayAdminChange, transaction: Writing, kind: Kind = "", q: Text = ""
) -> RequeuedOut:
    """Try all dead letters again that fit, as the list of deliveries shows them."""
    count = await dead_letters.requeue_all(transaction.connection, Wanted("failed", kind, q.strip()))
    if count:
        note(transaction, "dead_letter_retry", actor.user_id, "delivery", "all", count=count, kind=kind, q=q)
    return RequeuedOut(requeued=count, missing=[])


def _ids(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    are_numbers = all(part.isascii() and part.isdecimal() and len(part) <= 18 for part in parts)
    if not parts or not are_numbers or len(parts) > _MOST_IDS:
        raise ArgusError(
            ErrorCode.REQUEST_INVALID, f"`ids` are up to {_MOST_IDS} numbers with commas between them.", status=400
        )
    return list(dict.fromkeys(map(int, parts)))
