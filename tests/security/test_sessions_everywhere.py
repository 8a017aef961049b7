"""The end of a session, a token or an account, in processes of their own: how soon every service knows."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from argus_kit.ports import free_port
from argus_kit.testing import nats_child, valkey_child

SERVICES = ("auth", "catalog", "ingest", "executor", "notifier", "realtime")
# One that knows the credential answers otherwise than 401; that the batch does not exist is no matter.
ASKED = {
    "auth": "/api/auth/me",
    "catalog": "/api/batches",
    "ingest": "/api/batches/none/artifacts",
    "executor": "/api/batches/none/stop-requested",
    "notifier": "/api/notifications",
}
PASSWORD = "correct horse 1 battery"


class System:
    """Every service as a process of its own, with its own memory of who is who; no gateway."""

    def __init__(self, folder: Path, database: str, nats: str, redis: str) -> None:
        self._folder = folder
        self._environment = {
            **os.environ,
            "ARGUS_HOME": str(folder),
            "ARGUS_DB_URL": database,
            "ARGUS_NATS_URL": nats,
            "ARGUS_REDIS_URL": redis,
            "ARGUS_CONFIG_KEY": "a key of these tests only",
            "ARGUS_AUTH_ARGON2_TIME_COST": "1",
            "ARGUS_AUTH_ARGON2_MEMORY_KIB": "1024",
        }
        self._processes: list[subprocess.Popen[bytes]] = []
        self.http: dict[str, httpx.Client] = {}

    def start(self) -> None:
        for name in SERVICES:
            port = free_port()
            command = [sys.executable, "-m", "argus_kit.serve", f"argus_{name}.app:create_app"]
            environment = {**self._environment, "ARGUS_HTTP_PORT": str(port)}
            with (self._folder / f"{name}.log").open("wb") as log:
                self._processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
            self.http[name] = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)
        for name, client in self.http.items():
            until(lambda client=client: _status(client, "/readyz") == 200, f"{name} ready", 60)

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(20)
        for client in self.http.values():
            client.close()

    def ask(self, method: str, path: str, credential: str | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        answer = self.http["auth"].request(method, path, headers={**headers, **more.pop("headers", {})}, **more)
        self.http["auth"].cookies.clear()
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def register(self, name: str) -> dict[str, Any]:
        person = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        user_id = self.ask("POST", "/api/auth/register", json=person)["user_id"]
        return {"id": user_id, "name": name, "session": self.login(name)}

    def login(self, name: str) -> str:
        body = {"username_or_email": name, "password": PASSWORD}
        session: str = self.ask("POST", "/api/auth/login", json=body)["access_token"]
        return session

    def statuses(self, credential: str) -> dict[str, int]:
        headers = {"Authorization": f"Bearer {credential}"}
        return {name: self.http[name].get(path, headers=headers).status_code for name, path in ASKED.items()}


@pytest.fixture(scope="module")
def system(postgres_of_module: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with nats_child() as nats, valkey_child() as redis:
        made = System(
            tmp_path_factory.mktemp("system"),
            postgres_of_module,
            f"nats://127.0.0.1:{nats.port}",
            f"redis://127.0.0.1:{redis.port}/0",
        )
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="module")
def admin(system: System) -> dict[str, Any]:
    return system.register("root")


def logout(system: System, admin: dict[str, Any], person: dict[str, Any]) -> None:
    system.ask("POST", "/api/auth/logout", person["session"])


def revoke(system: System, admin: dict[str, Any], person: dict[str, Any]) -> None:
    jti = jwt.decode(person["session"], options={"verify_signature": False})["jti"]
    system.ask("POST", f"/api/auth/sessions/{jti}/revoke", system.login(person["name"]))


def ban(system: System, admin: dict[str, Any], person: dict[str, Any]) -> None:
    system.ask("POST", f"/api/admin/users/{person['id']}/ban", admin["session"])


def new_password(system: System, admin: dict[str, Any], person: dict[str, Any]) -> None:
    body = {"current_password": PASSWORD, "new_password": "another horse 2 battery"}
    system.ask("POST", "/api/auth/change-password", system.login(person["name"]), json=body)


def refresh(system: System, admin: dict[str, Any], person: dict[str, Any]) -> None:
    system.ask("POST", "/api/auth/refresh", person["session"])


@pytest.mark.parametrize("how", [logout, revoke, ban, new_password, refresh])
def test_every_service_and_every_open_stream_knows_at_once(
    system: System, admin: dict[str, Any], how: Callable[..., None]
) -> None:
    person = system.register(f"p-{how.__name__.replace('_', '-')}")
    session = person["session"]
    assert 401 not in system.statuses(session).values(), "each of them has looked, and remembers"
    headers = {"Authorization": f"Bearer {session}"}
    with system.http["realtime"].stream("GET", "/api/sse", params={"channels": "inbox"}, headers=headers) as stream:
        lines = stream.iter_lines()
        assert stream.status_code == 200
        assert next(lines)
        how(system, admin, person)
        begin = time.monotonic()
        assert any("session_ended" in line for line in lines), "the stream goes on"
        took = {"the open stream": time.monotonic() - begin}
    for name, path in ASKED.items():
        until(lambda name=name, path=path: _status(system.http[name], path, session) == 401, f"401 from {name}", 20)
        took[name] = time.monotonic() - begin
    print(f"after {how.__name__}:", ", ".join(f"{name} {seconds:.3f} s" for name, seconds in took.items()))
    # A word over NATS takes milliseconds. Without it they would ask the database after half a minute.
    assert max(took.values()) < 10


def test_a_revoked_token_too(system: System, admin: dict[str, Any]) -> None:
    person = system.register("p-token")
    made = system.ask("POST", "/api/tokens", person["session"], json={"name": "x", "scope": "reporter"})
    assert 401 not in system.statuses(made["token"]).values()
    system.ask("DELETE", f"/api/tokens/{made['id']}", person["session"])
    begin = time.monotonic()
    for name, path in ASKED.items():
        until(lambda name=name, path=path: _status(system.http[name], path, made["token"]) == 401, name, 20)
    took = time.monotonic() - begin
    print(f"after the revocation of a token: all within {took:.3f} s")
    assert took < 10


def test_a_new_key_signs_out_nobody_anywhere(system: System, admin: dict[str, Any]) -> None:
    person = system.register("p-key")
    before = jwt.get_unverified_header(person["session"])["kid"]
    system.ask("POST", "/api/admin/security/jwt/rotate", admin["session"])
    fresh: list[str] = []

    def signs_with_the_new_one() -> bool:
        fresh.append(system.login(person["name"]))
        return bool(jwt.get_unverified_header(fresh[-1])["kid"] != before)

    until(signs_with_the_new_one, "a new key signs", 30, pause_s=2)
    for session in (person["session"], fresh[-1]):
        assert 401 not in system.statuses(session).values()
    kids = {key["kid"] for key in system.ask("GET", "/api/auth/.well-known/jwks.json")["keys"]}
    assert {before, jwt.get_unverified_header(fresh[-1])["kid"]} <= kids


def until(check: Callable[[], bool], what: str, timeout_s: float, pause_s: float = 0.01) -> None:
    deadline = time.monotonic() + timeout_s
    while not check():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(pause_s)


def _status(client: httpx.Client, path: str, credential: str | None = None) -> int:
    headers = {"Authorization": f"Bearer {credential}"} if credential else {}
    with contextlib.suppress(httpx.TransportError):
        return client.get(path, headers=headers).status_code
    return 0
