"""People of the world: their accounts, sessions and tokens, and how they call."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

PASSWORD = "correct horse 1 battery"
# Where requests seem to come from: the server believes the loopback address that it is behind a gateway.
ADDRESS = "203.0.113.7"


@dataclass(slots=True)
class Call:
    """One request. `target` is what its line in the audit log is to name, where that can be known before."""

    path: str
    json: Any = None
    params: dict[str, Any] = field(default_factory=dict)
    files: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    credential: str | None = None
    target: tuple[str, str] | None = None
    # Who the audit log is to say did it; None: the one whose name the sample says.
    actor_id: int | None = None
    is_stream: bool = False


class Client:
    """Sends calls to a server. It keeps no cookies: what a request carries stands in its call."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30)

    def send(self, method: str, call: Call, credential: str | None = None) -> httpx.Response:
        """The answer; of a stream only its head."""
        headers = {"X-Forwarded-For": ADDRESS, **call.headers}
        credential = credential or call.credential
        if credential:
            headers["Authorization"] = f"Bearer {credential}"
        body: dict[str, Any] = {"files": call.files} if call.files else {}
        if call.json is not None:
            # In ASCII: what UTF-8 cannot say can be sent all the same.
            body["content"] = json.dumps(call.json)
            headers["Content-Type"] = "application/json"
        deadline = time.monotonic() + 30
        while True:
            self._http.cookies.clear()
            request = self._http.build_request(method, call.path, params=call.params or None, headers=headers, **body)
            answer = self._http.send(request, stream=call.is_stream)
            # The server may be sweeping by itself what another test purged.
            if call.is_stream or "retention.running" not in answer.text or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        if call.is_stream:
            if answer.status_code >= 400:
                answer.read()
            answer.close()
        return answer

    def ask(self, method: str, path: str, credential: str | None = None, **more: Any) -> Any:
        """The JSON of an answer that must be good."""
        answer = self.send(method, Call(path, **more), credential)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def close(self) -> None:
        """Release the connections."""
        self._http.close()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, a session, and a token of each kind."""

    id: int
    name: str
    email: str
    session: str
    reporter: str
    reporter_id: int
    viewer: str


def register(client: Client, name: str) -> Person:
    """A new person; the first of a server is its administrator."""
    email = f"{name}@example.org"
    account = {"username": name, "email": email, "password": PASSWORD}
    user_id = client.ask("POST", "/api/auth/register", json=account)["user_id"]
    session = log_in(client, name)
    reporter = client.ask("POST", "/api/tokens", session, json={"name": name, "scope": "reporter"})
    viewer = client.ask("POST", "/api/tokens", session, json={"name": name, "scope": "viewer"})
    return Person(user_id, name, email, session, reporter["token"], reporter["id"], viewer["token"])


def log_in(client: Client, name: str, password: str = PASSWORD) -> str:
    """A new session of a person."""
    login = {"username_or_email": name, "password": password}
    session: str = client.ask("POST", "/api/auth/login", json=login)["access_token"]
    return session
