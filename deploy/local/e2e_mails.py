"""A mail server for the browser tests: it takes every mail and lays it into a folder, one JSON file each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


@contextmanager
def mail_server(folder: Path, port: int) -> Iterator[dict[str, str]]:
    """Run it on loopback. Yields what the environment says of it, for Argus and for the tests."""
    folder.mkdir(parents=True, exist_ok=True)
    controller = Controller(_Folder(folder), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield {
            "ARGUS_SMTP_HOST": "127.0.0.1",
            "ARGUS_SMTP_PORT": str(port),
            "ARGUS_SMTP_USE_TLS": "false",
            # A loopback address is one of those that Argus does not connect to unless it is named.
            "ARGUS_SMTP_HOST_ALLOWLIST": "127.0.0.1",
            "ARGUS_E2E_MAILS": str(folder),
        }
    finally:
        controller.stop()


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 (the library's name)
        message = message_from_bytes(envelope.content, policy=policy.default)
        body = message.get_body(("plain",))
        mail = {
            "to": envelope.rcpt_tos[0],
            "subject": str(message["Subject"]),
            "text": body.get_content() if body is not None else "",
        }
        self._count += 1
        file = self._folder / f"{self._count:05}.json"
        # Whole or not at all: the tests read while mails come in.
        unfinished = file.with_suffix(".part")
        unfinished.write_text(json.dumps(mail))
        os.replace(unfinished, file)  # noqa: PTH105 (as atomic as its method, and says so)
        return "250 OK"
