"""Deletes what has expired: sessions, mailed links, states of logins, private halves of retired keys."""

from __future__ import annotations

from datetime import timedelta

import structlog

from argus_auth.accounts import links, lockout
from argus_auth.core import AuthCore
from argus_auth.keys.service import forget_retired_secrets
from argus_auth.oauth import repository as oauth
from argus_auth.sessions import refresh_tokens
from argus_auth.sessions import repository as sessions
from argus_kit.clock import now
from argus_kit.leases import Lease
from argus_kit.parts import Loop, Part

log = structlog.get_logger(__name__)

_EVERY_S = 3600.0
# Kept for a day longer, so that "which session was that" can still be answered the morning after.
_KEEP = timedelta(days=1)
# An account never forgets a failed login; a name that nobody has should look like one for as long as guessing pays.
_KEEP_NAMES = timedelta(days=7)


class Cleanup(Part):
    """Runs on one replica, every hour."""

    name = "auth-cleanup"

    def __init__(self, core: AuthCore) -> None:
        self._core = core
        self._lease = Lease(core.database, "auth-cleanup")
        self._loop = Loop("auth-cleanup", self.clean, every_s=_EVERY_S)

    async def start(self) -> None:
        """See Part."""
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()
        await self._lease.release()

    async def clean(self) -> None:
        """One round."""
        if not await self._lease.held():
            return
        before = now() - _KEEP
        async with self._core.write() as work:
            counts = {
                "refresh_tokens": await refresh_tokens.delete_of_ended_sessions(work.connection, before),
                "sessions": await sessions.delete_expired(work.connection, before),
                "names": await lockout.forget_names(work.connection, now() - _KEEP_NAMES),
                "links": await links.delete_expired(work.connection, before),
                "oauth_states": await oauth.delete_expired_states(work.connection, before),
                "keys": await forget_retired_secrets(work.connection),
            }
        if any(counts.values()):
            log.info("auth.cleaned", **counts)
