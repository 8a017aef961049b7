"""How an event stands in the shared database: the number of its type and the key that makes it unique in its batch.

`ingest` writes them, `catalog` and others read them. Numbers may be added, never changed.
"""

import re
from typing import Final

from argus_contracts.events import EventType

TYPE_CODES: Final[dict[str, int]] = {
    EventType.BATCH_START: 1,
    EventType.BATCH_DONE: 2,
    EventType.BATCH_FAILED: 3,
    EventType.JOB_START: 4,
    EventType.JOB_EPOCH: 5,
    EventType.JOB_DONE: 6,
    EventType.JOB_FAILED: 7,
    EventType.RESOURCE_SNAPSHOT: 8,
    EventType.LOG_LINE: 9,
    EventType.ENV_SNAPSHOT: 10,
    EventType.JOB_STEP: 11,
    EventType.JOB_CHECKPOINT: 12,
    EventType.ALERT: 13,
    EventType.BATCH_SUMMARY: 101,
    EventType.BATCH_STOP_REQUESTED: 102,
    EventType.BATCH_STOPPED: 103,
    EventType.BATCH_STALLED: 104,
    EventType.BATCH_DIVERGED: 105,
    EventType.JOB_IDLE_FLAGGED: 106,
    EventType.JOB_IDLE_RECOVERED: 107,
    EventType.RERUN_REQUESTED: 108,
    EventType.BATCH_PAUSED: 109,
    EventType.BATCH_RESUMED: 110,
    EventType.ARTIFACT_ADDED: 111,
    EventType.BATCH_PAUSE_REQUESTED: 112,
}
TYPES_BY_CODE: Final[dict[int, str]] = {code: name for name, code in TYPE_CODES.items()}

_TEXT: Final = b"t"
_UUID: Final = b"u"
_is_canonical = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


def event_key(event_id: str) -> bytes:
    """The column `event_key`: `u` and 16 bytes for a UUID in canonical lower-case text, else `t` and the text."""
    # Only what comes back as the same text may be packed: ids are compared as the sender wrote them.
    if _is_canonical(event_id):
        return _UUID + bytes.fromhex(event_id.replace("-", ""))
    return _TEXT + event_id.encode()


def event_id(key: bytes) -> str:
    """The event id that `event_key` packed."""
    return _canonical(key[1:]) if key[:1] == _UUID else key[1:].decode()


def _canonical(packed: bytes) -> str:
    digits = packed.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
