"""`argus-server doctor` beside a stack: all its parts are looked at, and one that stands still is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from rig.systems import Stack

from argus_standalone.testing import Account

BESIDE = {"database", "schema", "outbox", "nats", "redis", "address", "routes", "stream", "processes"}


def run(stack: Stack, token: str = "") -> tuple[list[dict[str, str]], str]:
    """What it finds, and all that it printed."""
    ports, secrets = stack.ports(), stack.secrets
    processes = [name for name in ports if name.split("-")[0] in {"auth", "ingest", "catalog", "executor", "notifier"}]
    environment = {
        **os.environ,
        "ARGUS_HOME": str(stack.home),
        "ARGUS_DB_URL": stack.admin_database_url,
        "ARGUS_NATS_URL": f"nats://argus:{secrets.nats}@127.0.0.1:{ports['nats']}",
        "ARGUS_REDIS_URL": f"redis://:{secrets.valkey}@127.0.0.1:{ports['valkey']}/0",
        "ARGUS_BASE_URL": stack.url,
        "ARGUS_READY_URLS": ",".join(f"{name}=http://127.0.0.1:{ports[name]}" for name in processes),
        "ARGUS_TOKEN": token,
    }
    command = [sys.executable, "-m", "argus_standalone.cli", "doctor", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found: list[dict[str, str]] = json.loads(done.stdout)["findings"]
    return found, done.stdout + done.stderr


def bad(findings: list[dict[str, str]]) -> list[dict[str, str]]:
    return [one for one in findings if one["level"] in {"warn", "fail"} and one["subject"] != "disk"]


def test_a_stack_that_is_well(stack: Stack, ada: Account) -> None:
    findings, said = run(stack, ada.token)
    assert bad(findings) == []
    assert {one["subject"] for one in findings if one["level"] == "ok"} >= BESIDE
    assert not [secret for secret in (stack.secrets.nats, stack.secrets.valkey, ada.token) if secret in said]


def test_a_nats_that_stands_still_is_named(stack: Stack) -> None:
    with stack.frozen("nats"):
        findings, _ = run(stack)
    assert "fail" in {one["level"] for one in findings if one["subject"] == "nats"}
    assert "ok" in {one["level"] for one in findings if one["subject"] == "database"}
