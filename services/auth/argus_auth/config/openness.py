"""In production a warning at the start where anybody who reaches Argus may open an account."""

from __future__ import annotations

import structlog

from argus_auth.config.catalogue import FLAGS
from argus_auth.config.values import value_of
from argus_kit.platform import Platform

log = structlog.get_logger(__name__)


async def warn_if_open(platform: Platform) -> None:
    """Say so in the log. No refusal: the flag is an administrator's choice, and a lab's network may be closed."""
    if platform.settings.env != "prod":
        return
    async with platform.database.read() as connection:
        is_open = await value_of(connection, FLAGS, "registration_open")
        by_invite = await value_of(connection, FLAGS, "registration_by_invite")
    if is_open and not by_invite:
        log.warning(
            "registration.open",
            url=platform.settings.public_url,
            hint="Anybody who reaches this address may open an account: see registration_by_invite under "
            "Administration, Switches.",
        )
