"""What goes to a channel, and how its answer is read. Pure: addresses, secrets and the time are given.

Feishu's and Slack's forms are those of their incoming webhooks (open.feishu.cn "Custom bot guide", api.slack.com
"Sending messages using incoming webhooks"). A webhook of one's own gets JSON, signed much as Slack and Stripe sign:
HMAC-SHA256 of `<timestamp>.<body>`, so that neither can be changed, and an old one is seen to be old.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from argus_kit.clock import iso
from argus_notifier.delivery.machine import Failed, Outcome, Refused, Sent
from argus_notifier.delivery.transport import idempotency_key

Kind = Literal["feishu", "slack", "webhook"]
ChannelKind = Literal["feishu", "slack", "webhook", "apprise"]
"""With the services of `channels.others`, whose messages plug-ins make."""
CHANNEL_KINDS: Final[tuple[ChannelKind, ...]] = ("feishu", "slack", "webhook", "apprise")

_LONGEST_TEXT: Final = 2000
# Feishu answers 200 whatever happened. These ask to come again: too many, or a fault of theirs.
_FEISHU_LATER: Final = frozenset({11232, 11233, 1500, 50001})
_LATER: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Message:
    """A message, whatever the channel."""

    dedupe_key: str
    event_type: str
    title: str
    text: str
    created_at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Post:
    """A request to make."""

    body: bytes
    headers: Mapping[str, str]


def post(kind: Kind, message: Message, *, secret: str, at: datetime) -> Post:
    """The request for a channel. Without a secret it is not signed."""
    stamp = str(int(at.timestamp()))
    if kind == "slack":
        return _plain({"text": _slack_text(message)})
    if kind == "feishu":
        signed = {"timestamp": stamp, "sign": _feishu_sign(secret, stamp)} if secret else {}
        return _plain({**signed, "msg_type": "text", "content": {"text": _feishu_text(message)}})
    key = idempotency_key(message.dedupe_key)
    body = msgspec.json.encode(
        {
            "id": key,
            "type": message.event_type,
            "created_at": iso(message.created_at),
            "title": message.title,
            "text": message.text,
            **message.facts,
        }
    )
    signature = {"X-Argus-Signature": f"sha256={sign(secret, stamp, body)}"} if secret else {}
    headers = {**_JSON, "Idempotency-Key": key, "X-Argus-Timestamp": stamp, **signature}
    return Post(body, headers)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """What a receiver computes too, and compares: 64 hexadecimal digits."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def read(kind: Kind, status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """What an answer says. A redirect is not followed: it could lead anywhere."""
    said = f"{status} {body[:200].decode(errors='replace').strip()}".strip()
    if status >= 500 or status in _LATER:
        return Failed(said, _seconds(headers.get("retry-after", "")))
    if not 200 <= status < 300:
        return Refused(said)
    if kind != "feishu":
        return Sent()
    code = _feishu_code(body)
    if code == 0:
        return Sent()
    return Failed(said) if code in _FEISHU_LATER else Refused(said)


_JSON: Final = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Argus"}


def _plain(body: Mapping[str, Any]) -> Post:
    return Post(msgspec.json.encode(body), _JSON)


def _slack_text(message: Message) -> str:
    text = f"*{_slack_safe(message.title)}*\n{_slack_safe(message.text[:_LONGEST_TEXT])}"
    url = message.facts.get("url")
    return f"{text}\n<{url}|{_slack_safe(str(message.facts.get('batch_id') or url))}>" if url else text


def _slack_safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _feishu_text(message: Message) -> str:
    level = str(message.facts.get("severity", "info")).upper()
    lines = [f"[{level}] {message.title}", message.text[:_LONGEST_TEXT], str(message.facts.get("url") or "")]
    return "\n".join(line for line in lines if line)


def _feishu_sign(secret: str, stamp: str) -> str:
    # Theirs signs nothing, with time and secret as the key.
    return base64.b64encode(hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def _feishu_code(body: bytes) -> Any:
    try:
        said = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    return said.get("code", said.get("StatusCode")) if isinstance(said, dict) else None


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None
