"""What counts as a public address, however it is written."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_kit.addresses import is_public, parse_allow, spelled, within


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1"),
        *("172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.255.1", "198.19.0.1", "203.0.113.9"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
        *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fd00:ec2::254"),
        *("fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "5f00::1", "4000::1"),
    ],
)
def test_what_is_not_the_open_internets_is_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        *("1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255"),
        *("11.0.0.0", "128.0.0.1", "169.253.255.255", "223.255.255.255"),
        *("2606:4700:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"),
    ],
)
def test_addresses_of_the_open_internet_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_we_never_call_public_what_python_calls_private(address: IPv4Address) -> None:
    assert not (is_public(address) and (not address.is_global or address.is_multicast))


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_we_never_call_public_what_python_calls_private_in_ipv6(address: IPv6Address) -> None:
    assert not (is_public(address) and (address.is_private or address.is_multicast or address.is_reserved))


def _number(value: int, form: str) -> str:
    return {"decimal": f"{value}", "hex": f"0x{value:x}", "octal": f"0{value:o}", "padded": f"0x{value:010x}"}[form]


@st.composite
def spellings(draw: st.DrawFn) -> tuple[IPv4Address, str]:
    """An IPv4 address, and one of the texts that a C library reads as it."""
    value = draw(st.integers(0, 2**32 - 1))
    parts = draw(st.integers(1, 4))
    leading = [value >> shift & 0xFF for shift in (24, 16, 8)[: parts - 1]]
    rest = value & (2 ** (32 - 8 * (parts - 1)) - 1)
    form = st.sampled_from(["decimal", "hex", "octal", "padded"])
    return IPv4Address(value), ".".join(_number(part, draw(form)) for part in [*leading, rest])


@given(spellings())
def test_an_address_is_known_in_every_spelling(case: tuple[IPv4Address, str]) -> None:
    address, text = case
    assert spelled(text) == address


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_ipv6_address_is_no_better_than_the_ipv4_address_that_it_carries(address: IPv4Address) -> None:
    mapped = IPv6Address(f"::ffff:{address}")
    translated = IPv6Address(int(IPv6Address("64:ff9b::")) | int(address))
    assert is_public(mapped) == is_public(translated) == is_public(address)


@pytest.mark.parametrize("text", ["example.org", "localhost", "a.1", "1.2.3.4.5", "256.1.1.1", ""])
def test_a_name_is_no_address(text: str) -> None:
    assert spelled(text) is None


class TestAllowed:
    def test_a_list_names_networks_addresses_and_hosts(self) -> None:
        allowed = parse_allow(" 10.0.0.0/8, ::1 ,Keycloak.Lab., ")
        assert allowed == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"), "keycloak.lab")

    def test_a_network_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"10\.0\.0\.0/64"):
            parse_allow("10.0.0.0/64")

    def test_a_mapped_address_is_within_the_ipv4_network(self) -> None:
        assert within(IPv6Address("::ffff:10.1.1.1"), [ipaddress.IPv4Network("10.0.0.0/8")])
        assert not within(IPv6Address("::ffff:11.1.1.1"), [ipaddress.IPv4Network("10.0.0.0/8")])
