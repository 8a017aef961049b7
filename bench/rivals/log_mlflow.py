"""MLflow against a server of its own (SQLite) on loopback: logging, `log-batch`, and reading a history."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import mlflow
from loop import METRICS, measure, say

SIZES = (10_000, 100_000)
_ENTITIES = 1000  # the most that log-batch takes


def main():
    """Start the server, measure, end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with Path("server.log").open("wb") as log:
        server = subprocess.Popen([*command, "--backend-store-uri", "sqlite:///mlflow.db"], stdout=log, stderr=log)
    try:
        _wait(url)
        mlflow.set_tracking_uri(url)
        say(_measure(url))
    finally:
        server.terminate()
        server.wait(20)


def _measure(url):
    with mlflow.start_run() as run:
        slow = measure(lambda i: mlflow.log_metrics(METRICS, step=i, synchronous=True), 40)
        found = measure(lambda i: mlflow.log_metrics(METRICS, step=i, synchronous=False), 400)
        mlflow.flush_async_logging()
        rates, reads = [], {}
        for points in SIZES:
            rates.append(_store(url, run.info.run_id, f"m{points}", points))
            reads[str(points)] = _read(url, run.info.run_id, f"m{points}")
    return {**found, "sync": slow, "points_per_second": max(rates), "read": reads}


def _store(url, run_id, key, points):
    begin = time.perf_counter()
    for first in range(0, points, _ENTITIES):
        metrics = [{"key": key, "value": i / 7, "timestamp": i, "step": i} for i in range(first, first + _ENTITIES)]
        _post(f"{url}/api/2.0/mlflow/runs/log-batch", {"run_id": run_id, "metrics": metrics})
    return round(points / (time.perf_counter() - begin))


def _read(url, run_id, key):
    """All points of one metric, page by page as the server gives them."""
    begin, size, count, token = time.perf_counter(), 0, 0, ""
    while True:
        query = f"run_id={run_id}&metric_key={key}&max_results=25000" + (f"&page_token={token}" if token else "")
        with urllib.request.urlopen(f"{url}/api/2.0/mlflow/metrics/get-history?{query}") as answer:
            body = answer.read()
        page = json.loads(body)
        size, count, token = size + len(body), count + len(page.get("metrics", [])), page.get("next_page_token", "")
        if not token:
            return {"points": count, "ms": round((time.perf_counter() - begin) * 1000), "bytes": size}


def _post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()


def _wait(url):
    deadline = time.monotonic() + 90
    while True:
        try:
            return urllib.request.urlopen(f"{url}/health").close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    # Its server starts seven processes for jobs otherwise, which nobody asked here.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    main()
