"""A system with two of some processes, which starts with the code of an earlier version."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from rig.systems import Stack
from roll.batches import broken
from roll.code import Choice, Code, earlier, here
from roll.restarts import Rollout
from roll.traffic import Traffic
from stack_programs import APPS
from stack_replicas import Replicas

from argus_standalone.testing import Account


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Code:
    """The version from which people upgrade."""
    return earlier(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Code:
    """This checkout."""
    return here(tmp_path_factory.mktemp("new"))


@pytest.fixture(scope="module")
def choice(tmp_path_factory: pytest.TempPathFactory, old: Code, replicas: str) -> Choice:
    """Which code each process starts with: the old one, for now."""
    made = Choice(tmp_path_factory.mktemp("choice"))
    made.set([*Replicas(APPS, replicas).apps(), "migrate"], old)
    return made


@pytest.fixture(scope="module")
def stack(choice: Choice, old: Code, replicas: str) -> Iterator[Stack]:
    """The running system."""
    # Earlier versions do not have the gateway's own probe.
    probe = {} if old.drains else {"ARGUS_PROBE": "/livez"}
    made = Stack(
        via_relays=False,
        ARGUS_STACK_REPLICAS=replicas,
        ARGUS_STACK_CODE=str(choice.folder),
        ARGUS_GRACE_S="30",
        ARGUS_SSE_MAX_STREAMS_PER_USER="2000",
        **probe,
    )
    try:
        # Up to two dozen processes on two cores, beside other tests.
        made.start(600)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def ada(stack: Stack) -> Iterator[Account]:
    """A person."""
    account = Account(f"http://127.0.0.1:{stack.port}")
    yield account
    account.close()


@pytest.fixture
def rollout(stack: Stack, replicas: str) -> Rollout:
    """Restarts what there are two of."""
    return Rollout(stack, replicas)


@pytest.fixture
def traffic(stack: Stack, ada: Account) -> Iterator[Traffic]:
    """Load on all services."""
    made = Traffic(ada.url, ada, rate=200, pages=8)
    made.start()
    yield made
    made.finish()


@pytest.fixture
def hold(stack: Stack, traffic: Traffic) -> Callable[..., None]:
    """End the traffic; nothing may have been lost, doubled or missed, and, unless told otherwise, nothing failed."""

    def judge(*, drains: bool = True) -> None:
        traffic.finish()
        print(traffic.counts.table())
        print(f"{traffic.sent} events acknowledged, {traffic.missed} missed by pages, {traffic.resyncs} resyncs")
        assert broken(stack, traffic.batches) == []
        assert (traffic.missed, traffic.resyncs) == (0, 0)
        failed = [str(failure) for failure in traffic.counts.failures]
        assert not (drains and failed), "\n".join(failed[:10])

    return judge


@pytest.fixture
def migrate(stack: Stack) -> Callable[[Code], None]:
    """Bring the database to a version's newest revision, as the first step of an upgrade does."""

    def run(code: Code) -> None:
        secrets = {"ARGUS_DB_URL": stack.admin_database_url}
        secrets |= {"ARGUS_DB_ROLE_PASSWORDS": json.dumps(stack.secrets.roles), "PYTHONPATH": str(code.folder)}
        command = [sys.executable, "-m", "argus_kit.migrate"]
        done = subprocess.run(command, env=os.environ | secrets, capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stderr

    return run


@pytest.fixture
def revision(stack: Stack) -> Callable[[], str]:
    """At which revision the database is."""
    return lambda: str(stack.query("select version_num from alembic_version")[0][0])
