"""Dashboards and alerts name what is promised, in PromQL that parses; Prometheus looks where processes listen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import generate_observability
import kustomize
import promql_parser
import pytest
import yaml

ROOT = generate_observability.ROOT
SIGNALS = generate_observability.signals()
BOARDS = generate_observability.boards()
ALERTS = generate_observability.alerts()
# Labels that Prometheus gives to everything it scrapes (prometheus.yaml, monitors.yaml).
GIVEN = {"job", "instance", "service"}
UNITS = {"short", "s", "ops", "reqps", "bytes", "Bps", "percentunit"}


def labels_by_name() -> dict[str, set[str]]:
    found = {name: set(labels) | GIVEN for name, labels in SIGNALS["others"].items()}
    for metric in SIGNALS["metrics"]:
        labels = set(metric.get("labels", {})) | GIVEN
        if metric["type"] == "histogram":
            found |= {f"{metric['name']}{end}": labels | {"le"} for end in ("_bucket", "_sum", "_count")}
        else:
            found[metric["name"]] = labels
    return found


KNOWN = labels_by_name()
VALUES = {
    (metric["name"], label): values
    for metric in SIGNALS["metrics"]
    for label, values in metric.get("labels", {}).items()
    if isinstance(values, list)
}


def parsed(expression: str) -> Any:
    return promql_parser.parse(expression.replace("$__rate_interval", "5m"))


def nodes(node: Any) -> Iterator[Any]:
    """A tree's nodes, whatever their kinds."""
    yield node
    for name in ("expr", "lhs", "rhs", "args", "vector_selector", "param"):
        child = getattr(node, name, None)
        for one in child if isinstance(child, list) else [child]:
            if one is not None and not isinstance(one, str):
                yield from nodes(one)


def problems(expression: str) -> list[str]:
    found: list[str] = []
    tree = list(nodes(parsed(expression)))
    selected = [node for node in tree if isinstance(node, promql_parser.VectorSelector)]
    if not selected:
        found.append("it names no metric")
    for selector in selected:
        labels = KNOWN.get(selector.name)
        if labels is None:
            found.append(f"nobody promises {selector.name}")
            continue
        for matcher in selector.matchers.matchers:
            if matcher.name not in labels:
                found.append(f"{selector.name} has no label {matcher.name}")
            values = VALUES.get((selector.name, matcher.name))
            if values and not any(re.fullmatch(matcher.value, value) for value in values):
                found.append(f"{selector.name} never has {matcher.name}={matcher.value}")
    together = set.union(*(KNOWN.get(selector.name, set()) for selector in selected)) if selected else set()
    for node in tree:
        modifier = getattr(node, "modifier", None)
        if isinstance(node, promql_parser.AggregateExpr) and modifier is not None:
            found += [f"no label {label} to sum by" for label in modifier.labels if label not in together]
    return found


PANELS = [
    (f"{name}: {panel['title']}", target)
    for name, board in BOARDS.items()
    for panel in board["panels"]
    for target in panel["targets"]
]


class TestExpressions:
    @pytest.mark.parametrize("panel", PANELS, ids=lambda one: one[0])
    def test_of_panels(self, panel: tuple[str, dict[str, str]]) -> None:
        assert problems(panel[1]["expr"]) == []

    @pytest.mark.parametrize("rule", ALERTS, ids=lambda one: one["alert"])
    def test_of_alerts(self, rule: dict[str, Any]) -> None:
        assert problems(rule["expr"]) == []

    @pytest.mark.parametrize(
        ("expression", "said"),
        [
            ("sum(argus_nothing)", "nobody promises argus_nothing"),
            ('argus_sse_clients{batch="1"}', "argus_sse_clients has no label batch"),
            ('argus_outbox_published_total{path="slow"}', "argus_outbox_published_total never has path=slow"),
            ("sum by (batch) (argus_sse_clients)", "no label batch to sum by"),
            ("1 + 1", "it names no metric"),
        ],
    )
    def test_what_is_wrong_is_named(self, expression: str, said: str) -> None:
        assert problems(expression) == [said]

    def test_what_does_not_parse_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"unclosed|unexpected|invalid"):
            parsed("sum(rate(argus_sse_clients)")


@pytest.mark.parametrize("name", BOARDS)
class TestBoard:
    def test_every_panel_draws_something_in_a_unit(self, name: str) -> None:
        assert BOARDS[name]["panels"]
        for panel in BOARDS[name]["panels"]:
            assert panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
            assert [target["expr"] for target in panel["targets"] if target["expr"]]

    def test_panels_lie_beside_each_other(self, name: str) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in BOARDS[name]["panels"]:
            grid = panel["gridPos"]
            cells = {(grid["x"] + x, grid["y"] + y) for x in range(grid["w"]) for y in range(grid["h"])}
            assert not cells & taken
            assert grid["x"] + grid["w"] <= 24
            taken |= cells

    def test_legends_use_labels_that_are_left(self, name: str) -> None:
        for panel in BOARDS[name]["panels"]:
            for target in panel["targets"]:
                for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                    top = parsed(target["expr"])
                    while not isinstance(top, promql_parser.AggregateExpr | promql_parser.VectorSelector):
                        within = (getattr(top, part, None) for part in ("lhs", "expr", "vector_selector"))
                        top = next((one for one in within if one is not None), None) or top.args[-1]
                    if isinstance(top, promql_parser.AggregateExpr) and top.modifier is not None:
                        assert label in top.modifier.labels, panel["title"]


def test_every_promise_is_drawn_or_watched() -> None:
    drawn = " ".join([target["expr"] for _, target in PANELS] + [rule["expr"] for rule in ALERTS])
    assert [name for name in (m["name"] for m in SIGNALS["metrics"]) if name not in drawn] == [
        "argus_limit_fallbacks_total",
        "argus_audit_forwarded_total",
    ]


class TestAlerts:
    @pytest.mark.parametrize("rule", ALERTS, ids=lambda one: one["alert"])
    def test_each_says_what_is_wrong_and_what_to_do(self, rule: dict[str, Any]) -> None:
        assert set(rule["annotations"]) == {"summary", "action", "zh", "docs"}
        assert rule["labels"]["severity"] in {"warning", "critical"}
        page, _, anchor = rule["annotations"]["docs"].partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
        assert anchor in {heading.lower() for heading in headings}

    def test_those_of_kubernetes_are_the_same(self) -> None:
        component = kustomize.documents(ROOT / generate_observability.COMPONENT / "alerts.yaml")
        assert component[0]["spec"]["groups"][0]["rules"] == ALERTS


class TestScraping:
    def test_compose_asks_every_process(self) -> None:
        said = yaml.safe_load((ROOT / "deploy/observability/prometheus.yaml").read_text())
        (job,) = said["scrape_configs"]
        assert job["job_name"] == "argus"
        targets = {target.partition(":")[0] for config in job["static_configs"] for target in config["targets"]}
        assert targets == set(generate_observability.PROCESSES)
        composed = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
        assert targets <= set(composed)

    def test_compose_traces_every_process_but_the_front_door(self) -> None:
        said = yaml.safe_load((ROOT / "compose.observability.yaml").read_text())["services"]
        traced = {name for name, one in said.items() if "ARGUS_OTLP_ENDPOINT" in (one.get("environment") or {})}
        assert traced == set(generate_observability.PROCESSES) - {"web"}

    def test_kubernetes_asks_every_process_by_a_port_it_has(self) -> None:
        made = kustomize.build(ROOT / "deploy/k8s/base", [ROOT / generate_observability.COMPONENT])
        pods = {
            manifest["metadata"]["name"]: manifest["spec"]["template"]
            for manifest in made
            if manifest["kind"] in {"Deployment", "StatefulSet"}
        }
        services = {manifest["metadata"]["name"] for manifest in made if manifest["kind"] == "Service"}
        asked: set[str] = set()
        for monitor in (manifest for manifest in made if manifest["kind"] in {"ServiceMonitor", "PodMonitor"}):
            selector = monitor["spec"]["selector"]
            chosen = {name for name, pod in pods.items() if _selects(selector, pod["metadata"]["labels"])}
            if monitor["kind"] == "ServiceMonitor":
                chosen &= services
            assert chosen
            (endpoint,) = monitor["spec"].get("endpoints") or monitor["spec"]["podMetricsEndpoints"]
            for name in chosen & set(generate_observability.PROCESSES):
                ports = [port["name"] for one in pods[name]["spec"]["containers"] for port in one["ports"]]
                assert endpoint["port"] in ports
                given = {step["targetLabel"] for step in endpoint["relabelings"]}
                assert given == {"job", "service"}
            asked |= chosen
        assert asked >= set(generate_observability.PROCESSES)


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        labels.get(said["key"]) in said["values"] for said in selector.get("matchExpressions", [])
    )
