"""Decides, before a stream opens, whether the caller may have every channel that it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_realtime.access import Batch, Grants, find_batches, find_jobs, load_grants
from argus_realtime.channels import Selector
from argus_realtime.views import View

_OF_ADMINS: Final = {
    "dashboard": "`visible` shows your own batches",
    "deliveries": "`deliveries:<batch_id>` tells of those about one batch",
}
"""Channels that only administrators may have, and what others take in their place."""


class Admission:
    """One caller's way in. `grants` are filled where a channel needs them."""

    def __init__(self, database: Database, actor: Actor) -> None:
        self._database = database
        self._actor = actor
        self.grants: Grants | None = Grants(actor.user_id, is_admin=True) if actor.is_admin else None

    async def channels(self, selectors: Sequence[Selector]) -> list[View]:
        """Views for these channels.

        Raises:
            ArgusError: stream.forbidden (403) or job.not_found (404), for the first channel that cannot be had.
        """
        wide = next((one.text for one in selectors if one.text in _OF_ADMINS), None)
        if wide is not None and not self._actor.is_admin:
            raise _forbidden(wide, f"This channel is for administrators; {_OF_ADMINS[wide]}.")
        if all(selector.batch_id is None and selector.kind != "visible" for selector in selectors):
            return [self._view(selector, {}) for selector in selectors]
        async with self._database.read() as connection:
            wanted = {selector.batch_id for selector in selectors if selector.batch_id is not None}
            batches = await self._visible(connection, wanted)
            jobs = [(batches[s.batch_id].key, s.job_id) for s in selectors if s.batch_id is not None and s.job_id]
            await self._require_jobs(connection, jobs)
            if any(selector.kind == "visible" for selector in selectors):
                await self._load_grants(connection)
        return [self._view(selector, batches) for selector in selectors]

    async def batch(self, batch_id: str) -> Batch:
        """A batch that the caller may see.

        Raises:
            ArgusError: stream.forbidden (403).
        """
        async with self._database.read() as connection:
            return (await self._visible(connection, {batch_id}))[batch_id]

    async def job(self, path: str) -> tuple[Batch, str]:
        """The batch and job id that `<batch_id>/<job_id>` names; either may itself hold slashes.

        Raises:
            ArgusError: stream.forbidden (403), job.not_found (404).
        """
        parts = path.split("/")
        splits = {"/".join(parts[:n]): "/".join(parts[n:]) for n in range(1, len(parts))}
        async with self._database.read() as connection:
            found = await find_batches(connection, splits)
            seen = await self._visible(connection, found or {parts[0]})
            jobs = await find_jobs(connection, [(batch.key, splits[batch.id]) for batch in seen.values()])
        for batch in seen.values():
            if (batch.key, splits[batch.id]) in jobs:
                return batch, splits[batch.id]
        raise ArgusError(ErrorCode.JOB_NOT_FOUND)

    async def _visible(self, connection: AsyncConnection, batch_ids: set[str] | dict[str, Batch]) -> dict[str, Batch]:
        batches = await find_batches(connection, batch_ids)
        if any(batch.owner_id != self._actor.user_id for batch in batches.values()):
            await self._load_grants(connection)
        for batch_id in batch_ids:
            batch = batches.get(batch_id)
            if batch is None or not self._sees(batch):
                raise _forbidden(batch_id, "The batch does not exist, or you may not see it.")
        return batches

    def _sees(self, batch: Batch) -> bool:
        if batch.owner_id == self._actor.user_id:
            return self._actor.reaches(batch.project)
        return self.grants is not None and self.grants.see(batch.id, batch.owner_id, batch.project)

    async def _load_grants(self, connection: AsyncConnection) -> None:
        if self.grants is None:
            loaded = await load_grants(connection, [self._actor.user_id])
            self.grants = loaded[self._actor.user_id].by(self._actor)

    async def _require_jobs(self, connection: AsyncConnection, jobs: list[tuple[int, str]]) -> None:
        if jobs and set(jobs) - await find_jobs(connection, jobs):
            raise ArgusError(ErrorCode.JOB_NOT_FOUND)

    def _view(self, selector: Selector, batches: dict[str, Batch]) -> View:
        if selector.batch_id is not None:
            key = batches[selector.batch_id].key
            batch_id, job_id = selector.batch_id, selector.job_id
            return View(selector.kind, selector.text, key, batch_id, job_id, project=self._actor.project)
        if selector.kind == "inbox":
            return View("inbox", selector.text, user_id=self._actor.user_id, project=self._actor.project)
        return View(selector.kind, selector.text)


def _forbidden(channel: str, message: str) -> ArgusError:
    return ArgusError(ErrorCode.STREAM_FORBIDDEN, message, details={"channel": channel})
