"""Secrets at rest: Fernet under ARGUS_CONFIG_KEY, any text of 16 characters or more."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from argus_kit.settings import LEAST_KEY


class SecretBoxError(ValueError):
    """The secret was encrypted under another key, or was tampered with."""


class SecretBox:
    """Encrypts and decrypts small secrets.

    Args:
        key: encrypts, and decrypts what it encrypted.
        older: keys that were used before; they only decrypt.

    Raises:
        ValueError: a key has fewer than 16 characters.
    """

    def __init__(self, key: str, *older: str) -> None:
        self._newest = _fernet(key)
        self._any = MultiFernet([self._newest, *map(_fernet, older)])
        self._signing_key = hashlib.sha256(b"argus-signing-key:" + key.encode()).digest()

    def sign(self, purpose: str, text: str) -> str:
        """A signature of a text, 64 hexadecimal digits, that is good for one purpose only."""
        return hmac.new(self._signing_key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()

    def encrypt(self, plain: bytes) -> bytes:
        """The secret, unreadable without the key."""
        return self._newest.encrypt(plain)

    def decrypt(self, sealed: bytes) -> bytes:
        """The secret.

        Raises:
            SecretBoxError: see the class.
        """
        try:
            return self._any.decrypt(sealed)
        except InvalidToken as error:
            raise SecretBoxError(
                "a stored secret cannot be read: was ARGUS_CONFIG_KEY changed? "
                "Set ARGUS_CONFIG_KEY_PREVIOUS to the key that was used before."
            ) from error

    def renewed(self, sealed: bytes) -> bytes | None:
        """The same secret under the newest key; None when it lies under that already.

        Raises:
            SecretBoxError: no key fits.
        """
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return self.encrypt(self.decrypt(sealed))
        return None


def _fernet(key: str) -> Fernet:
    if len(key) < LEAST_KEY:
        raise ValueError(
            f"ARGUS_CONFIG_KEY must have at least {LEAST_KEY} characters; `openssl rand -hex 32` makes a good one"
        )
    # The key may be any text; Fernet wants 32 bytes. It is long and random, so one hash is enough.
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"argus-config-key:" + key.encode()).digest()))


def key_file(path: Path) -> str:
    """The key that lies in `path`, made on first use and readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked whole: of several processes that start together, all read the key of the first.
        descriptor, aside = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write(os.urandom(32).hex())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
        Path(aside).unlink()
    return path.read_text().strip()
