"""Password hashing: argon2id in threads, a few at a time, so that a storm of logins cannot starve the event loop."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from argus_auth.settings import AuthSettings


class Passwords:
    """Hashes and verifies passwords with the parameters of the settings."""

    def __init__(self, settings: AuthSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.auth_argon2_time_cost,
            memory_cost=settings.auth_argon2_memory_kib,
            parallelism=settings.auth_argon2_parallelism,
        )
        self._turns = asyncio.Semaphore(settings.auth_argon2_workers)
        self._nobody: str | None = None

    async def prepare(self) -> None:
        """Make the hash that stands for nobody, so that the first stranger does not wait longer than the next."""
        if self._nobody is None:
            self._nobody = await self.hash(secrets.token_urlsafe(24))

    async def hash(self, password: str) -> str:
        """The text to store."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. None stands for nobody: the answer is no, and takes as long."""
        if password_hash is None:
            await self.prepare()
            assert self._nobody is not None
            await self._verify(self._nobody, password)
            return False
        return await self._verify(password_hash, password)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    async def _verify(self, password_hash: str, password: str) -> bool:
        async with self._turns:
            return await asyncio.to_thread(self._matches, password_hash, password)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
