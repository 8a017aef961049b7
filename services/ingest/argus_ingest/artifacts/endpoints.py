"""Routes of artifacts."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from argus_ingest.artifacts import previews, serving
from argus_ingest.artifacts.schemas import DOWNLOAD_SCHEMA, PREVIEW_SCHEMA, UPLOAD_SCHEMA, ArtifactOut
from argus_ingest.artifacts.service import Artifacts
from argus_kit.platform import Reading, part_of
from argus_kit.policy import MayDeleteArtifacts, MayReadArtifacts, MayWriteArtifacts
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["artifacts"])

InBatch = Annotated[str | None, Query(description="The batch, where a job of this id is in several.", max_length=128)]
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="Only artifacts after this id; at most 1,000 a page.")]
WithJobs = Annotated[bool, Query(description="The files of the batch's jobs too.")]
Inline = Annotated[bool, Query(description="Show it instead of saving it, where it is a plain picture.")]
Size = Annotated[int, Query(ge=16, le=1024, description="Width and height that the preview fits into, in pixels.")]
ArtifactId = Annotated[int, Path(ge=0, le=2**63 - 1)]
Here = Annotated[Artifacts, part_of(Artifacts)]


@router.post("/jobs/{job_id:path}/artifacts", status_code=201, openapi_extra=UPLOAD_SCHEMA)
async def upload_job_artifact(
    job_id: str, request: Request, actor: MayWriteArtifacts, artifacts: Here, batch_id: InBatch = None
) -> ArtifactOut:
    """Add a file to a job. A job id that stands in several batches means the caller's own and newest."""
    return await artifacts.add_to_job(actor, job_id, batch_id, request)


@router.post("/batches/{batch_id:path}/artifacts", status_code=201, openapi_extra=UPLOAD_SCHEMA)
async def upload_batch_artifact(
    batch_id: str, request: Request, actor: MayWriteArtifacts, artifacts: Here
) -> ArtifactOut:
    """Add a file to a batch as a whole."""
    return await artifacts.add_to_batch(actor, batch_id, request)


@router.get("/jobs/{job_id:path}/artifacts")
async def list_job_artifacts(
    job_id: str,
    connection: Reading,
    actor: MayReadArtifacts,
    artifacts: Here,
    *,
    batch_id: InBatch = None,
    after: After = 0,
) -> list[ArtifactOut]:
    """A job's files, oldest first."""
    return await artifacts.of_job(connection, actor, job_id, batch_id, after)


@router.get("/batches/{batch_id:path}/artifacts")
async def list_batch_artifacts(
    batch_id: str,
    connection: Reading,
    actor: MayReadArtifacts,
    artifacts: Here,
    *,
    jobs: WithJobs = False,
    after: After = 0,
) -> list[ArtifactOut]:
    """A batch's own files, and on request those of its jobs, oldest first."""
    return await artifacts.of_batch(connection, actor, batch_id, after, with_jobs=jobs)


@router.get("/artifacts/{artifact_id}", response_class=StreamingResponse, responses=DOWNLOAD_SCHEMA)
async def download_artifact(
    artifact_id: ArtifactId,
    request: Request,
    actor: MayReadArtifacts,
    artifacts: Here,
    *,
    inline: Inline = False,
) -> Response:
    """The file itself, whole or a range of it."""
    row = await artifacts.find(actor, artifact_id)
    answer = serving.reply(_representation(row), request.headers, inline=inline)
    if answer.status == 304:
        return Response(status_code=304, headers=answer.headers)
    await artifacts.check_file(row)
    if request.method == "HEAD":
        return Response(status_code=answer.status, headers=answer.headers)
    body = artifacts.storage.read(row.path, answer.begin, answer.end)
    return StreamingResponse(_closing(body), answer.status, answer.headers, media_type=row.mime)


@router.get("/artifacts/{artifact_id}/thumbnail", response_class=Response, responses=PREVIEW_SCHEMA)
async def get_artifact_thumbnail(
    artifact_id: ArtifactId,
    request: Request,
    actor: MayReadArtifacts,
    artifacts: Here,
    *,
    size: Size = 256,
) -> Response:
    """A small picture of a picture."""
    row = await artifacts.find(actor, artifact_id)
    size = previews.rounded(size)
    picture = serving.Representation(
        size=0, etag=f'"{row.sha256}-{size}"', modified=row.created_at, mime=previews.MIME, filename=row.filename
    )
    if serving.is_unchanged(picture, request.headers):
        return Response(status_code=304, headers=serving.common_headers(picture))
    body = await artifacts.preview(row, size)
    return Response(body, headers=serving.common_headers(picture), media_type=previews.MIME)


@router.delete("/artifacts/{artifact_id}", status_code=204)
async def delete_artifact(artifact_id: ArtifactId, actor: MayDeleteArtifacts, artifacts: Here) -> None:
    """Delete a file."""
    await artifacts.remove(actor, artifact_id)


router.head("/artifacts/{artifact_id}", include_in_schema=False)(download_artifact)
router.head("/artifacts/{artifact_id}/thumbnail", include_in_schema=False)(get_artifact_thumbnail)


def _representation(row: sa.Row[Any]) -> serving.Representation:
    return serving.Representation(
        size=row.size_bytes,
        etag=f'"{row.sha256 or row.id}"',
        modified=row.created_at,
        mime=row.mime,
        filename=row.filename,
    )


async def _closing(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    # A caller who leaves must not leave a generator behind for the garbage collector.
    async with contextlib.aclosing(body):  # type: ignore[type-var]
        async for piece in body:
            yield piece
