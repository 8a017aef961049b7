"""The text of a command that is signed: all that an agent acts on, as one JSON text that is kept as it is."""

from __future__ import annotations

from typing import Any

import msgspec

from argus_executor.keys.ring import CommandKeys
from argus_kit.clock import iso

VERSION = 1


def signed(keys: CommandKeys, values: dict[str, Any], *, agent_id: str, owner_id: int) -> dict[str, Any]:
    """The columns that hold a command's signature.

    Args:
        keys: the ring, loaded.
        values: the command's row.
        agent_id: the agent that may carry it out, and no other.
        owner_id: the owner of that agent.
    """
    text = _text(values, agent_id, owner_id)
    signature = keys.sign(text)
    if signature is None:
        return {}
    return {"signed": text, "signature": signature.value, "key_id": signature.key_id}


def _text(values: dict[str, Any], agent_id: str, owner_id: int) -> str:
    content = {
        "v": VERSION,
        "id": values["id"],
        "kind": values["kind"],
        "batch_id": values["batch_id"],
        "agent_id": agent_id,
        "payload": values["payload"],
        "created_at": iso(values["created_at"]),
        "deadline": iso(values["deadline"]),
        "owner_id": owner_id,
        "requested_by_id": values["requested_by"],
    }
    return msgspec.json.encode(content).decode()
