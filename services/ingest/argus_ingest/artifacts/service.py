"""The rules of artifacts: who may add, see and remove them, and how much may lie there."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from argus_contracts.errors import ErrorCode
from argus_ingest.artifacts import previews, repository
from argus_ingest.artifacts.previews import Previews
from argus_ingest.artifacts.schemas import ArtifactOut
from argus_ingest.artifacts.settings import ArtifactSettings
from argus_ingest.artifacts.storage import Storage
from argus_ingest.artifacts.telling import tell
from argus_ingest.artifacts.uploads import Receiver, Upload
from argus_kit import audit
from argus_kit.actor import Actor
from argus_kit.clock import iso, now
from argus_kit.errors import ArgusError
from argus_kit.outbox import Transaction
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_schema import ingest as tables

log = structlog.get_logger(__name__)

MOST: Final = 1000


def storage_of(platform: Platform, settings: ArtifactSettings) -> Storage:
    """The storage that the settings name."""
    return Storage(settings.dir or str(platform.settings.home / "artifacts"))


class Artifacts(Part):
    """Artifacts of this process's database and storage."""

    name = "artifacts"

    def __init__(self, platform: Platform, settings: ArtifactSettings) -> None:
        self._platform = platform
        self._settings = settings
        self._uploads = asyncio.Semaphore(settings.uploads_at_once)
        self.storage = storage_of(platform, settings)
        self.previews = Previews(self.storage, settings.preview_pixels)

    async def stop(self) -> None:
        """See Part."""
        self.storage.close()

    async def add_to_job(self, actor: Actor, job_id: str, batch_id: str | None, request: Request) -> ArtifactOut:
        """Store the upload of a request with a job.

        Raises:
            ArgusError: job.not_found, batch.forbidden, artifact.quota_exceeded, or what reading the upload raises.
        """
        async with self._platform.database.read() as connection:
            place = await self._job_place(connection, actor, job_id, batch_id, editing=True)
            await self._check_room(connection, place.batch_key, job_id, 0)
        return await self._add(actor, place, job_id, request)

    async def add_to_batch(self, actor: Actor, batch_id: str, request: Request) -> ArtifactOut:
        """Store the upload of a request with a batch as a whole.

        Raises:
            ArgusError: batch.not_found, batch.forbidden, artifact.quota_exceeded, or what reading the upload raises.
        """
        async with self._platform.database.read() as connection:
            place = await self._batch_place(connection, actor, batch_id)
            if not place.may_edit:
                raise ArgusError(ErrorCode.BATCH_FORBIDDEN)
            await self._check_room(connection, place.batch_key, None, 0)
        return await self._add(actor, place, None, request)

    async def of_job(
        self, connection: AsyncConnection, actor: Actor, job_id: str, batch_id: str | None, after: int
    ) -> list[ArtifactOut]:
        """A job's artifacts, oldest first. Raises ArgusError: job.not_found."""
        place = await self._job_place(connection, actor, job_id, batch_id, editing=False)
        rows = await repository.of_job(connection, place.batch_key, job_id, after, MOST)
        return [shown(row, place.batch_id) for row in rows]

    async def of_batch(
        self, connection: AsyncConnection, actor: Actor, batch_id: str, after: int, *, with_jobs: bool
    ) -> list[ArtifactOut]:
        """A batch's artifacts, on request with those of its jobs, oldest first. Raises ArgusError: batch.not_found."""
        place = await self._batch_place(connection, actor, batch_id)
        if with_jobs:
            rows = await repository.of_batch(connection, place.batch_key, after, MOST)
        else:
            rows = await repository.of_job(connection, place.batch_key, None, after, MOST)
        return [shown(row, place.batch_id) for row in rows]

    async def find(self, actor: Actor, artifact_id: int) -> sa.Row[Any]:
        """An artifact that the caller may see. The database is let go before anybody waits for the storage.

        Raises:
            ArgusError: artifact.not_found.
        """
        async with self._platform.database.read() as connection:
            return await _found(connection, actor, artifact_id)

    async def check_file(self, row: sa.Row[Any]) -> None:
        """Whether a row's file is there and as long as it was.

        Raises:
            ArgusError: artifact.file_missing (410), artifact.storage_unavailable (503).
        """
        with unavailable():
            size = await self.storage.size(row.path)
        if size != row.size_bytes:
            log.error("artifact.file_missing", artifact=row.id, path=row.path, found=size, wanted=row.size_bytes)
            raise ArgusError(ErrorCode.ARTIFACT_FILE_MISSING)

    async def preview(self, row: sa.Row[Any], size: int) -> bytes:
        """The preview of an artifact.

        Raises:
            ArgusError: artifact.no_preview (415), artifact.file_missing (410), artifact.storage_unavailable (503).
        """
        with unavailable():
            try:
                return await self.previews.of(row.path, row.mime, size)
            except FileNotFoundError as error:
                raise ArgusError(ErrorCode.ARTIFACT_FILE_MISSING) from error

    async def remove(self, actor: Actor, artifact_id: int) -> None:
        """Delete an artifact. Raises ArgusError: artifact.not_found, batch.forbidden."""
        async with self._platform.write(tables.OWNER) as tx:
            row = await _found(tx.connection, actor, artifact_id)
            if not row.may_delete:
                raise ArgusError(ErrorCode.BATCH_FORBIDDEN)
            await repository.remove(tx.connection, [artifact_id])
            _note(tx, "artifact_delete", actor.user_id, row, row.batch_id)
        try:
            await self.storage.drop([row.path, *previews.preview_paths(row.path)])
        except OSError as error:
            # No row names it any more, so the search for orphans will come for it.
            log.warning("artifact.not_dropped", path=row.path, error=repr(error))

    async def _batch_place(self, connection: AsyncConnection, actor: Actor, batch_id: str) -> sa.Row[Any]:
        place = await repository.batch_place(connection, actor, batch_id)
        if place is None:
            raise ArgusError(ErrorCode.BATCH_NOT_FOUND)
        return place

    async def _job_place(
        self, connection: AsyncConnection, actor: Actor, job_id: str, batch_id: str | None, *, editing: bool
    ) -> sa.Row[Any]:
        places: Sequence[sa.Row[Any]] = await repository.job_places(connection, actor, job_id, batch_id)
        if not places:
            raise ArgusError(ErrorCode.JOB_NOT_FOUND)
        if not editing:
            return places[0]
        for place in places:
            if place.may_edit:
                return place
        raise ArgusError(ErrorCode.BATCH_FORBIDDEN)

    async def _check_room(self, connection: AsyncConnection, batch_key: int, job_id: str | None, size: int) -> None:
        used = await repository.used_bytes(connection, batch_key, job_id)
        limits = (
            ("job", used.own, self._settings.max_job_bytes),
            ("batch", used.batch, self._settings.max_batch_bytes),
        )
        for scope, taken, limit in limits:
            if taken + size > limit or (not size and taken >= limit):
                details = {"scope": scope, "max_bytes": limit, "used_bytes": taken}
                raise ArgusError(ErrorCode.ARTIFACT_QUOTA_EXCEEDED, details=details)

    async def _add(self, actor: Actor, place: sa.Row[Any], job_id: str | None, request: Request) -> ArtifactOut:
        path = f"{place.batch_key}/{uuid.uuid4().hex}"
        limits = self._settings
        receiver = Receiver(self.storage, path, max_bytes=limits.max_file_bytes, idle_s=limits.idle_s)
        async with self._uploads:
            try:
                with unavailable():
                    upload = await receiver.receive(request)
                    upload.check(request.headers.get("content-sha256"))
                    told = {"path": path, "meta": upload.meta(), "created_by": actor.user_id}
                    # Whole and on the disk before any row speaks of it.
                    await receiver.finish()
                row = await self._record(place, job_id, upload, told)
            except BaseException:
                await receiver.abandon()
                raise
        return shown(row, place.batch_id)

    async def _record(
        self, place: sa.Row[Any], job_id: str | None, upload: Upload, told: dict[str, Any]
    ) -> sa.Row[Any]:
        batch_key: int = place.batch_key
        values = {
            "batch_key": batch_key,
            "job_id": job_id,
            "filename": upload.filename,
            "mime": upload.mime,
            "size_bytes": upload.size,
            "label": upload.label,
            "sha256": upload.sha256,
            "created_at": now(),
        }
        async with self._platform.write(tables.OWNER) as tx:
            if not await repository.lock_batch(tx.connection, batch_key):
                raise ArgusError(ErrorCode.BATCH_NOT_FOUND)
            await self._check_room(tx.connection, batch_key, job_id, upload.size)
            row = await repository.add(tx.connection, values | told)
            _note(tx, "artifact_upload", row.created_by, row, place.batch_id)
            await tell(tx, place.batch_id, row)
            return row


async def _found(connection: AsyncConnection, actor: Actor, artifact_id: int) -> sa.Row[Any]:
    row = await repository.find(connection, actor, artifact_id)
    if row is None:
        raise ArgusError(ErrorCode.ARTIFACT_NOT_FOUND)
    return row


def _note(tx: Transaction, action: str, user_id: int | None, row: sa.Row[Any], batch_id: str) -> None:
    facts = {"batch_id": batch_id, "job_id": row.job_id, "filename": row.filename, "size_bytes": row.size_bytes}
    audit.note(tx, tables.OWNER, action, user_id, target=("artifact", row.id), **facts)


@contextlib.contextmanager
def unavailable() -> Iterator[None]:
    """What a storage raises, as an answer. Raises ArgusError: artifact.storage_unavailable (503)."""
    try:
        yield
    except OSError as error:
        log.exception("artifact.storage_failed", error=repr(error))
        raise ArgusError(ErrorCode.ARTIFACT_STORAGE_UNAVAILABLE, headers={"Retry-After": "5"}) from error


def shown(row: sa.Row[Any], batch_id: str) -> ArtifactOut:
    """An artifact as the API shows it."""
    return ArtifactOut(
        id=row.id,
        job_id=row.job_id,
        batch_id=batch_id,
        filename=row.filename,
        mime=row.mime,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        label=row.label,
        meta=row.meta,
        created_at=iso(row.created_at) or "",
    )
