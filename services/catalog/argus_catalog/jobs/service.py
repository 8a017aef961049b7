"""Jobs."""
from typing import NamedTuple
from argus_catalog.access.visibility import Scope


class JobFilter(NamedTuple):
    status: str | None
    project: str | None
    host: str | None
    batch_id: str | None
    since: str | None
    scope: Scope
    text: str | None
    page: int
    page_size: int
