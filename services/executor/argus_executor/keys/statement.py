"""What agents are told of new keys: a list with a number that only grows, signed by the keys that they know already.

So nobody registers again when the key changes: an agent of months ago still knows one of the keys that sign the list.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from argus_executor.keys.schemas import CommandSignature, KeyStatement
from argus_executor.keys.signatures import sign
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.parts import Part
from argus_kit.secretbox import SecretBox, SecretBoxError
from argus_schema.executor import command_key, command_secret

log = structlog.get_logger(__name__)

VERSION: Final = 1
# A retired key stays on the list this long: another replica may have signed with it in its last moment.
GRACE: Final = timedelta(hours=1)
_FRESH_S = 5.0


class KeyStatements(Part):
    """The statement of this moment, read from the database every few seconds at most."""

    name = "key-statements"

    def __init__(self, database: Database, box: Callable[[], SecretBox]) -> None:
        self._database = database
        self._box = box
        self._kept: KeyStatement | None = None
        self._kept_at = float("-inf")

    async def newer_than(self, serial: int | None) -> KeyStatement | None:
        """The statement, for an agent that knows the one of this number; None: there is nothing new for it."""
        if serial is None:
            return None
        if time.monotonic() - self._kept_at > _FRESH_S:
            self._kept = await self.current()
            self._kept_at = time.monotonic()
        return self._kept if self._kept is not None and self._kept.serial > serial else None

    async def current(self) -> KeyStatement | None:
        """The statement as the database has it now; None while there is no readable key."""
        key = command_key.c
        query = (
            sa.select(key.kid, key.public_key, key.retired_at, command_secret.c.private_key_encrypted)
            .join_from(command_key, command_secret, command_secret.c.kid == key.kid, isouter=True)
            .order_by(key.created_at, key.kid)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        at = now()
        listed = [row for row in rows if row.retired_at is None or row.retired_at > at - GRACE]
        serial = number(rows)
        text = msgspec.json.encode(
            {
                "v": VERSION,
                "kind": "command_keys",
                "serial": serial,
                "keys": [{"key_id": row.kid, "public_key": row.public_key} for row in listed],
            }
        ).decode()
        signatures = self._sign(rows, text)
        return KeyStatement(serial=serial, signed=text, signatures=signatures) if signatures else None

    def _sign(self, rows: Any, text: str) -> list[CommandSignature]:
        """By the key that signs commands now, and by those before it whose private half is still there."""
        signatures, box = [], self._box()
        for row in rows:
            if row.private_key_encrypted is not None:
                try:
                    private = Ed25519PrivateKey.from_private_bytes(box.decrypt(row.private_key_encrypted))
                except SecretBoxError as error:
                    log.warning("command_key.unreadable", kid=row.kid, error=str(error))
                else:
                    made = sign(row.kid, private, text)
                    signatures.append(CommandSignature(key_id=made.key_id, value=made.value))
            if row.retired_at is None:
                break
        return signatures


def number(rows: Any) -> int:
    """The number of the list: it grows when a key is made, when one retires, and when that one leaves the list."""
    at = now()
    retired = [row.retired_at for row in rows if row.retired_at is not None]
    return len(rows) + len(retired) + len([when for when in retired if when <= at - GRACE])
