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
                    },
                }
            }
        },
    }
}
