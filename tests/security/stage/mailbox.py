"""A mail server that asks for a password and keeps what it is given."""

from __future__ import annotations

import base64
import re
import socketserver
import threading
import time
from email import message_from_bytes

USER = "argus-mailer"


class Mailbox(socketserver.ThreadingTCPServer):
    """Listens on loopback. Mails are kept by receiver, in the order in which they came."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.password = password
        self.mails: list[tuple[str, str]] = []
        # Passwords that were tried, right or wrong.
        self.tried: list[str] = []
        self._called = threading.Event()

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        self.shutdown()
        self.server_close()

    def waited_for_a_call(self, timeout_s: float = 20) -> bool:
        """Whether anybody connected, sooner or later."""
        return self._called.wait(timeout_s)

    def called(self) -> None:
        """Somebody connected."""
        self._called.set()

    @property
    def settings(self) -> dict[str, str]:
        """What a server of ours is told of it."""
        return {
            "ARGUS_SMTP_HOST": "127.0.0.1",
            "ARGUS_SMTP_PORT": str(self.server_address[1]),
            "ARGUS_SMTP_USER": USER,
            "ARGUS_SMTP_PASS": self.password,
            "ARGUS_SMTP_USE_TLS": "false",
            "ARGUS_MAIL_EVERY_S": "0.2",
        }

    def token(self, address: str, page: str, timeout_s: float = 30) -> str:
        """The token of the newest link to a page that was mailed to an address."""
        deadline = time.monotonic() + timeout_s
        while True:
            for to, text in reversed(self.mails):
                found = re.search(rf"/{page}\?token=([\w-]+)", text)
                if to == address and found:
                    return found[1]
            assert time.monotonic() < deadline, f"no mail to {address} with /{page}"
            time.sleep(0.05)


class _Talk(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        receivers: list[str] = []
        knows = False
        self.server.called()
        self._say("220 mailbox")
        while line := self.rfile.readline():
            said = line.decode().strip()
            verb = said.split(" ")[0].upper()
            if verb == "EHLO":
                self._say("250-mailbox", "250 AUTH PLAIN")
            elif verb == "AUTH":
                wanted = f"\0{USER}\0{self.server.password}"
                given = base64.b64decode(said.split(" ")[2]).decode()
                self.server.tried.append(given.rpartition("\0")[2])
                knows = given == wanted
                self._say("235 ok" if knows else "535 no")
            elif verb in {"MAIL", "RCPT", "DATA"} and not knows:
                self._say("530 log in first")
            elif verb == "RCPT":
                receivers.append(said.split("<")[1].split(">")[0])
                self._say("250 ok")
            elif verb == "DATA":
                self._say("354 go on")
                self._keep(receivers)
                self._say("250 ok")
            else:
                self._say("221 bye" if verb == "QUIT" else "250 ok")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _keep(self, receivers: list[str]) -> None:
        content = b""
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            content += line
        texts = []
        for part in message_from_bytes(content).walk():
            body = part.get_payload(decode=True)
            if part.get_content_maintype() == "text" and isinstance(body, bytes):
                texts.append(body.decode())
        self.server.mails += [(to, "\n".join(texts)) for to in receivers]
