"""`argus ls` and `argus get`: what runs, and how it goes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from argus.cli.drawing import ago, elapsed, number, sparkline, status_style
from argus.cli.errors import NOT_WELL, OK, CliError
from argus.cli.options import Batch, Job, Json, Token, Url
from argus.cli.server import Server, connect, path_of, with_query
from argus.cli.terminal import Terminal

_PANEL = "Watch"
_MOST_OF_PAGE = {"batches": 500, "jobs": 200}
# Plenty for a line of forty characters, and little to carry.
_POINTS = 400
_INDENT = f"\n{'':<9}"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("ls", rich_help_panel=_PANEL)(ls)
    app.command("get", rich_help_panel=_PANEL)(get)


def ls(
    *,
    project: Annotated[str | None, typer.Option("--project", "-p", help="Only of this project.")] = None,
    status: Annotated[str | None, typer.Option("--status", "-s", help="running, done, failed, stopping, ...")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100_000, help="At most so many.")] = 20,
    jobs: Annotated[bool, typer.Option("--jobs", "-j", help="Jobs instead of batches.")] = False,
    since: Annotated[str | None, typer.Option("--since", help="Started within 30m, 24h, 7d, or since a time.")] = None,
    query: Annotated[str | None, typer.Option("--query", "-q", help="Text in names, hosts, commands.")] = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """List batches, the latest first."""
    terminal = Terminal(as_json=as_json)
    wanted = {"project": project, "status": status, "since": since, "q": query}
    with connect(url, token) as server:
        found = _jobs(server, wanted, limit) if jobs else _batches(server, wanted, limit)
    if as_json:
        terminal.emit({"jobs" if jobs else "batches": found})
    elif not found:
        terminal.note("Nothing matches." if any(wanted.values()) else "Nothing has reported yet: `argus run -- ...`.")
    elif jobs:
        _print_jobs(terminal, found, with_batch=True)
    else:
        _print_batches(terminal, found)
    return OK


def get(
    batch: Batch,
    job: Job = None,
    *,
    metrics: Annotated[bool, typer.Option("--metrics", "-m", help="The curves of one job.")] = False,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> int:
    """Show one batch with its jobs, or one job with its numbers."""
    terminal = Terminal(as_json=as_json)
    with connect(url, token) as server:
        if job is None and metrics:
            job = _only_job(server, batch)
        if job is not None:
            _show_job(terminal, server, batch, job, wide=metrics)
        else:
            _show_batch(terminal, server, batch)
    return OK


def _show_batch(terminal: Terminal, server: Server, batch: str) -> None:
    found = {"batch": server.get(path_of("batches", batch)), "jobs": server.get(path_of("batches", batch, "jobs"))}
    if terminal.as_json:
        terminal.emit(found)
    else:
        _print_batch(terminal, found["batch"], found["jobs"], f"{server.url}/batches/{batch}")


def _show_job(terminal: Terminal, server: Server, batch: str, job: str, *, wide: bool) -> None:
    detail = server.get(path_of("jobs", batch, job))
    if terminal.as_json and not wide:
        terminal.emit({"job": detail})
        return
    curves = _curves(server, batch, job)
    if terminal.as_json:
        terminal.emit({"job": detail, "metrics": curves})
    else:
        _print_job(terminal, detail, curves, wide=wide)


def _only_job(server: Server, batch: str) -> str:
    jobs = server.get(path_of("batches", batch, "jobs"))
    if len(jobs) != 1:
        raise CliError(NOT_WELL, f"{batch} has {len(jobs)} jobs.", "Name one: `argus get BATCH JOB -m`.")
    return str(jobs[0]["id"])


def _batches(server: Server, wanted: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while len(found) < limit:
        size = min(limit - len(found), _MOST_OF_PAGE["batches"])
        reply = server.reply("GET", with_query("/api/batches", {**wanted, "limit": size, "cursor": cursor}))
        found += server.decoded(reply)
        cursor = reply.headers.get("x-next-cursor")
        if not cursor:
            break
    return found[:limit]


def _jobs(server: Server, wanted: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    size = min(limit, _MOST_OF_PAGE["jobs"])
    found: list[dict[str, Any]] = []
    page = 1
    while len(found) < limit:
        answer = server.get("/api/jobs", **wanted, page=page, page_size=size)
        items = answer["items"]
        found += [{**item["job"], **{key: item[key] for key in ("project", "host", "batch_name")}} for item in items]
        if len(items) < size:
            break
        page += 1
    return found[:limit]


def _curves(server: Server, batch: str, job: str) -> list[dict[str, Any]]:
    series: list[dict[str, Any]] = server.get(path_of("jobs", batch, job, "metrics"), points=_POINTS)["series"]
    return series


def _print_batches(terminal: Terminal, batches: list[dict[str, Any]]) -> None:
    now = datetime.now(UTC)
    rows = [
        [
            batch["id"],
            batch["project"],
            batch["status"] or "-",
            _progress(batch),
            batch["host"] or "-",
            batch["owner"] or batch["user"] or "-",
            ago(batch["start_time"], now),
            elapsed(batch["start_time"], batch["end_time"], now),
        ]
        for batch in batches
    ]
    columns = ["batch", "project", "status", "jobs", "host", "owner", "started", "took"]
    terminal.table(columns, rows, [status_style(batch["status"]) for batch in batches])


def _print_jobs(terminal: Terminal, jobs: list[dict[str, Any]], *, with_batch: bool) -> None:
    now = datetime.now(UTC)
    rows = []
    for job in jobs:
        head = [job["batch_id"], job["id"]] if with_batch else [job["id"]]
        epoch = job.get("last_epoch")
        rows.append(
            [
                *head,
                job["status"] or "-",
                job.get("model") or "-",
                job.get("dataset") or "-",
                "-" if epoch is None else str(epoch),
                _latest(job),
                elapsed(job["start_time"], job["end_time"], now),
            ]
        )
    columns = [*(["batch"] if with_batch else []), "job", "status", "model", "dataset", "epoch", "latest", "took"]
    terminal.table(columns, rows, [status_style(job["status"]) for job in jobs])


def _print_batch(terminal: Terminal, batch: dict[str, Any], jobs: list[dict[str, Any]], page: str) -> None:
    now = datetime.now(UTC)
    facts = {
        "batch": batch["id"],
        "status": f"{batch['status']}{' (stalled)' if batch.get('is_stalled') else ''}",
        "project": batch["project"],
        "name": batch.get("name"),
        "jobs": _progress(batch),
        "host": batch["host"],
        "owner": batch["owner"] or batch["user"],
        "command": batch["command"],
        "started": f"{batch['start_time']} ({ago(batch['start_time'], now)})",
        "took": elapsed(batch["start_time"], batch["end_time"], now),
        "error": batch.get("error"),
        "page": page,
    }
    _print_facts(terminal, facts)
    if jobs:
        terminal.say("")
        _print_jobs(terminal, jobs, with_batch=False)


def _print_job(terminal: Terminal, job: dict[str, Any], curves: list[dict[str, Any]], *, wide: bool) -> None:
    now = datetime.now(UTC)
    facts = {
        "job": f"{job['batch_id']} / {job['id']}",
        "status": job["status"],
        "model": job.get("model"),
        "dataset": job.get("dataset"),
        "epoch": None if job.get("last_epoch") is None else str(job["last_epoch"]),
        "took": elapsed(job["start_time"], job["end_time"], now),
        "reason": job.get("reason"),
        "final": ", ".join(f"{key} {_value(value)}" for key, value in (job.get("metrics") or {}).items()),
    }
    _print_facts(terminal, facts)
    if curves:
        terminal.say("")
        _print_curves(terminal, curves, width=60 if wide else 30)


def _print_curves(terminal: Terminal, curves: list[dict[str, Any]], width: int) -> None:
    rows = []
    for series in curves:
        whole = series["summary"]
        rows.append(
            [
                series["name"],
                number(whole["last"]),
                _at(whole["min"], whole["min_step"]),
                _at(whole["max"], whole["max_step"]),
                f"{whole['last_step']}",
                sparkline(series["values"], width),
            ]
        )
    by = curves[0]["kind"] if len({series["kind"] for series in curves}) == 1 else "step"
    terminal.table(["metric", "last", "min", "max", by, "curve"], rows)


def _at(value: float | None, step: int | None) -> str:
    return "-" if value is None else f"{number(value)} @{step}"


def _print_facts(terminal: Terminal, facts: dict[str, str | None]) -> None:
    for name, value in facts.items():
        if value:
            terminal.say(f"{name:<9}{value.replace(chr(10), _INDENT)}")


def _progress(batch: dict[str, Any]) -> str:
    total = batch.get("n_total") or batch.get("n_jobs") or 0
    failed = f", {batch['n_failed']} failed" if batch.get("n_failed") else ""
    return f"{batch.get('n_done') or 0}/{total}{failed}"


def _latest(job: dict[str, Any]) -> str:
    latest = {key: value for key, value in (job.get("latest") or {}).items() if key not in ("epoch", "step")}
    return " ".join(f"{key}={_value(value)}" for key, value in list(latest.items())[:3]) or "-"


def _value(value: Any) -> str:
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
