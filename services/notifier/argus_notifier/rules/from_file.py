"""Applies the rule file to every fresh event. A change of the file is heeded with the next event, without a restart."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from argus_contracts import bus as wire
from argus_contracts.events import EventType
from argus_kit.clock import now
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_notifier.delivery import repository as deliveries
from argus_notifier.rules.file import FileError, FileRule, RuleFile, read
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import Arrival

log = structlog.get_logger(__name__)

# What is older came while nobody was here, or long before there was a file.
_FRESH: Final = timedelta(hours=1)
_LOOK_S: Final = 2.0
_LONGEST_BODY: Final = 2000
_ERRORS: Final = frozenset({EventType.JOB_FAILED, EventType.BATCH_FAILED})


class _Envelope(msgspec.Struct):
    event_id: str
    event_type: str
    job_id: str | None = None
    data: dict[str, Any] = {}


_DECODER: Final = msgspec.json.Decoder(_Envelope)


class WatchedFile:
    """A rule file, read again when it was changed. One that is wrong is told of, and the one before stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._looked_at = float("-inf")
        self._known = RuleFile()
        self.error: FileError | OSError | UnicodeDecodeError | None = None

    def current(self) -> RuleFile:
        """What it says now; looked at every two seconds at most."""
        if time.monotonic() - self._looked_at >= _LOOK_S:
            self._looked_at = time.monotonic()
            self._look()
        return self._known

    def look_again(self) -> None:
        """Look the next time."""
        self._looked_at = float("-inf")

    def _look(self) -> None:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._known = read(self._path.read_text(encoding="utf-8"))
            self.error = None
            log.info("rules.file_read", path=str(self._path), rules=len(self._known.rules))
        except FileNotFoundError as error:
            if self._stamp is not None or self.error is None:
                log.warning("rules.file_missing", path=str(self._path))
            self._stamp, self._known, self.error = None, RuleFile(), error
        except (FileError, OSError, UnicodeDecodeError) as error:
            self.error = error
            log.error("rules.file_wrong", path=str(self._path), error=str(error), kept=len(self._known.rules))  # noqa: TRY400 (the line says all)


class FileRules(Part):
    """Reads all events, and pushes those that a rule of the file is about."""

    name = "file-rules"

    def __init__(self, platform: Platform, settings: NotifierSettings, file: WatchedFile) -> None:
        self._platform = platform
        self._settings = settings
        self._file = file

    async def start(self) -> None:
        """See Part. The file is read now, so that a fault in it is told when Argus starts."""
        self._file.current()

    async def take(self, arrived: Sequence[Arrival]) -> None:
        """Some bundles."""
        known = self._file.current()
        since = now() - _FRESH
        rows = [row for one in arrived if one.at >= since for row in self._matching(known, one.bundle)]
        if rows:
            async with self._platform.database.write() as connection:
                await deliveries.add(connection, rows)

    def _matching(self, known: RuleFile, bundle: wire.EventBundle) -> list[dict[str, Any]]:
        types = {head.event_type for head in bundle.heads}
        rules = [rule for rule in known.rules if rule.may_match(types)]
        try:
            return self._rows(rules, known, bundle) if rules else []
        except (msgspec.MsgspecError, ValueError) as error:
            log.warning("rules.unreadable", batch_id=bundle.batch_id, error=str(error))
            return []

    def _rows(self, rules: Sequence[FileRule], known: RuleFile, bundle: wire.EventBundle) -> list[dict[str, Any]]:
        if not self._settings.feishu_webhook.get_secret_value() and not known.feishu:
            log.warning("rules.no_feishu", path=str(self._settings.notification_rules))
            return []
        rows: list[dict[str, Any]] = []
        for raw in bundle.events:
            event = _DECODER.decode(raw)
            if any(rule.matches(event.event_type, event.data) for rule in rules):
                rows.append(_row(event, bundle))
        return rows


def _row(event: _Envelope, bundle: wire.EventBundle) -> dict[str, Any]:
    said = msgspec.json.encode(event.data).decode()
    return {
        "kind": "feishu",
        "receiver": "feishu:file",
        "target": "Feishu",
        "event_type": event.event_type,
        "batch_id": bundle.batch_id,
        "dedupe_key": f"file:{event.event_id}:feishu",
        "subject": f"{event.event_type} / {bundle.batch_id}",
        "body_text": said[:_LONGEST_BODY],
        "facts": {"severity": "error" if event.event_type in _ERRORS else "info"},
    }
