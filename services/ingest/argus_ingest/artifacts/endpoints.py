"""Routes of artifacts."""

from __future__ import annotations

import os
import re
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, Response

from argus_ingest.artifacts.schemas import UPLOAD_SCHEMA, ArtifactOut
from argus_ingest.artifacts.service import Artifacts
from argus_kit.identity import Person, Writer
from argus_kit.platform import Reading, part_of

router = APIRouter(prefix="/api", tags=["artifacts"])

InBatch = Annotated[str | None, Query(description="The batch, where a job of this id is in several.", max_length=128)]
ArtifactId = Annotated[int, Path(ge=0, le=2**63 - 1)]
Here = Annotated[Artifacts, part_of(Artifacts)]

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"\\]")


@router.post("/jobs/{job_id:path}/artifacts", status_code=201, openapi_extra=UPLOAD_SCHEMA)
async def upload_job_artifact(
    job_id: str, request: Request, actor: Writer, artifacts: Here, batch_id: InBatch = None
) -> ArtifactOut:
    """Add a file to a job. A job id that stands in several batches means the caller's own and newest."""
    return await artifacts.add_to_job(actor, job_id, batch_id, request)


@router.post("/batches/{batch_id:path}/artifacts", status_code=201, openapi_extra=UPLOAD_SCHEMA)
async def upload_batch_artifact(batch_id: str, request: Request, actor: Writer, artifacts: Here) -> ArtifactOut:
    """Add a file to a batch as a whole."""
    return await artifacts.add_to_batch(actor, batch_id, request)


@router.get("/jobs/{job_id:path}/artifacts")
async def list_job_artifacts(
    job_id: str, connection: Reading, actor: Person, artifacts: Here, batch_id: InBatch = None
) -> list[ArtifactOut]:
    """A job's files, oldest first."""
    return await artifacts.of_job(connection, actor, job_id, batch_id)


@router.get("/artifacts/{artifact_id}", response_class=FileResponse)
async def download_artifact(
    artifact_id: ArtifactId, request: Request, connection: Reading, actor: Person, artifacts: Here
) -> Response:
    """The file itself, whole or in ranges."""
    row = await artifacts.find(connection, actor, artifact_id)
    etag = f'"{row.sha256}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        # Whatever the file is, it does not run as a page of ours.
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    asked = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in asked or "*" in asked:
        return Response(status_code=304, headers=headers)
    return FileResponse(
        artifacts.folder.locate(row.path), media_type=row.mime, filename=_download_name(row.filename), headers=headers
    )


@router.delete("/artifacts/{artifact_id}", status_code=204)
async def delete_artifact(artifact_id: ArtifactId, actor: Writer, artifacts: Here) -> None:
    """Delete a file."""
    await artifacts.remove(actor, artifact_id)


def _download_name(name: str) -> str:
    return _UNSAFE.sub("_", os.path.basename(name.replace("\\", "/"))) or "file"  # noqa: PTH119 (a name, not a path)
