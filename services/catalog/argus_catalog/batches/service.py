"""Batches."""
from typing import NamedTuple
from argus_catalog.access.visibility import Scope


class BatchFilter(NamedTuple):
    user: str | None
    project: str | None
    status: str | None
    scope: Scope
    since: str | None
    limit: int
    cursor: str | None
    text: str | None
