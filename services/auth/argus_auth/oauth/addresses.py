"""Rules for addresses: which may be an issuer's, where a reader may be sent, which mail domains fit."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

# Of this app: `//elsewhere`, `/\elsewhere` and anything with a control character could lead away.
_HERE = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")
_LONGEST = 2048


def issuer_problem(issuer: str) -> str | None:
    """What is wrong with an issuer's address; None when nothing is."""
    problem = endpoint_problem(issuer)
    if problem is None and (urlsplit(issuer).query or urlsplit(issuer).fragment):
        return "must have neither a query nor a fragment"
    return problem


def endpoint_problem(url: str) -> str | None:
    """What is wrong with an address that secrets are sent to. Plain http is for this machine alone."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not an address"
    if parts.scheme not in {"http", "https"} or not host or len(url) > _LONGEST or not url.isprintable() or " " in url:
        return "is not an address that begins with https://"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name or password"
    if parts.scheme == "http" and not _is_this_machine(host):
        return "must begin with https://: secrets are sent there"
    return None


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def within_app(target: str | None) -> str | None:
    """The path when it is one of this app, else None."""
    if not target or len(target) > _LONGEST or not _HERE.fullmatch(target):
        return None
    # Browsers make `//elsewhere` of `/.//elsewhere`.
    return None if "//" in re.split(r"[?#]", target)[0] else target


def is_allowed_domain(email: str, allowed: Sequence[str]) -> bool:
    """Whether an address is of one of the domains; `*.example.org` stands for those below. No domain: all are."""
    if not allowed:
        return True
    domain = email.rpartition("@")[2].lower()
    return any(
        domain.endswith(entry[1:].lower()) if entry.startswith("*.") else domain == entry.lower() for entry in allowed
    )
