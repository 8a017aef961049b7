"""Shapes of the search over everything."""

from __future__ import annotations

from typing import Literal

from argus_catalog.wire import Shape

SearchKind = Literal["project", "batch", "job", "host", "study"]


class SearchItem(Shape):
    """Something that was found. `batch_id` is a job's; `subtitle` says where it belongs."""

    kind: SearchKind
    id: str
    batch_id: str | None = None
    title: str
    subtitle: str | None = None
    status: str | None = None


class SearchResult(Shape):
    """What was found: projects, batches, jobs, hosts, studies; of each kind the best match first."""

    items: list[SearchItem]
