"""Speaks to Argus as scripts and browsers do: accounts, tokens, events, files."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from demo_lab.world import PEOPLE, Person

_AT_ONCE = 500
_PATIENCE_S = 60.0


class Refused(Exception):
    """The server said no, or is not there."""


class Unreachable(Refused):
    """It is not there: not yet, or not any more."""


class State:
    """What is remembered of a server between two calls: accounts, and the times that everything is told as of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    @classmethod
    def of(cls, url: str) -> State:
        """The state that belongs to an address."""
        home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        place = urlsplit(url).netloc.replace(":", "-")
        return cls(Path(os.environ.get("ARGUS_DEMO_STATE") or Path(home) / "argus" / f"demo-{place}.json"))

    def save(self) -> None:
        """Write it where only its owner reads it: passwords stand in it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as output:
            json.dump(self.known, output, indent=1)
        draft.replace(self.path)

    def forget(self) -> None:
        """There is nothing to remember any more."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Account:
    """Somebody who reports: the token is a reporter's; the session, where there is one, is a browser's."""

    username: str
    token: str
    session: str | None = None

    @property
    def credential(self) -> str:
        """What is good for everything but reporting."""
        return self.session or self.token


class Server:
    """One Argus."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # The machine's proxies are not for a server on this machine.
        self._http = httpx.Client(base_url=self.url, timeout=60.0, trust_env=False)

    def call(
        self, method: str, path: str, credential: str | None = None, *, ok: Sequence[int] = (), **more: Any
    ) -> Any:
        """The JSON that an answer carries; None where it carries none, or where its status is one of `ok`.

        Raises:
            Refused: any other status of 400 and more.
        """
        reply = self._send(method, path, credential, **more)
        if reply.status_code in ok:
            return None
        if reply.is_error:
            raise Refused(f"{method} {path}: {reply.status_code} {reply.text[:300]}")
        return reply.json() if reply.content else None

    def _send(self, method: str, path: str, credential: str | None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                reply = self._http.request(method, path, headers=headers, **more)
            except httpx.HTTPError as error:
                raise Unreachable(f"{self.url} does not answer: {error}. Is Argus running (make up)?") from error
            wait = reply.headers.get("Retry-After", "1")
            if reply.status_code not in {429, 503} or time.monotonic() + float(wait) > deadline:
                return reply
            time.sleep(float(wait))

    def report(self, account: Account, events: Sequence[dict[str, Any]]) -> None:
        """Send events; each must be taken."""
        for at in range(0, len(events), _AT_ONCE):
            body = {"events": events[at : at + _AT_ONCE]}
            answer = self.call("POST", "/api/events/batch", account.token, json=body)
            if answer["rejected"]:
                said = next(one["error"] for one in answer["results"] if one["status"] == "rejected")
                raise Refused(f"An event was rejected: {said}")

    def upload(self, account: Account, batch_id: str, job_id: str | None, name: str, content: bytes) -> None:
        """Add a file to a job, or to a batch."""
        place = f"jobs/{quote(job_id, safe='')}" if job_id else f"batches/{quote(batch_id, safe='')}"
        files = {"file": (name, content)}
        self.call("POST", f"/api/{place}/artifacts", account.token, params={"batch_id": batch_id}, files=files)


def accounts(server: Server, state: State, token: str | None) -> dict[Person, Account]:
    """Whom each batch belongs to: the owner of `token` for all of them, or else people with accounts of their own."""
    if token:
        me = server.call("GET", "/api/auth/me", token)
        return dict.fromkeys(PEOPLE, Account(me["username"], token))
    if urlsplit(server.url).hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise Refused("Accounts are only made on this machine's server; elsewhere give a token (ARGUS_TOKEN, --token).")
    return {person: _account(server, state, person) for person in PEOPLE}


def _account(server: Server, state: State, person: Person) -> Account:
    people = state.known.setdefault("people", {})
    known = people.get(person.username)
    session = sign_in(server, known) if known else None
    if session is None:
        known = people[person.username] = _register(server, person)
        state.save()
        session = sign_in(server, known)
    if "token" not in known or server.call("GET", "/api/auth/me", known["token"], ok=(401,)) is None:
        made = server.call("POST", "/api/tokens", session, json={"name": "demo", "scope": "reporter"})
        known["token"] = made["token"]
        state.save()
    return Account(known["username"], known["token"], session)


def sign_in(server: Server, known: dict[str, str]) -> str | None:
    """A session of somebody whom the state knows; None where the server does not know them."""
    body = {"username_or_email": known["username"], "password": known["password"]}
    answer = server.call("POST", "/api/auth/login", ok=(401,), json=body)
    return answer and str(answer["access_token"])


def _register(server: Server, person: Person) -> dict[str, str]:
    """An account; under another name where this one is taken."""
    for username in (person.username, f"{person.username}-demo", f"{person.username}-{secrets.token_hex(2)}"):
        # A letter and a digit, as the server asks, whatever chance brings.
        password = f"{secrets.token_urlsafe(12)}-demo1"
        body = {"username": username, "email": f"{username}@example.org", "password": password}
        if server.call("POST", "/api/auth/register", ok=(409,), json=body) is not None:
            return {"username": username, "password": password}
    raise Refused(f"No name is free for {person.username}.")
