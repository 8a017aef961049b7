"""Keyset cursors: an opaque text that says after which row the next page begins."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError


def encode_cursor(*key: str | float | None) -> str:
    """The cursor of the row with this sort key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode_cursor(text: str, length: int) -> list[Any]:
    """The sort key in a cursor.

    Raises:
        ArgusError: request.invalid, when the text is no cursor of this list.
    """
    try:
        key = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=list)
    except (binascii.Error, ValueError) as error:
        raise ArgusError(ErrorCode.REQUEST_INVALID, "The cursor cannot be read; start again without it.") from error
    if len(key) != length:
        raise ArgusError(ErrorCode.REQUEST_INVALID, "The cursor belongs to another list; start again without it.")
    return key
