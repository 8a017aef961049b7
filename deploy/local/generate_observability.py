"""What follows from deploy/observability: Grafana's dashboards and Kubernetes' ConfigMaps of them, its PrometheusRule,
and the tables of docs/operate/observe.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from stack_layout import SERVICES, WORKERS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "observability"
COMPONENT = "deploy/k8s/components/observability"
# Who has the series with `in: every`, as in signals.yaml, and the front door.
PROCESSES = (*SERVICES, *(f"{name}-worker" for name in WORKERS), "web")
# How `argus-server up` calls itself, in the label `service`.
ALONE = "standalone"
PAGES = {"en": ROOT / "docs" / "operate" / "observe.md", "zh": ROOT / "docs" / "operate" / "observe.zh.md"}
# Grafana's grid has 24 columns.
_STAT, _GRAPH = (4, 4), (8, 8)
_COLUMNS = 24
Document = dict[str, Any]


def files() -> Iterator[tuple[str, str]]:
    """Name and text of each file that has comments, without its first line."""
    maps = [_config_map(name, board) for name, board in boards().items() if name != f"red-{ALONE}"]
    yield f"{COMPONENT}/dashboards.yaml", yaml.safe_dump_all(maps, sort_keys=False, width=120, allow_unicode=True)
    yield f"{COMPONENT}/alerts.yaml", yaml.safe_dump(_rule(), sort_keys=False, width=120, allow_unicode=True)


def plain_files() -> Iterator[tuple[str, str]]:
    """Name and whole text of each file that has none: JSON, and pages with tables in them."""
    for name, board in boards().items():
        text = json.dumps(board, indent=1, ensure_ascii=False) + "\n"
        yield f"deploy/observability/dashboards/{name}.json", text
    for language, path in PAGES.items():
        if path.exists():
            yield str(path.relative_to(ROOT)), with_tables(path.read_text(), language)


def signals() -> Document:
    """What is promised."""
    read: Document = yaml.safe_load((FOLDER / "signals.yaml").read_text())
    return read


def alerts() -> list[Document]:
    """The alert rules."""
    read = yaml.safe_load((FOLDER / "alerts.yaml").read_text())
    return [rule for group in read["groups"] for rule in group["rules"]]


def boards() -> dict[str, Document]:
    """Every dashboard, by the name of its file."""
    written = yaml.safe_load((FOLDER / "dashboards.yaml").read_text())
    made = {name: _board(name, said) for name, said in written.items()}
    red = {process: _of_process(process) for process in (*PROCESSES, ALONE)}
    return made | {f"red-{process}": _board(f"red-{process}", said) for process, said in red.items()}


def _of_process(process: str) -> Document:
    """Rate, errors, duration of one process, and what it takes."""
    own = f'service="{process}"'
    asked, seconds = "argus_http_requests_total", "argus_http_request_seconds_bucket"
    every = "[$__rate_interval]"
    failed = f'{own},status=~"5.."'
    errors = f'sum(rate({asked}{{{own},status=~"5.."}}{every}))'
    slowest = f"histogram_quantile(0.95, sum by (route, le) (rate({seconds}{{{own}}}{every})))"
    quantiles = [
        f"p{int(100 * q)} = histogram_quantile({q}, sum by (le) (rate({seconds}{{{own}}}{every})))"
        for q in (0.5, 0.95, 0.99)
    ]
    return {
        "title": f"Argus · RED · {process}",
        "about": f"Rate, errors and duration of {process}, by route.",
        "panels": [
            ["# Requests a second", "reqps", f"sum(rate({asked}{{{own}}}{every}))"],
            ["# Failed here (5xx)", "percentunit", f"({errors} or vector(0)) / sum(rate({asked}{{{own}}}{every}))"],
            ["# Replicas", "short", f'sum(up{{job="argus",{own}}})'],
            ["Rate", "reqps", f"{{{{status}}}} = sum by (status) (rate({asked}{{{own}}}{every}))"],
            ["Rate of the busiest routes", "reqps",
             f"{{{{method}}}} {{{{route}}}} = topk(10, sum by (method, route) (rate({asked}{{{own}}}{every})))"],
            ["Errors, by route", "reqps",
             f"{{{{route}}}} {{{{status}}}} = sum by (route, status) (rate({asked}{{{failed}}}{every}))"],
            ["Duration", "s", *quantiles],
            ["Duration of the slowest routes, p95", "s", f"{{{{route}}}} = topk(10, {slowest})"],
            ["Refused (4xx), by route", "reqps",
             f'{{{{route}}}} {{{{status}}}} = sum by (route, status) (rate({asked}{{{own},status=~"4.."}}{every}))'],
            ["Memory", "bytes", f'{{{{instance}}}} = process_resident_memory_bytes{{job="argus",{own}}}'],
            ["CPU", "percentunit", f'{{{{instance}}}} = rate(process_cpu_seconds_total{{job="argus",{own}}}{every})'],
            ["Open files and connections", "short", f'{{{{instance}}}} = process_open_fds{{job="argus",{own}}}'],
        ],
    }  # fmt: skip


def _board(name: str, said: Document) -> Document:
    panels: list[Document] = []
    x = y = row = 0
    for number, (title, unit, *drawn) in enumerate(said["panels"], start=1):
        is_stat = title.startswith("# ")
        width, height = _STAT if is_stat else _GRAPH
        if x + width > _COLUMNS or (panels and row != height):
            x, y = 0, y + row
        panels.append(_panel(number, title.removeprefix("# "), unit, drawn, is_stat=is_stat))
        panels[-1]["gridPos"] = {"x": x, "y": y, "w": width, "h": height}
        x, row = x + width, height
    source = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    return {
        "uid": f"argus-{name}",
        "title": said["title"],
        "description": said["about"],
        "tags": ["argus"],
        "editable": True,
        "schemaVersion": 41,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source]},
        "links": [{"type": "dashboards", "title": "Argus", "tags": ["argus"], "asDropdown": True}],
        "panels": panels,
    }


def _panel(number: int, title: str, unit: str, drawn: list[str], *, is_stat: bool) -> Document:
    targets = []
    for letter, text in zip("ABCDEF", drawn, strict=False):
        legend, separator, expression = text.partition(" = ")
        if not separator or re.search(r"[({]", re.sub(r"\{\{.*?\}\}", "", legend)):
            legend, expression = "", text
        targets.append({"refId": letter, "expr": expression, "legendFormat": legend or "__auto"})
    defaults: Document = {"unit": unit, "min": 0}
    options: Document = {"tooltip": {"mode": "multi", "sort": "desc"}, "legend": {"displayMode": "list"}}
    if is_stat:
        options = {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area", "colorMode": "none"}
    return {
        "id": number,
        "type": "stat" if is_stat else "timeseries",
        "title": title,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": targets,
    }


def _config_map(name: str, board: Document) -> Document:
    # Grafana's sidecar of kube-prometheus-stack looks for this label.
    labels = {"grafana_dashboard": "1", "app.kubernetes.io/part-of": "argus"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"dashboard-{name}", "labels": labels},
        "data": {f"argus-{name}.json": json.dumps(board, ensure_ascii=False)},
    }


def _rule() -> Document:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "argus", "labels": {"app.kubernetes.io/part-of": "argus"}},
        "spec": yaml.safe_load((FOLDER / "alerts.yaml").read_text()),
    }


_MARKED = re.compile(r"(<!-- made of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_HEADS = {
    "en": {
        "metrics": ("metric", "labels", "of", "what it says"),
        "spans": ("span", "of", "what it says"),
        "logs": ("field", "what it says"),
        "dashboards": ("dashboard", "what it shows"),
    },
    "zh": {
        "metrics": ("指标", "标签", "进程", "含义"),
        "spans": ("span", "进程", "含义"),
        "logs": ("字段", "含义"),
        "dashboards": ("仪表盘", "内容"),
    },
}


def with_tables(text: str, language: str) -> str:
    """A page with the tables between its marks made anew."""
    return _MARKED.sub(lambda found: f"{found[1]}{_table(found[2], language)}{found[3]}", text)


def _table(kind: str, language: str) -> str:
    if kind == "alerts":
        return "\n".join(_alert(rule, language) for rule in alerts()) + "\n"
    head = _HEADS[language][kind]
    rows = {"metrics": _metric_rows, "spans": _span_rows, "logs": _log_rows, "dashboards": _board_rows}[kind](language)
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _said(one: Document, language: str) -> str:
    return str(one["zh"] if language == "zh" else one["meaning"])


def _metric_rows(language: str) -> Iterator[tuple[str, ...]]:
    for metric in signals()["metrics"]:
        labels = [
            f"{name}: {', '.join(values)}" if isinstance(values, list) else name
            for name, values in metric.get("labels", {}).items()
        ]
        kind = f"{metric['type']}, {metric['unit']}" if "unit" in metric else metric["type"]
        yield f"`{metric['name']}` ({kind})", "; ".join(labels), ", ".join(metric["in"]), _said(metric, language)


def _span_rows(language: str) -> Iterator[tuple[str, ...]]:
    for span in signals()["spans"]:
        yield f"`{span['name']}`", ", ".join(span["in"]), _said(span, language)


def _log_rows(language: str) -> Iterator[tuple[str, ...]]:
    for entry in signals()["logs"]:
        yield f"`{entry['name']}`", _said(entry, language)


def _board_rows(language: str) -> Iterator[tuple[str, ...]]:
    for name, board in boards().items():
        if not name.startswith("red-"):
            yield board["title"], ", ".join(panel["title"] for panel in board["panels"])
    said = "每个进程一页：请求率、错误、耗时（按路由），以及内存、CPU 和打开的文件"
    yield "Argus · RED · …", said if language == "zh" else "A page for each process: rate, errors and duration by route"


def _alert(rule: Document, language: str) -> str:
    said = rule["annotations"]
    severity = rule["labels"]["severity"]
    text = said["zh"] if language == "zh" else f"{re.sub(r'{{.*?}}', '…', said['summary'])}. {said['action']}"
    return f"### {rule['alert']}\n\n*{severity}* · {text}\n\n```promql\n{rule['expr']}\n```\n"
