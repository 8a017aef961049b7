"""Two training hosts with networks and names of their own, and a line that is cut in the middle of a rerun and a stop:
nothing is executed twice, nothing is lost, and the curves are whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rig.agents import TrainingHost
from rig.networks import Network

from argus_standalone.testing import Account, ServerProcess

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.skipif(not Network.is_possible(), reason="network namespaces need root and iproute2"),
]
NAMES = ("gpu-alpha", "gpu-beta")
# Longer than a packet's first repetitions, shorter than anybody's patience.
CUT_S = 4.0


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    made = Network()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    made = ServerProcess(tmp_path_factory.mktemp("argus") / "home", ARGUS_HOST=network.address)
    made.url = f"http://{network.address}:{made.port}"
    made.start()
    made.wait_ready(120)
    yield made
    made.end()


@pytest.fixture(scope="module")
def person(server: ServerProcess) -> Iterator[Account]:
    account = Account(server.url)
    yield account
    account.close()


@pytest.fixture(scope="module")
def hosts(
    network: Network, server: ServerProcess, person: Account, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, TrainingHost]]:
    """An agent on each of two hosts, which register under the names that their machines have."""
    made = {}
    for name in NAMES:
        folder = tmp_path_factory.mktemp(name)
        made[name] = TrainingHost(name, folder, server.url, person, network.host(name))
        made[name].register()
        made[name].start()
    yield made
    for host in made.values():
        host.end()


@pytest.fixture
def rerun(person: Account, hosts: dict[str, TrainingHost]) -> Callable[[str, str], str]:
    """Click on a batch that ended on a host; the new batch."""

    def click(name: str, how: str) -> str:
        source = hosts[name].record(person, how)
        answer = person.http.post(f"/api/batches/{source}/rerun", json={"overrides": {}})
        assert answer.status_code == 201, answer.text
        batch_id: str = answer.json()["batch_id"]
        return batch_id

    return click


@pytest.fixture
def stored(person: Account) -> Callable[[str], list[int]]:
    """The epochs of a batch that came to the server, in their order."""

    def read(batch_id: str) -> list[int]:
        if not person.get(f"/api/batches/{batch_id}/jobs"):
            return []
        return [point["epoch"] for point in person.get(f"/api/jobs/{batch_id}/job/epochs", limit=5000)]

    return read


@pytest.fixture
def whole(
    person: Account, hosts: dict[str, TrainingHost], stored: Callable[[str], list[int]], eventually: Any
) -> Callable[..., None]:
    """A batch ended so, was begun once, and has all epochs that its process told."""

    def hold(name: str, batch_id: str, *statuses: str) -> None:
        eventually(lambda: person.get(f"/api/batches/{batch_id}")["status"] in statuses, 120)
        assert hosts[name].executions()[batch_id] == 1
        assert stored(batch_id) == list(range(hosts[name].epochs(batch_id)))
        eventually(lambda: not hosts[name].is_running(batch_id))

    return hold


def status(person: Account, batch_id: str, kind: str) -> list[str]:
    commands = person.get("/api/commands", batch_id=batch_id)["items"]
    return [command["status"] for command in commands if command["kind"] == kind]


def test_agents_have_the_names_of_their_hosts(person: Account, hosts: dict[str, TrainingHost]) -> None:
    assert sorted(agent["hostname"] for agent in person.get("/api/agents")) == sorted(NAMES)


def test_a_click_while_one_host_is_cut_off(
    network: Network, person: Account, hosts: Any, rerun: Any, whole: Any, eventually: Any
) -> None:
    network.cut("gpu-alpha")
    waiting, going = rerun("gpu-alpha", "short"), rerun("gpu-beta", "short")
    whole("gpu-beta", going, "done")
    assert status(person, waiting, "rerun")[0] in {"pending", "delivered"}
    assert hosts["gpu-alpha"].executions()[waiting] == 0
    network.heal("gpu-alpha")
    whole("gpu-alpha", waiting, "done")
    eventually(lambda: status(person, waiting, "rerun") == ["succeeded"])


def test_a_cut_in_the_middle_of_a_rerun(
    network: Network, person: Account, hosts: Any, rerun: Any, whole: Any, stored: Any, eventually: Any
) -> None:
    batch_id = rerun("gpu-alpha", "steady")
    eventually(lambda: len(stored(batch_id)) > 5, 60)
    network.cut("gpu-alpha")
    time.sleep(CUT_S)
    before = stored(batch_id)
    assert hosts["gpu-alpha"].is_running(batch_id), "it trains on while nobody hears of it"
    network.heal("gpu-alpha")
    whole("gpu-alpha", batch_id, "done")
    assert len(stored(batch_id)) > len(before)
    eventually(lambda: status(person, batch_id, "rerun") == ["succeeded"])


@pytest.mark.parametrize("how", ["long", "deaf"])
def test_a_cut_in_the_middle_of_a_stop(
    how: str, network: Network, person: Account, hosts: Any, rerun: Any, whole: Any, stored: Any, eventually: Any
) -> None:
    batch_id, other = rerun("gpu-alpha", how), rerun("gpu-beta", "steady")
    eventually(lambda: len(stored(batch_id)) > 5, 60)
    network.cut("gpu-alpha")
    assert person.http.post(f"/api/batches/{batch_id}/stop").json()["status"] == "stopping"
    time.sleep(CUT_S)
    assert hosts["gpu-alpha"].is_running(batch_id)
    network.heal("gpu-alpha")
    whole("gpu-beta", other, "done")
    eventually(lambda: not hosts["gpu-alpha"].is_running(batch_id), 120)
    if how == "long":
        whole("gpu-alpha", batch_id, "stopped", "cancelled")
    else:
        eventually(lambda: person.get(f"/api/batches/{batch_id}")["status"] in {"stopped", "failed"}, 120)
    assert hosts["gpu-alpha"].executions()[batch_id] == 1
    # One that heeded the flag was gone before its agent heard of the stop.
    eventually(lambda: status(person, batch_id, "stop")[0] in {"succeeded", "failed"}, 60)
    assert len(status(person, batch_id, "stop")) == 1
