"""Which network addresses are public: reachable from anywhere, and so no way into the network that Argus stands in.

The table is IANA's registries of special-purpose addresses, written out, because the one in Python's `ipaddress` is
another in each version. An IPv6 address that carries an IPv4 address is judged by that one.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

# https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast.
_NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # carrier-grade NAT
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local: the clouds' metadata
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
# Nothing outside of it is unicast and global.
_GLOBAL_V6 = IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry, what lies inside of 2000::/3.
_NOT_PUBLIC_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the open internet's."""
    address = carried(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _NOT_PUBLIC_V6)


def carried(address: IPAddress) -> IPAddress:
    """The IPv4 address that the network sees behind an IPv6 one (mapped, or translated by NAT64); else the address."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def spelled(text: str) -> IPAddress | None:
    """The address that a host's text is, in any spelling that a C library takes for one; None for a name.

    `127.1`, `0x7f000001`, `017700000001` and `2130706433` are all 127.0.0.1 to whoever connects.
    """
    text = text.removeprefix("[").removesuffix("]")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(text))
    except (OSError, ValueError):
        return None


def within(address: IPAddress, networks: Sequence[IPNetwork]) -> bool:
    """Whether one of the networks has the address, or the one that it carries."""
    return any(candidate in network for network in networks for candidate in (address, carried(address)))


def parse_allow(text: str) -> tuple[IPNetwork | str, ...]:
    """The networks and host names of a comma list such as `10.0.0.0/8, keycloak.lab`.

    Raises:
        ValueError: an entry with a slash is no network.
    """
    entries = (entry.strip().lower().rstrip(".") for entry in text.split(","))
    return tuple(_network_or_name(entry) for entry in entries if entry)


def _network_or_name(entry: str) -> IPNetwork | str:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        if "/" in entry:
            raise
        return entry
