"""One search over everything: what was found, the best match of each kind first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.derivations.status import shown_job_status
from argus_catalog.search import repository
from argus_catalog.search.schemas import SearchItem, SearchResult
from argus_kit.actor import Actor

_MOST_WORDS: Final = 8
# So many are read to rank them by how they match, where the database only knows their age.
_RANKED: Final = 4


async def search(connection: AsyncConnection, actor: Actor, text: str, limit: int) -> SearchResult:
    """Whatever has all words of the text; nothing for a text without any."""
    words = text.split()[:_MOST_WORDS]
    if not words:
        return SearchResult(items=[])
    more = limit * _RANKED
    projects = [_project(row) for row in await repository.projects(connection, actor, words, more)]
    batches = [_batch(row) for row in await repository.batches(connection, actor, words, more)]
    hosts = [_host(row) for row in await repository.hosts(connection, actor, words, more)]
    studies = [_study(row) for row in await repository.studies(connection, actor, words, more)]
    jobs = await _jobs(connection, actor, text.strip(), words, more)
    kinds = (projects, batches, jobs, hosts, studies)
    return SearchResult(items=[item for found in kinds for item in _best(found, words, limit)])


async def _jobs(
    connection: AsyncConnection, actor: Actor, text: str, words: Sequence[str], limit: int
) -> list[SearchItem]:
    named = await repository.named_jobs(connection, actor, text, limit)
    recent = await repository.recent_jobs(connection, actor, words, limit)
    found = {(row.batch_id, row.job_id): row for row in [*recent, *named]}
    return [_job(row) for row in found.values()]


def _best(found: Iterable[SearchItem], words: Sequence[str], limit: int) -> list[SearchItem]:
    """Those that match best; of equals the one that came first."""
    return sorted(found, key=_rank(" ".join(words).lower()))[:limit]


def _rank(text: str) -> Callable[[SearchItem], int]:
    def rank(item: SearchItem) -> int:
        names = (item.title.lower(), item.id.lower())
        if text in names:
            return 0
        if any(name.startswith(text) for name in names):
            return 1
        return 2 if any(text in name for name in names) else 3

    return rank


def _project(row: Any) -> SearchItem:
    return SearchItem(kind="project", id=row.project, title=row.project)


def _batch(row: Any) -> SearchItem:
    return SearchItem(kind="batch", id=row.id, title=row.name or row.id, subtitle=row.project, status=row.status)


def _job(row: Any) -> SearchItem:
    what = [part for part in (row.model, row.dataset, row.batch_name or row.batch_id) if part]
    status = shown_job_status(row.status, row.start_time, row.last_epoch_at, row.batch_status, row.batch_end)
    return SearchItem(
        kind="job",
        id=row.job_id,
        batch_id=row.batch_id,
        title=row.job_id,
        subtitle=" · ".join(what),
        status=status,
    )


def _host(row: Any) -> SearchItem:
    return SearchItem(kind="host", id=row.host, title=row.host)


def _study(row: Any) -> SearchItem:
    return SearchItem(kind="study", id=row.study, title=row.study)
