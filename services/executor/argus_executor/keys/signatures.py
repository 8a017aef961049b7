"""Ed25519 in the form in which it travels: base64url without padding."""

from __future__ import annotations

import base64
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signature(NamedTuple):
    """A signature in base64url, and whose it is."""

    key_id: str
    value: str


def sign(key_id: str, private: Ed25519PrivateKey, text: str) -> Signature:
    """The signature of a text in UTF-8."""
    return Signature(key_id, spell(private.sign(text.encode())))


def spell(raw: bytes) -> str:
    """Bytes in base64url."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
