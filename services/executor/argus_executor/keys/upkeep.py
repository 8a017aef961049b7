"""Looks after the keys of commands: the next one takes over when its time has come."""

from __future__ import annotations

import structlog

from argus_executor.keys import rotation
from argus_executor.keys.ring import CommandKeys
from argus_kit.leases import Lease
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform

log = structlog.get_logger(__name__)

_EVERY_S = 60.0


class KeyUpkeep(Part):
    """Runs on one replica."""

    name = "command-key-upkeep"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._keys = CommandKeys(platform.database, lambda: platform.secret_box)
        self._lease = Lease(platform.database, self.name)
        self._loop = Loop(self.name, self.look, every_s=_EVERY_S)

    async def start(self) -> None:
        """See Part."""
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()
        await self._lease.release()

    async def look(self) -> None:
        """One round."""
        if not await self._lease.held():
            return
        if kid := await rotation.retire_if_due(self._platform):
            log.info("command_key.retired", kid=kid)
        if count := await rotation.sign_again(self._platform, self._keys):
            log.info("command_key.signed_again", count=count)
        await rotation.forget_old_secrets(self._platform)
