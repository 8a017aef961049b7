"""From what the server sends to what the agent may act on: signature, addressee and deadline are checked here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argus.agent.store import Registration

_VERSION = 1
# It names a folder of this host.
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
INSTALL = "Install what checks signatures: pip install 'argus-reporter[agent]'"


class Rejection(Exception):
    """The command is not carried out; the text says why, to people."""


@dataclass(frozen=True)
class Order:
    """A command that is meant for this agent and was not altered."""

    id: str
    kind: str
    batch_id: str
    payload: dict[str, Any]
    deadline: str | None
    requested_by_id: int | None
    is_signed: bool
    digest: str

    @property
    def requester(self) -> str | None:
        """The name of who asked for it."""
        name = self.payload.get("requested_by")
        return str(name) if name is not None else None

    def is_expired(self, now: float) -> bool:
        """Whether its deadline is over at `now`, in seconds since 1970 by the server's clock."""
        return self.deadline is not None and seconds(self.deadline) < now


def read_order(raw: dict[str, Any], registration: Registration) -> Order:
    """Check who signed a command and for whom. Only what was signed counts.

    Raises:
        Rejection: it is unsigned, altered, signed with a key that is not pinned, or another agent's.
    """
    content, is_signed = _content(raw, registration)
    payload = content.get("payload")
    what = {key: content.get(key) for key in ("id", "kind", "batch_id", "payload")}
    order = Order(
        id=str(content.get("id")),
        kind=str(content.get("kind")),
        batch_id=str(content.get("batch_id")),
        payload=payload if isinstance(payload, dict) else {},
        deadline=str(content["deadline"]) if content.get("deadline") else None,
        requested_by_id=content.get("requested_by_id"),
        is_signed=is_signed,
        digest=hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest(),
    )
    if not _ID.fullmatch(order.id):
        raise Rejection("Its id is none.")
    if is_signed:
        _check_envelope(order, content, raw, registration)
    return order


def can_verify() -> bool:
    """Whether the library for signatures is installed."""
    try:
        import cryptography  # noqa: F401
    except ImportError:
        return False
    return True


def seconds(instant: str) -> float:
    """Seconds since 1970 of an ISO instant; one without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(instant)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _content(raw: dict[str, Any], registration: Registration) -> tuple[dict[str, Any], bool]:
    text, signature = raw.get("signed"), raw.get("signature")
    if text is None and signature is None and registration.allow_unsigned and not registration.command_keys:
        return raw, False
    if not isinstance(text, str) or not isinstance(signature, dict):
        raise Rejection("It is not signed.")
    key = registration.command_keys.get(str(signature.get("key_id")))
    if key is None:
        raise Rejection("It is signed with a key that this host does not know. Run `argus-agent register` again.")
    if not is_signature(key, str(signature.get("value")), text):
        raise Rejection("Its signature is wrong: it was altered, or the server did not sign it.")
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Rejection("What was signed is no command.")
    return content, True


def _check_envelope(order: Order, content: dict[str, Any], raw: dict[str, Any], registration: Registration) -> None:
    if content.get("v") != _VERSION:
        raise Rejection(f"It is of version {content.get('v')!r}, which this agent does not know; update the agent.")
    if content.get("agent_id") != registration.agent_id:
        raise Rejection("It was signed for another agent.")
    if registration.owner_id is not None and content.get("owner_id") != registration.owner_id:
        raise Rejection("It was signed for an agent of another person.")
    if order.id != raw.get("id"):
        raise Rejection("It was altered: its id is not the one that was signed.")
    if order.deadline is None:
        raise Rejection("It has no deadline.")
    try:
        seconds(order.deadline)
    except ValueError:
        raise Rejection("Its deadline cannot be read.") from None


def is_signature(public_key: str, value: str, text: str) -> bool:
    """Whether the private half of a key has signed a text. Raises `Rejection` where nothing here can check that."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise Rejection(f"This host cannot check signatures. {INSTALL}") from None
    try:
        Ed25519PublicKey.from_public_bytes(_decode(public_key)).verify(_decode(value), text.encode())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
