"""Password hashing: argon2id in a small pool of threads that give way to the event loop, so that a storm of logins
makes logins wait, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from argus_auth.settings import AuthSettings

T = TypeVar("T")

# A thread's share of a busy processor beside one that is not nice: about a third. Less, and a login on a machine that
# trains would take seconds.
_NICE = 5


class Passwords:
    """Hashes and verifies passwords with the parameters of the settings."""

    def __init__(self, settings: AuthSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.auth_argon2_time_cost,
            memory_cost=settings.auth_argon2_memory_kib,
            parallelism=settings.auth_argon2_parallelism,
        )
        self._pool = ThreadPoolExecutor(settings.auth_argon2_workers, "argon2", _give_way)
        self._nobody: str | None = None

    @property
    def is_prepared(self) -> bool:
        """Whether `prepare` is over."""
        return self._nobody is not None

    async def prepare(self) -> None:
        """Make the hash that stands for nobody, so that the first stranger does not wait longer than the next."""
        if self._nobody is None:
            self._nobody = await self.hash(secrets.token_urlsafe(24))

    async def hash(self, password: str) -> str:
        """The text to store."""
        return await self._in_pool(lambda: self._hasher.hash(password))

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
        return await self._in_pool(lambda: self._matches(password_hash, password))

    async def _in_pool(self, work: Callable[[], T]) -> T:
        # A request that is given up while it waits for its turn takes its work with it.
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _give_way() -> None:
    # argon2 holds no lock of Python's, but it wants a whole processor, which the event loop must not wait for.
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
