"""Files of a reporter's batch and jobs: sent at once, and waited for."""

from __future__ import annotations

from argus._guard import tell_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike
    from pathlib import Path
    from typing import Any

    from argus._artifacts import ArtifactUploader
    from argus._pipeline import Pipeline

# An artifact needs its job on the server first; this is how long it waits for the events before it.
_BEFORE_UPLOAD_S = 5.0


class Uploads:
    """What one reporter uploads; nothing without a pipeline, and offline nothing either."""

    def __init__(self, pipeline: Pipeline | None, token: Callable[[], str | None]) -> None:
        self._pipeline = pipeline
        self._token = token

    def images(self, scope: str, scope_id: str, path: str | PathLike[str], glob: str) -> int:
        """An image, or those of a folder that `glob` selects; how many arrived."""
        return self._send(path, lambda uploader, found: uploader.upload_images(scope, scope_id, found, glob))

    def file(self, job_id: str, path: str | PathLike[str], label: str | None, meta: dict[str, Any] | None) -> bool:
        """Any file, to a job; whether it arrived."""
        from argus._artifacts import artifact_fields

        def send(uploader: ArtifactUploader, found: Path) -> int:
            return found.is_file() and uploader.upload("jobs", job_id, found, artifact_fields(label, meta))

        return bool(self._send(path, send))

    def _send(self, path: str | PathLike[str], send: Callable[[ArtifactUploader, Path], int]) -> int:
        """Upload what `send` sends, once the server knows the job that it belongs to."""
        from pathlib import Path

        from argus._artifacts import ArtifactUploader

        if self._pipeline is None or not Path(path).exists():
            return 0
        if self._pipeline.url is None:
            tell_once("offline-upload", "files are not uploaded offline: %s stays where it is", path)
            return 0
        self._pipeline.flush(_BEFORE_UPLOAD_S)
        with ArtifactUploader(self._pipeline.url, self._token) as uploader:
            return send(uploader, Path(path))
