"""A plug-in of apprise for an address, and one message by it. Runs in a thread: plug-ins wait.

A plug-in says only whether it went well; why not is what its line heard, else the last line of its own log, from which
whatever stands in the address is taken out.
"""

from __future__ import annotations

import logging
import re
import threading
from importlib import import_module
from typing import Any, Final, Self
from urllib.parse import unquote

import apprise

from argus_notifier.channels.messages import Message
from argus_notifier.channels.others.line import Line
from argus_notifier.channels.others.services import Service, service_of
from argus_notifier.delivery.machine import Outcome, Refused, Sent

PARAMETERS: Final = frozenset(
    [
        "api-version",
        "api_version",
        "avatar",
        "avatar_url",
        "channel",
        "channels",
        "click",
        "footer",
        "group",
        "icon",
        "id",
        "image",
        "key",
        "level",
        "mdv",
        "mode",
        "ping",
        "preview",
        "priority",
        "secret",
        "severity",
        "sig",
        "signature",
        "silent",
        "sound",
        "sp",
        "sv",
        "tags",
        "thread",
        "title",
        "to",
        "token",
        "topic",
        "url",
        "ver",
        "version",
        "workflow",
    ]
)
"""What an address may say after its question mark. Others could name a file to read or another host."""
_LONGEST_TEXT: Final = 2000
_TYPES: Final = {"error": "failure", "warn": "warning", "info": "info"}
_SHORTEST_SECRET: Final = 5


class AddressRefused(Exception):
    """No channel can have this address; the text says why, without quoting it."""


def plugin_of(address: str) -> tuple[Service, Any]:
    """The service of an address, and its plug-in.

    Raises:
        AddressRefused: there is none.
    """
    service = service_of(address)
    if service is None:
        raise AddressRefused("Argus does not know this service.")
    kind = getattr(import_module(f"apprise.plugins.{service.module}"), service.plugin)
    parse = kind.parse_native_url if address.lower().startswith("https://") else kind.parse_url
    with _Hearing() as hearing:
        try:
            found = parse(address)
            unknown = _unknown(found or {})
            made = None if found is None or unknown else kind(**{**found, "overflow": "truncate", "asset": _asset()})
        except (TypeError, ValueError, KeyError) as error:
            raise AddressRefused(hearing.reason(address) or "It is incomplete.") from error
    if unknown:
        raise AddressRefused(f"It says {unknown}, which is not supported here.")
    if made is None:
        raise AddressRefused("It is incomplete.")
    if len(made) > 1:
        raise AddressRefused("It names several receivers: add a channel for each, so that none is told twice.")
    # Messages to one receiver have their pause already.
    made.request_rate_per_sec = 0
    return service, made


def notify(plugin: Any, line: Line, message: Message, address: str) -> Outcome:
    """One message, and what came of it."""
    url = str(message.facts.get("url") or "")
    body = "\n".join(filter(None, (message.text[:_LONGEST_TEXT], url)))
    one = apprise.Apprise(asset=plugin.asset)
    one.add(plugin)
    with _Hearing() as hearing, line.held():
        kind = _TYPES.get(str(message.facts.get("severity")), "info")
        went_well = one.notify(body=body or message.title, title=message.title, notify_type=kind, body_format="text")
    if line.outcomes and not isinstance(line.outcomes[-1], Sent):
        return line.outcomes[-1]
    return Sent() if went_well and line.outcomes else Refused(hearing.reason(address) or "The plug-in sent nothing.")


def _unknown(found: dict[str, Any]) -> str:
    names = set(found.get("qsd") or ()) - PARAMETERS
    names |= {f"{sign}{name}" for sign in "+-:" for name in found.get(f"qsd{sign}") or ()}
    return ", ".join(sorted(names))[:100]


def _asset() -> Any:
    # One thread, so that everything goes over its line; and nothing is kept on disk.
    return apprise.AppriseAsset(async_mode=False, app_id="Argus", app_desc="Argus", secure_logging=True)


class _Hearing(logging.Handler):
    """What apprise logs in this thread. It reaches no log of ours: addresses may stand in it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self._said: list[str] = []

    def __enter__(self) -> Self:
        _LOG.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        _LOG.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """See Handler."""
        if record.thread == self._thread:
            self._said.append(record.getMessage())

    def reason(self, address: str) -> str:
        """The last line, without anything that the address holds."""
        text = self._said[-1] if self._said else ""
        parts = {part for form in (address, unquote(address)) for part in re.split(r"[/:@?&=,;+\s]+", form)}
        for part in sorted(parts, key=len, reverse=True):
            if len(part) >= _SHORTEST_SECRET:
                text = text.replace(part, "…")
        return text[:300]


_LOG: Final = logging.getLogger("apprise")
_LOG.propagate = False
_LOG.addHandler(logging.NullHandler())
