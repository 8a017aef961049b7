"""The rules of artifacts: who may add, see and remove them, and how much may lie there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from argus_contracts.errors import ErrorCode
from argus_ingest.artifacts import repository
from argus_ingest.artifacts.files import ArtifactFolder, StoredFile
from argus_ingest.artifacts.schemas import ArtifactOut
from argus_ingest.artifacts.settings import ArtifactSettings
from argus_ingest.artifacts.uploads import Upload, read_upload
from argus_kit.clock import iso, now
from argus_kit.errors import ArgusError
from argus_kit.identity import Actor
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_schema import ingest as tables


class Artifacts(Part):
    """Artifacts of this process's database and folder."""

    name = "artifacts"

    def __init__(self, platform: Platform, settings: ArtifactSettings) -> None:
        self._platform = platform
        self._settings = settings
        self.folder = ArtifactFolder(settings.dir or platform.settings.home / "artifacts")

    async def add_to_job(self, actor: Actor, job_id: str, batch_id: str | None, request: Request) -> ArtifactOut:
        """Store the upload of a request with a job.

        Raises:
            ArgusError: job.not_found, batch.forbidden, or what reading the upload raises.
        """
        async with self._platform.database.read() as connection:
            place = await self._job_place(connection, actor, job_id, batch_id, editing=True)
        return await self._add(actor, place, job_id, request)

    async def add_to_batch(self, actor: Actor, batch_id: str, request: Request) -> ArtifactOut:
        """Store the upload of a request with a batch as a whole.

        Raises:
            ArgusError: batch.not_found, batch.forbidden, or what reading the upload raises.
        """
        async with self._platform.database.read() as connection:
            place = await repository.batch_place(connection, actor, batch_id)
        if place is None:
            raise ArgusError(ErrorCode.BATCH_NOT_FOUND)
        if not place.may_edit:
            raise ArgusError(ErrorCode.BATCH_FORBIDDEN)
        return await self._add(actor, place, None, request)

    async def of_job(
        self, connection: AsyncConnection, actor: Actor, job_id: str, batch_id: str | None
    ) -> list[ArtifactOut]:
        """A job's artifacts, oldest first. Raises ArgusError: job.not_found."""
        place = await self._job_place(connection, actor, job_id, batch_id, editing=False)
        rows = await repository.of_job(connection, place.batch_key, job_id)
        return [shown(row, place.batch_id) for row in rows]

    async def find(self, connection: AsyncConnection, actor: Actor, artifact_id: int) -> sa.Row[Any]:
        """An artifact that the caller may see. Raises ArgusError: artifact.not_found."""
        row = await repository.find(connection, actor, artifact_id)
        if row is None:
            raise ArgusError(ErrorCode.ARTIFACT_NOT_FOUND)
        return row

    async def remove(self, actor: Actor, artifact_id: int) -> None:
        """Delete an artifact. Raises ArgusError: artifact.not_found, batch.forbidden."""
        async with self._platform.write(tables.OWNER) as tx:
            row = await self.find(tx.connection, actor, artifact_id)
            if row.owner_id != actor.user_id and not actor.is_admin:
                raise ArgusError(ErrorCode.BATCH_FORBIDDEN)
            await repository.remove(tx.connection, artifact_id)
        await self.folder.drop(row.path)

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

    async def _add(self, actor: Actor, place: sa.Row[Any], job_id: str | None, request: Request) -> ArtifactOut:
        async with read_upload(request, self._settings.max_file_bytes) as upload:
            stored = await self.folder.keep(place.batch_key, upload.file, self._settings.max_file_bytes)
            try:
                row = await self._record(actor, place.batch_key, job_id, upload, stored)
            except BaseException:
                await self.folder.drop(stored.path)
                raise
        return shown(row, place.batch_id)

    async def _record(
        self, actor: Actor, batch_key: int, job_id: str | None, upload: Upload, stored: StoredFile
    ) -> sa.Row[Any]:
        limit = self._settings.max_job_bytes
        async with self._platform.write(tables.OWNER) as tx:
            if await repository.used_bytes(tx.connection, batch_key, job_id) + stored.size > limit:
                raise ArgusError(ErrorCode.ARTIFACT_QUOTA_EXCEEDED, details={"max_bytes": limit})
            values = {
                "batch_key": batch_key,
                "job_id": job_id,
                "filename": upload.filename,
                "mime": upload.mime,
                "size_bytes": stored.size,
                "label": upload.label,
                "meta": upload.meta,
                "path": stored.path,
                "sha256": stored.sha256,
                "created_at": now(),
                "created_by": actor.user_id,
            }
            return await repository.add(tx.connection, values)


def shown(row: sa.Row[Any], batch_id: str) -> ArtifactOut:
    """An artifact as the API shows it."""
    return ArtifactOut(
        id=row.id,
        job_id=row.job_id,
        batch_id=batch_id,
        filename=row.filename,
        mime=row.mime,
        size_bytes=row.size_bytes,
        label=row.label,
        meta=row.meta,
        created_at=iso(row.created_at) or "",
    )
