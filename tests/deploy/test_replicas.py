"""What ARGUS_STACK_REPLICAS means, and what it may not say."""

from __future__ import annotations

import pytest
from stack_layout import StackError
from stack_replicas import Replicas

APPS = ("ingest", "ingest-worker", "realtime", "web")


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("", ["ingest", "ingest-worker", "realtime", "web"]),
        ("1", ["ingest", "ingest-worker", "realtime", "web"]),
        ("ingest=2", ["ingest", "ingest-2", "ingest-worker", "ingest-worker-2", "realtime", "web"]),
        ("ingest-worker=2", ["ingest", "ingest-worker", "ingest-worker-2", "realtime", "web"]),
        ("2, ingest-worker=1", ["ingest", "ingest-2", "ingest-worker", "realtime", "realtime-2", "web", "web-2"]),
        ("realtime=3", ["ingest", "ingest-worker", "realtime", "realtime-2", "realtime-3", "web"]),
        ("ingest=4,1", ["ingest", "ingest-worker", "realtime", "web"]),
    ],
)
def test_processes_are_named_after_what_they_run(said: str, names: list[str]) -> None:
    replicas = Replicas(APPS, said)
    assert list(replicas.apps()) == names
    assert [name for app in APPS for name in replicas.of(app)] == names


def test_each_process_knows_its_app() -> None:
    assert Replicas(APPS, "ingest=2").apps()["ingest-worker-2"] == "ingest-worker"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("0", "from 1 to 16"),
        ("17", "from 1 to 16"),
        ("two", "from 1 to 16"),
        ("ingest=-1", "from 1 to 16"),
        ("ingest=", "from 1 to 16"),
        ("postgres=2", "there are only ingest"),
        ("=2", "there are only ingest"),
    ],
)
def test_what_cannot_be_is_refused_by_name(said: str, why: str) -> None:
    with pytest.raises(StackError, match=why):
        Replicas(APPS, said)
