"""The networks that a token may be used from, as people write them and as they are kept."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

# An IPv4 address in IPv6's clothes is what a dual-stack socket reports: it means the IPv4 one.
_MAPPED = IPv6Network("::ffff:0:0/96")


def normalised(texts: Iterable[str]) -> list[str]:
    """Addresses and networks in their shortest form, each once, in the order given.

    A network is written by any of its addresses: `10.2.3.4/16` means `10.2.0.0/16`.

    Raises:
        ValueError: one is neither, with a sentence that says which and why.
    """
    return list(dict.fromkeys(str(_network(text.strip())) for text in texts))


def shown(network: str) -> str:
    """A kept network as people read it: a single address without its length."""
    address, _, length = network.partition("/")
    return address if length == ("128" if ":" in address else "32") else network


def _network(text: str) -> IPv4Network | IPv6Network:
    if "%" in text:
        raise ValueError(f"{text!r} names a network card, which a server does not see. Leave out what follows the %.")
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is {_fault(text)}.") from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


def _fault(text: str) -> str:
    address, slash, length = text.partition("/")
    try:
        version = ip_network(address).version
    except ValueError:
        return "neither an address nor a network such as 10.2.0.0/16 or 2001:db8::/32"
    most = 32 if version == 4 else 128
    return f"no network: {length!r} after the slash is not a number from 0 to {most}" if slash else "no address"
