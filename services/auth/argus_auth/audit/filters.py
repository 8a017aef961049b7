"""Which lines of the audit log are wanted: the query parameters that the list and the export share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Query

from argus_auth.fields import Printable
from argus_schema.auth import audit_log, user

_A = audit_log.c
# A search for a part of a text reads line by line, so it reads so many of the newest and no more.
SEARCHED = 200_000

Action = Annotated[
    str,
    Query(max_length=512, pattern=r"^[A-Za-z0-9_.,*-]*$", description="Comma list; `*` at an end stands for any end."),
]
Short = Annotated[Printable, Query(max_length=256)]
Text = Annotated[
    Printable,
    Query(max_length=200, description="Part of action, target, address, name or facts; of the newest 200,000 lines."),
]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a line must be; None and "" are no condition."""

    since: datetime | None = None
    until: datetime | None = None
    action: str = ""
    user_id: int | None = None
    username: str = ""
    target_type: str = ""
    target_id: str = ""
    ip: str = ""
    q: str = ""

    def condition(self) -> sa.ColumnElement[bool]:
        """The condition on a row of audit_log that is joined to the person who acted."""
        parts: list[sa.ColumnElement[bool]] = []
        if self.since is not None:
            parts.append(_A.timestamp >= _aware(self.since))
        if self.until is not None:
            parts.append(_A.timestamp < _aware(self.until))
        if names := [name for name in self.action.split(",") if name]:
            parts.append(sa.or_(*(_is_action(name) for name in names)))
        if self.user_id is not None:
            parts.append(_A.user_id == self.user_id)
        if self.username:
            parts.append(user.c.username_lower == self.username.lower())
        same = ((_A.target_type, self.target_type), (_A.target_id, self.target_id), (_A.ip_address, self.ip))
        parts += [column == wanted for column, wanted in same if wanted]
        if self.q:
            parts.append(_holds(self.q))
        return sa.and_(sa.true(), *parts)


def _filters(
    *,
    since: datetime | None = None,
    until: Annotated[datetime | None, Query(description="Lines before this time.")] = None,
    action: Action = "",
    user_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    username: Short = "",
    target_type: Short = "",
    target_id: Short = "",
    ip: Short = "",
    q: Text = "",
) -> Filters:
    return Filters(since, until, action, user_id, username, target_type, target_id, ip, q)


Wanted = Annotated[Filters, Depends(_filters)]


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def _is_action(name: str) -> sa.ColumnElement[bool]:
    if name.endswith("*"):
        return _A.action.startswith(name.rstrip("*"), autoescape=True)
    return _A.action == name


def _holds(text: str) -> sa.ColumnElement[bool]:
    columns = (_A.action, _A.target_id, _A.ip_address, user.c.username, sa.cast(_A.metadata, sa.Text))
    newest = sa.select(sa.func.coalesce(sa.func.max(_A.id), 0)).scalar_subquery()
    found = sa.or_(*(sa.func.lower(column).contains(text.lower(), autoescape=True) for column in columns))
    return sa.and_(_A.id > newest - SEARCHED, found)
