"""New keys of the server: believed when a key that is pinned has signed them, and only the newest list counts."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from argus.agent.orders import is_signature

if TYPE_CHECKING:
    from argus.agent.store import Registration

_VERSION = 1
_MOST_KEYS = 20

log = logging.getLogger("argus.agent")


def learn(registration: Registration, statement: Any) -> bool:
    """Pin the keys of a server's statement in place of those before, in `registration`. False: nothing has changed.

    One that no pinned key has signed, that is older than the one which is known, or that names no key is not believed.
    """
    if not isinstance(statement, dict) or not registration.command_keys:
        return False
    text = statement.get("signed")
    if not isinstance(text, str) or not _is_believed(registration, text, statement.get("signatures")):
        log.warning("the server tells of new keys, and no key that is known here has signed that")
        return False
    keys, serial = _content(text)
    if not keys or serial <= registration.keys_serial:
        return False
    if set(keys) != set(registration.command_keys):
        log.info("from now on commands are signed with one of: %s", ", ".join(keys))
    registration.command_keys, registration.keys_serial = keys, serial
    return True


def _is_believed(registration: Registration, text: str, signatures: Any) -> bool:
    for one in signatures if isinstance(signatures, list) else ():
        key = registration.command_keys.get(str(one.get("key_id"))) if isinstance(one, dict) else None
        if key is not None and is_signature(key, str(one.get("value")), text):
            return True
    return False


def _content(text: str) -> tuple[dict[str, str], int]:
    """What was signed; no keys where it is something else, such as a command."""
    try:
        said = json.loads(text)
        if said["v"] != _VERSION or said["kind"] != "command_keys":
            return {}, 0
        keys = {str(key["key_id"]): str(key["public_key"]) for key in said["keys"][:_MOST_KEYS]}
        return keys, int(said["serial"])
    except (ValueError, KeyError, TypeError):
        return {}, 0
