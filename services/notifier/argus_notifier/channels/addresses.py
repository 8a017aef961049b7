"""Where a channel may lead: what is checked before an address is kept, and what is shown of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from argus_contracts.errors import ErrorCode
from argus_kit.addresses import parse_allow
from argus_kit.errors import ArgusError
from argus_kit.outbound import OutboundFailed, check_host
from argus_kit.platform import Platform
from argus_notifier.channels.others.services import SERVICES, service_of


@dataclass(frozen=True, slots=True)
class Address:
    """An address that a channel may have, and what is shown of it: the rest is what makes it a secret."""

    url: str
    shown: str


async def checked(platform: Platform, kind: str, url: str) -> Address:
    """An address that Argus will call. Looks names up, so it is for outside of transactions.

    Raises:
        ArgusError: channel.url_invalid, channel.service_unknown, channel.address_invalid (422); outbound.refused (403).
    """
    if kind == "apprise":
        return await _of_service(platform, url.strip())
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ArgusError(ErrorCode.CHANNEL_URL_INVALID) from error
    is_good = parts.scheme in {"http", "https"} and parts.hostname and url.isprintable() and " " not in url
    if not is_good or parts.username is not None or parts.password is not None:
        raise ArgusError(ErrorCode.CHANNEL_URL_INVALID)
    await _check_host(platform, parts.hostname or "", port)
    return Address(url, parts.netloc)


async def _of_service(platform: Platform, url: str) -> Address:
    if not url.isprintable() or service_of(url) is None:
        names = ", ".join(one.name for one in SERVICES)
        raise ArgusError(ErrorCode.CHANNEL_SERVICE_UNKNOWN, f"Argus knows no such service. It knows {names}.")
    # See `channels.transport.hand_over`.
    from argus_notifier.channels.others.handing import look_at
    from argus_notifier.channels.others.plugins import AddressRefused

    try:
        service, places = await look_at(url)
    except AddressRefused as error:
        raise ArgusError(ErrorCode.CHANNEL_ADDRESS_INVALID, str(error)) from error
    for host, port in places:
        await _check_host(platform, host, port)
    leads_elsewhere = "" if service.hosts else f" · {places[0][0]}"
    return Address(url, f"{service.name}{leads_elsewhere}")


async def _check_host(platform: Platform, host: str, port: int) -> None:
    try:
        await check_host(host, port, allow=parse_allow(platform.settings.outbound_allow))
    except OutboundFailed:
        # A name that has no address today may have one when there is something to say.
        return
