"""What deploy/observability/signals.yaml promises is what the real processes say, both ways."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import generate_observability
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from rig import prometheus
from rig.systems import Stack

from argus_standalone.testing import Account, ServerProcess

SIGNALS = generate_observability.signals()
PROMISED = {metric["name"]: metric for metric in SIGNALS["metrics"]}
PROCESSES = generate_observability.PROCESSES
ALONE = generate_observability.ALONE
BOARDS = generate_observability.boards()
# What prometheus_client itself adds to the name of a counter.
_SUFFIX = {"counter": "_total"}


class Series(NamedTuple):
    """One sample of a scrape."""

    metric: str
    type: str
    labels: dict[str, str]


def processes_of(metric: dict[str, Any]) -> set[str]:
    groups = SIGNALS["groups"]
    return {process for name in metric["in"] for process in groups.get(name, [name])}


def scrape(url: str) -> list[Series]:
    """The samples of Argus' own metrics. A family without any is not there: nobody could draw it."""
    answer = httpx.get(f"{url}/metrics")
    assert answer.status_code == 200
    return [
        Series(f"{family.name}{_SUFFIX.get(family.type, '')}", family.type, sample.labels)
        for family in text_string_to_metric_families(answer.text)
        if family.name.startswith("argus_")
        for sample in family.samples
    ]


def use(ada: Account) -> None:
    """A little of what people and trainings do."""
    batch = f"b-{uuid.uuid4().hex[:8]}"

    def event(kind: str, data: dict[str, Any], job: str | None = None) -> dict[str, Any]:
        at = "2026-01-01T00:00:00Z"
        return {
            "event_id": str(uuid.uuid4()), "schema_version": "1.1", "event_type": kind, "timestamp": at,
            "batch_id": batch, "job_id": job, "source": {"project": "signals"}, "data": data,
        }  # fmt: skip

    events = [event("batch_start", {"n_total": 1}), event("job_start", {}, "j"), event("job_failed", {}, "j")]
    with httpx.Client(base_url=ada.url, headers={"Authorization": f"Bearer {ada.token}"}) as reporter:
        for _ in range(2):
            reporter.post("/api/events/batch", json={"events": [*events, {"event_type": "none"}]}).raise_for_status()
    for path in ("/api/batches", "/api/notifications", "/api/agents", f"/api/batches/{batch}"):
        ada.get(path)
    ada.http.post("/api/admin/feature-flags/none", json={})
    with ada.http.stream("GET", "/api/sse", params={"channels": "visible"}) as stream:
        next(stream.iter_bytes())


@pytest.fixture(scope="module")
def scrapes(stack: Stack, ada: Account) -> dict[str, list[Series]]:
    use(ada)
    return {process: settled(process, f"http://127.0.0.1:{stack.ports()[process]}") for process in PROCESSES}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """All of Argus in one process."""
    made = ServerProcess(tmp_path_factory.mktemp("alone") / "home")
    made.start()
    try:
        made.wait_ready(180)
        with Account(made.url) as ada:
            use(ada)
        yield made
    finally:
        assert made.end() == 0


@pytest.fixture(scope="module")
def alone(server: ServerProcess) -> list[Series]:
    return settled("standalone", server.url)


def settled(process: str, url: str) -> list[Series]:
    """A scrape, once the loops that count now and then have had a round each; the last one where they never do."""
    deadline = time.monotonic() + 90
    while missing(process, found := scrape(url)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def missing(process: str, found: list[Series]) -> set[str]:
    names = {series.metric for series in found}
    return {
        name
        for name, metric in PROMISED.items()
        if (process == "standalone" or process in processes_of(metric))
        and name not in names
        and not metric.get("seldom")
    }


def unpromised(process: str, found: list[Series]) -> set[str]:
    """Names of metrics, labels and labels' values that nobody promised."""
    said: set[str] = set()
    for series in found:
        metric = PROMISED.get(series.metric)
        if metric is None or (process != "standalone" and process not in processes_of(metric)):
            said.add(series.metric)
        elif series.type != metric["type"]:
            said.add(f"{series.metric} is a {series.type}")
        else:
            labels = metric.get("labels", {})
            own = {name: value for name, value in series.labels.items() if name not in {"le", "quantile"}}
            said |= {f"{series.metric}{{{name}}}" for name in own.keys() ^ labels.keys()}
            said |= {
                f'{series.metric}{{{name}="{value}"}}'
                for name, value in own.items()
                if isinstance(labels.get(name), list) and value not in labels[name]
            }
    return said


@pytest.mark.parametrize("process", PROCESSES)
class TestProcess:
    def test_it_says_all_that_is_promised(self, scrapes: dict[str, list[Series]], process: str) -> None:
        assert missing(process, scrapes[process]) == set()

    def test_it_says_nothing_else(self, scrapes: dict[str, list[Series]], process: str) -> None:
        assert unpromised(process, scrapes[process]) == set()

    def test_no_label_is_an_id(self, scrapes: dict[str, list[Series]], process: str) -> None:
        values = {value for series in scrapes[process] for value in series.labels.values()}
        assert not [value for value in values if value.startswith("b-") or "@" in value or value == "ada"]


def test_what_is_seldom_is_said_by_somebody_here(scrapes: dict[str, list[Series]]) -> None:
    """Not a word without any proof: the common ones among the seldom are seen."""
    seen = {series.metric for found in scrapes.values() for series in found}
    assert {
        "argus_lease_held", "argus_consumer_pending_messages", "argus_consumer_messages_total",
        "argus_outbox_oldest_seconds", "argus_outbox_late_rows", "argus_outbox_published_total",
    } <= seen  # fmt: skip


def test_the_one_process_says_all_of_it(alone: list[Series]) -> None:
    assert missing("standalone", alone) == set()
    assert unpromised("standalone", alone) == set()


def test_log_lines_have_the_promised_fields(stack: Stack) -> None:
    promised = {entry["name"] for entry in SIGNALS["logs"] if not entry.get("seldom")}
    lines = [line for log in stack.logs() for line in log.read_text(errors="replace").splitlines() if line[:1] == "{"]
    ours = [said for line in lines if "logger" in (said := json.loads(line)) and said["logger"].startswith("argus")]
    assert ours
    assert all(promised <= said.keys() for said in ours)


def test_every_route_is_counted_by_its_template(scrapes: dict[str, list[Series]]) -> None:
    routes = {series.labels["route"] for series in scrapes["catalog"] if series.metric == "argus_http_requests_total"}
    assert "/api/batches" in routes
    assert "/api/batches/{batch_id:path}" in routes


@pytest.mark.skipif(not prometheus.IS_HERE, reason=prometheus.WHY_NOT)
class TestPrometheus:
    """A real one: it reaches every process, and evaluates every rule and all that dashboards draw."""

    def test_of_the_stack(self, stack: Stack, scrapes: dict[str, list[Series]], tmp_path: Path) -> None:
        ports = stack.ports()
        with prometheus.running(tmp_path, {name: f"127.0.0.1:{ports[name]}" for name in PROCESSES}) as asked:
            assert asked.targets() == dict.fromkeys(PROCESSES, "up")
            assert set(asked.rules().values()) == {"ok"}
            assert undrawn(asked, [name for name in BOARDS if name != f"red-{ALONE}"]) == []

    def test_of_the_one_process(self, server: ServerProcess, alone: list[Series], tmp_path: Path) -> None:
        with prometheus.running(tmp_path, {ALONE: f"127.0.0.1:{server.port}"}) as asked:
            assert asked.targets() == {ALONE: "up"}
            assert set(asked.rules().values()) == {"ok"}
            shown = [name for name in BOARDS if not name.startswith("red-")]
            assert undrawn(asked, [*shown, f"red-{ALONE}"]) == []


def undrawn(asked: prometheus.Prometheus, boards: list[str]) -> list[str]:
    """Expressions without a series though each metric in them is always there. Fails where one is refused."""
    time.sleep(3)  # a rate needs two scrapes
    # Failed requests, and backups, of which there is none in the first minutes and with PostgreSQL never one.
    absent = [name for name, metric in PROMISED.items() if metric.get("seldom")] + ['status=~"', "argus_backup_"]
    drawn = {
        target["expr"]: f"{board}: {panel['title']}"
        for board in boards
        for panel in BOARDS[board]["panels"]
        for target in panel["targets"]
    }
    empty = [expression for expression in drawn if not asked.query(expression)]
    return [f"{drawn[one]}: {one}" for one in empty if not any(name in one for name in absent)]
