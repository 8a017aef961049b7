"""Looks after the keys of commands: the next one takes over when its time has come."""

from __future__ import annotations

import structlog

from argus_executor.keys import rotation
from argus_executor.keys.ring import CommandKeys
from argus_kit.leases import LeasedLoop
from argus_kit.platform import Platform

log = structlog.get_logger(__name__)

_EVERY_S = 60.0


class KeyUpkeep(LeasedLoop):
    """Runs on one replica."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform.database, "command-key-upkeep", every_s=_EVERY_S)
        self._platform = platform
        self._keys = CommandKeys(platform.database, lambda: platform.secret_box)

    async def work(self) -> None:
        """One round."""
        if kid := await rotation.retire_if_due(self._platform):
            log.info("command_key.retired", kid=kid)
        if count := await rotation.sign_again(self._platform, self._keys):
            log.info("command_key.signed_again", count=count)
        await rotation.forget_old_secrets(self._platform)
