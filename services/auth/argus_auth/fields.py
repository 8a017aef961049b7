"""Types of single fields that requests and responses share."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, Field, PlainSerializer, SecretStr, WithJsonSchema
from pydantic_core import PydanticKnownError

from argus_kit.clock import iso

_SHORTEST, _LONGEST = 10, 256
_LETTER = re.compile(r"[A-Za-z]")
_DIGIT = re.compile(r"[0-9]")
# No quoted local parts and no comments: nothing that could mean something else to a mail server. A domain without a
# dot is fine: labs have their own.
_EMAIL = re.compile(
    r"(?=.{3,254}\Z)[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f\ud800-\udfff]{1,64}"
    r"@(?:[^\W_](?:[^\W_]|-){0,62}\.)*[^\W_](?:[^\W_]|-){0,62}"
)
# Control characters, and halves of characters that JSON can spell and UTF-8 cannot.
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def _email(value: str) -> str:
    value = value.strip().lower()
    # `invalid` is kept free for names that lead nowhere (RFC 2606): accounts that were deleted have such an address.
    if _EMAIL.fullmatch(value) is None or value.rpartition("@")[2].rpartition(".")[2] == "invalid":
        raise ValueError("this is not an email address")
    return value


def _readable(value: SecretStr) -> SecretStr:
    if _CONTROL.search(value.get_secret_value()):
        raise ValueError("control characters are not allowed")
    return value


def _strong(value: SecretStr) -> SecretStr:
    plain = value.get_secret_value()
    # SecretStr's own bounds would report another error type than a text's.
    if len(plain) < _SHORTEST:
        raise PydanticKnownError("string_too_short", {"min_length": _SHORTEST})
    if len(plain) > _LONGEST:
        raise PydanticKnownError("string_too_long", {"max_length": _LONGEST})
    if not _LETTER.search(plain) or not _DIGIT.search(plain):
        raise ValueError("the password needs at least one letter and one digit")
    return value


def printable(value: str) -> str:
    """Refuse control characters."""
    if _CONTROL.search(value):
        raise ValueError("control characters are not allowed")
    return value


Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
Username = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{3,32}$", min_length=3, max_length=32)]
Secret = Annotated[SecretStr, AfterValidator(_readable)]
"""A secret in a request: never shown by repr, so it reaches no log."""
NewPassword = Annotated[
    Secret,
    AfterValidator(_strong),
    WithJsonSchema(
        {"type": "string", "format": "password", "minLength": _SHORTEST, "maxLength": _LONGEST, "writeOnly": True}
    ),
]
"""A password that is being chosen: 10 to 256 characters, a letter and a digit."""
Printable = Annotated[str, AfterValidator(printable)]
"""Text without control characters, which PostgreSQL would not take either."""

Moment = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""A time on the wire: ISO 8601, UTC, seconds, `Z`."""

RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=2**31)]
