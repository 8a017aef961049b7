"""What the artifact routes answer, and how their upload is documented."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field


class ArtifactOut(BaseModel):
    """A file that belongs to a job, or to a batch as a whole (then `job_id` is null)."""

    id: int
    job_id: str | None
    batch_id: str
    filename: str = Field(description="As the sender named it.")
    mime: str
    size_bytes: int
    sha256: str | None
    label: str | None
    meta: dict[str, Any] | None
    created_at: str


UPLOAD_SCHEMA: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "title": "ArtifactIn",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "label": {"type": "string"},
                        "meta": {"type": "string", "description": "A JSON object as text."},
                        "sha256": {
                            "type": "string",
                            "description": "What the file must have; the header Content-SHA256 serves too.",
                        },
                    },
                }
            }
        },
    }
}

# Bytes of any type: what FastAPI would say of a streamed answer is JSON.
DOWNLOAD_SCHEMA: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The range that was asked for."},
    304: {"description": "What the caller has is still right."},
    410: {"description": "The file is no longer in storage."},
    416: {"description": "The file does not have this range."},
}
PREVIEW_SCHEMA: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "What the caller has is still right."},
    410: {"description": "The file is no longer in storage."},
    415: {"description": "No preview can be made of this file."},
}
