"""People over several replicas: a session is good everywhere and ends everywhere, limits are counted together, and what
somebody may see no longer is gone from every replica at once.
"""

from __future__ import annotations

import time

import httpx
import pytest
from rig.replicas import Replicas
from rig.reports import event, post
from rig.systems import Stack

from argus_standalone.testing import Account

pytestmark = pytest.mark.slow
# A route of each service that a session may ask: whoever does not know the caller answers 401.
ASKED = {
    "auth": "/api/auth/me",
    "catalog": "/api/batches",
    "ingest": "/api/batches/none/artifacts",
    "executor": "/api/batches/none/stop-requested",
    "notifier": "/api/notifications",
    "realtime": "/api/sse?channels=batch:none",
}
GUESSES = 10


def answers(replicas: Replicas, session: str) -> dict[str, int]:
    """What every replica of every service says to a session."""
    headers = {"Authorization": f"Bearer {session}"}
    return {
        name: httpx.get(replicas.url(name) + path, headers=headers, timeout=30).status_code
        for service, path in ASKED.items()
        for name in replicas.names(service)
    }


def test_a_session_is_good_at_every_replica_and_ends_at_every_replica(
    stack: Stack, replicas: Replicas, ada: Account
) -> None:
    with Account(stack.url, "leaver") as leaver:
        assert 401 not in answers(replicas, leaver.session).values()
        assert leaver.http.post("/api/auth/logout").status_code == 200
        deadline = time.monotonic() + 20  # a word over the bus; without it a replica would ask again after 30 s
        while set(found := answers(replicas, leaver.session).values()) != {401}:
            assert time.monotonic() < deadline, found


def test_one_account_is_guessed_at_as_often_as_with_one_replica(stack: Stack, replicas: Replicas, ada: Account) -> None:
    with Account(stack.url, "guessed"):
        login = {"username_or_email": "guessed", "password": "correct horse 1"}
        begin = time.monotonic()
        found = [httpx.post(f"{stack.url}/api/auth/login", json=login, timeout=60).status_code for _ in range(30)]
        refilled = (time.monotonic() - begin) * GUESSES / 60
    assert set(found) == {200, 429}
    assert found.count(200) <= GUESSES + refilled + 1


def test_what_is_shared_no_longer_is_gone_from_every_replica(
    stack: Stack, replicas: Replicas, ada: Account, bob: Account
) -> None:
    batch = "scale-shared-with-bob"
    post(stack.url, ada.token, [event(batch, "batch_start")])
    share = ada.http.post(f"/api/batches/{batch}/shares", json={"grantee_username": "bob"})
    assert share.status_code == 201, share.text
    headers = {"Authorization": f"Bearer {bob.session}"}
    page = f"/api/batches/{batch}"
    with httpx.Client(headers=headers, timeout=60) as client:
        assert {client.get(url + page).status_code for url in replicas.urls("catalog")} == {200}
        streams = [
            client.stream("GET", f"{url}/api/sse", params={"channels": f"batch:{batch}"})
            for url in replicas.urls("realtime")
        ]
        opened = [stream.__enter__() for stream in streams]
        lines = [answer.iter_lines() for answer in opened]
        for one in lines:
            assert any("event: hello" in line for line in one)
        assert ada.http.delete(f"/api/batches/{batch}/shares/{share.json()['grantee_id']}").is_success
        assert {client.get(url + page).status_code for url in replicas.urls("catalog")} == {404}
        for one in lines:  # the stream of each replica ends, and says why
            assert any("access_ended" in line for line in one)
        for stream in streams:
            stream.__exit__(None, None, None)


def test_a_deleted_batch_is_gone_from_every_replica(stack: Stack, replicas: Replicas, ada: Account) -> None:
    batch = "scale-deleted"
    post(stack.url, ada.token, [event(batch, "batch_start"), event(batch, "batch_done")])
    headers = {"Authorization": f"Bearer {ada.session}"}
    page = f"/api/batches/{batch}"
    assert {httpx.get(url + page, headers=headers).status_code for url in replicas.urls("catalog")} == {200}
    assert ada.http.delete(page).is_success
    assert {httpx.get(url + page, headers=headers).status_code for url in replicas.urls("catalog")} == {404}
