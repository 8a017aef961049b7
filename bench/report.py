"""Makes the tables of docs/benchmarks.md from docs/benchmarks.json, between two marks; the prose around is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.results import Results
from bench.targets import reached

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- end of figures -->"
MODES = ("standalone", "stack")


def write(results: Results, page: Path = PAGE) -> None:
    """Replace what stands between the marks."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(lines(results))
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def lines(results: Results) -> Iterator[str]:
    """All tables."""
    for section in (
        _machine,
        _targets,
        _floors,
        _hot_path,
        _imports,
        _storing,
        _pages,
        _curves,
        _paint,
        _scroll,
        _fan_out,
        _callers,
        _commands,
        _storms,
        _growth,
        _replicas,
    ):
        yield from section(results)
    yield ""


def _machine(results: Results) -> Iterator[str]:
    machine = results.get("machine") or {}
    rows = [("processors", "cpus"), ("system", "system"), ("Python", "python")]
    found = [figures for part, names in results.parts.items() if part != "machine" for figures in names.values()]
    facts = [(said, str(machine.get(name))) for said, name in rows]
    if found:
        times, loads = [one["at"] for one in found], [one["load"] for one in found]
        facts.append(("first and last part", f"{min(times)}, {max(times)}"))
        facts.append(("load average after each part, least and most", f"{min(loads)}, {max(loads)}"))
    yield from _table("Measured on", ("", ""), facts)


def _targets(results: Results) -> Iterator[str]:
    rows = []
    for target, found in ((one.target, one) for one in reached(results)):
        limit = f"{'<=' if target.at_most else '>='} {target.limit:,} {target.unit}"
        rows.append((target.part, target.what, limit, _figure(found.found), found.verdict))
    yield from _table("Targets", ("", "what", "target", "here", ""), rows)


def _floors(results: Results) -> Iterator[str]:
    names = {
        "echo_events_per_s_500": "decode in a bare uvicorn, bodies of 500, events/s",
        "echo_requests_per_s_1": "the same, one event a request, requests/s",
        "postgres_copy_rows_per_s": "PostgreSQL COPY, two unique indexes, rows/s",
        "postgres_unnest_rows_per_s": "PostgreSQL unnest, on conflict do nothing, rows/s",
        "sqlite_rows_per_s": "SQLite, WAL, synchronous=full, rows/s",
        "deque_append_us": "deque append, us",
        "queue_put_us": "queue.Queue put, us",
    }
    rows = [(what, _figure(results.get("floors", "here", name))) for name, what in names.items()]
    yield from _table("This machine's limits", ("what", "figure"), rows)


def _hot_path(results: Results) -> Iterator[str]:
    ours = results.get("P1", "here")
    rows = [_loop_row("**this SDK**, `job.epoch()`", ours, (ours or {}).get("stats", {}).get("dropped"))]
    for name, figures in _rivals(results):
        if "left_out" in figures:
            rows.append((name, figures["left_out"], "", "", "", ""))
            continue
        rows.append(_loop_row(figures.get("version", name), figures, figures.get("dropped")))
        if "sync" in figures:
            rows.append(_loop_row("the same, synchronous", figures["sync"], None))
    head = ("four metrics logged", "calls", "tight p50 / p99", "worst", "with 100 us of work p50 / p99", "dropped")
    yield from _table("P1: what the loop feels", head, rows)


def _loop_row(name: str, figures: dict[str, Any] | None, dropped: Any) -> tuple[str, ...]:
    if not figures:
        return (name, "not measured", "", "", "", "")
    tight, work = figures["tight"], figures["work_100us"]
    return (
        name,
        _figure(figures["calls"]),
        f"{_figure(tight['p50_us'])} / {_figure(tight['p99_us'])} us",
        f"{_figure(tight['worst_ms'])} ms",
        f"{_figure(work['p50_us'])} / {_figure(work['p99_us'])} us",
        "" if dropped is None else _figure(dropped),
    )


def _imports(results: Results) -> Iterator[str]:
    ours = results.get("P2", "here", "argus") or {}
    everyone = {"**this SDK**": {"import_ms": ours.get("ms"), "memory_mib": ours.get("mib")} if ours else None}
    everyone |= {figures.get("version", name): figures for name, figures in _rivals(results)}
    rows = [
        (name, f"{figures['import_ms']} ms", f"{figures['memory_mib']} MiB")
        for name, figures in everyone.items()
        if figures and "import_ms" in figures
    ]
    yield from _table("P2: import, over a bare interpreter", ("", "time", "memory"), rows)


def _storing(results: Results) -> Iterator[str]:
    limits = {"standalone": "sqlite_rows_per_s", "stack": "postgres_unnest_rows_per_s"}
    rows = []
    for mode in MODES:
        full, calm, flood, single = (
            results.get("P3", mode, "full"),
            results.get("P3", mode, "at_80_pct"),
            results.get("P3", mode, "at_300_pct"),
            results.get("P4", mode),
        )
        limit = results.get("floors", "here", limits[mode])
        if full and calm and flood:
            rate = full["events_per_second"]
            rows += [
                (mode, "bodies of 500", f"{rate:,} events/s", f"{rate / limit:.0%}" if limit else "",
                 f"{full['p50_ms']} / {full['p99_ms']} ms", ""),
                (mode, "at 80 % of that", f"{calm['events_per_second']:,} events/s", "",
                 f"{calm['p50_ms']} / {calm['p99_ms']} ms", ""),
                (mode, "3 times as much offered", f"{flood['events_per_second']:,} events/s", "",
                 f"{flood['p50_ms']} / {flood['p99_ms']} ms",
                 _flood(flood)),
            ]  # fmt: skip
        if single:
            rate = single["events_per_second"]
            rows.append(
                (mode, "one event a request", f"{rate:,}/s", "", f"{single['p50_ms']} / {single['p99_ms']} ms", "")
            )
    for _, figures in _rivals(results):
        if "points_per_second" in figures:
            rows.append(
                (figures["version"], "points of one metric", f"{figures['points_per_second']:,} points/s", "", "", "")
            )
    head = ("", "what", "stored, acknowledged = on disk", "of the database's limit", "p50 / p99", "")
    yield from _table("P3, P4: events stored", head, rows)


def _flood(figures: dict[str, Any]) -> str:
    memory = f"memory {figures['memory_before_mib']} to {figures['memory_after_mib']} MiB"
    return f"{figures['refused_requests']} refused; {memory}; calm again after {figures['recovered_s']} s"


def _curves(results: Results) -> Iterator[str]:
    rows = []
    for mode in MODES:
        for name, figures in sorted((results.get("P6", mode) or {}).items()):
            if isinstance(figures, dict):
                rows.append((mode, name, ", ".join(f"{key} {_figure(value)}" for key, value in figures.items())))
    for _, figures in _rivals(results):
        reads = figures.get("read") or {}
        for one in reads.values() if "points" not in reads else [reads]:
            rows.append((figures["version"], f"all of {one['points']:,} points", f"{one['ms']:,} ms"))  # noqa: PERF401
    yield from _table("P6: one metric of one job for a chart", ("", "what", "figures"), rows)


def _pages(results: Results) -> Iterator[str]:
    rows = []
    for mode in MODES:
        for name, one in (results.get("P5", mode) or {}).items():
            if isinstance(one, dict):
                cpu = f"{_figure(one['few_cpu_ms'])} / {_figure(one['cpu_ms'])} ms" if "cpu_ms" in one else ""
                rows.append((mode, name, f"{one['p50_ms']} / {one['p95_ms']} ms", f"{one['growth']} times", cpu))
    more = "processor a request, with a tenth / with all"
    head = ("", "what a page asks for", "p50 / p95", "against a tenth of the batches", more)
    yield from _table("P5: 10,000 batches, 200,000 jobs and 50 million points stored", head, rows)


def _paint(results: Results) -> Iterator[str]:
    rows = []
    for mode in MODES:
        found = results.get("P7", mode) or {}
        for page in ("home", "batches", "matrix", "curves", "job"):
            if one := found.get(page):
                live, slow = one.get("live", {}), one.get("live_slow", {})
                rows.append((
                    mode, page, f"{_figure(one['js_kib_to_lcp'])} KiB",
                    f"{_figure(one['lcp_ms'])} / {_figure(one['lcp_slow_ms'])} ms", _figure(one["cls"]),
                    f"{_figure(one['tbt_ms'])} / {_figure(one['tbt_slow_ms'])} ms",
                    f"{_figure(live['longest_task_ms'])} / {_figure(slow['longest_task_ms'])} ms" if live else "",
                ))  # fmt: skip
        if floor := found.get("floor"):
            rows.append((mode, "a page of one line", "", f"{floor['lcp_ms']} / {floor['lcp_slow_ms']} ms", "", "", ""))
    head = ("", "page", "JavaScript", "largest paint / 4 times slower", "CLS", "TBT", "longest task, live")
    yield from _table("P7: the web app in Chromium, nothing cached", head, rows)


def _scroll(results: Results) -> Iterator[str]:
    rows = []
    for mode in MODES:
        for name, found in ((results.get("P7", mode) or {}).get("scroll") or {}).items():
            for way in ("still", "by_rows", "by_pages"):
                one = found[way]
                rows.append((
                    mode, f"{name}, {way.replace('_', ' ')}", _figure(one["frames_per_s"]),
                    f"{one['median_ms']} / {one['p95_ms']} ms", f"{one['busy_ms_a_frame']} ms",
                ))  # fmt: skip
    head = ("", "scrolled in every frame", "frames a second", "between frames, p50 / p95", "the page's thread, a frame")
    yield from _table("P7: a list of 100,000 jobs and a matrix of 60 models and 60 datasets", head, rows)


def _fan_out(results: Results) -> Iterator[str]:
    rows = []
    for mode in MODES:
        for one in (results.get("P8", mode) or {}).values():
            if isinstance(one, dict):
                missed = one["missed"] + one["burst_missed"]
                rows.append((mode, _figure(one["clients"]), f"{one['p50_ms']} / {one['p99_ms']} ms",
                             f"{one['burst']} in {one['burst_last_ms']} ms", _figure(missed)))  # fmt: skip
    head = ("", "clients on one channel", "p50 / p99", "burst of events, to the last frame", "missed")
    yield from _table("P8: event to browser, request sent to frame received", head, rows)


def _rivals(results: Results) -> list[tuple[str, dict[str, Any]]]:
    return sorted((results.get("rivals") or {}).items())


def _growth(results: Results) -> Iterator[str]:
    rows = []
    for mode in MODES:
        found = results.get("P10", "here", mode) or {}
        for name in ("some", "many"):
            if one := found.get(name):
                rates = f"{_figure(one['empty'])} / {_figure(one['full'])}"
                rows.append((mode, _figure(one["points"]), rates, f"{_figure(one['share_pct'])} %"))
    head = ("", "points stored", "events/s, an empty one / this one", "share")
    yield from _table("P10: bodies of 500 to a server that holds much, and to an empty one in turns", head, rows)


def _replicas(results: Results) -> Iterator[str]:
    found = results.get("P11", "here") or {}
    rows = []
    for name, one in sorted(found.items()):
        if not name.startswith("replicas_"):
            continue
        for shape, what in (
            ("single", "one a request"),
            ("bundled", "500 a request"),
            ("wide", "100, 50 numbers each"),
        ):
            figures = one[shape]
            first = found.get("replicas_1", one)[shape]["cpu_us_all"]
            rows.append((
                name.removeprefix("replicas_"), what, f"{figures['events_per_second']:,}/s",
                f"{_figure(figures['cpu_us_all'])} us", f"{figures['cpu_us_all'] / first:.0%}",
                " / ".join(f"{share:,}" for share in figures["events_by_replica"]),
            ))  # fmt: skip
        fan = one["fan_out"]
        what = f"frames to {fan['clients']} streams"
        missed = f"{fan['missed'] + fan['burst_missed']} missed"
        shares = " / ".join(f"{share:,}" for share in fan["frames_by_replica"])
        rows.append((name.removeprefix("replicas_"), what, missed, f"{sum(fan['cpu_us'].values()):.1f} us", "", shares))
    head = ("replicas", "what", "", "processor of each", "of one replica's", "by replica")
    yield from _table("P11: replicas of every service, on the processors of one machine", head, rows)


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    found = list(rows)
    if not found:
        return
    yield from ("", f"### {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}")
    for row in found:
        yield f"| {' | '.join(row)} |"


def _callers(results: Results) -> Iterator[str]:
    names = (
        ("a remembered session, us", ("warm", "jwt_us")),
        ("a remembered token, us", ("warm", "token_us")),
        ("a request that asks for nobody, us", ("request", "without_us")),
        ("the same with a session, us", ("request", "jwt_us")),
        ("the same with a token, us", ("request", "token_us")),
        ("the first request of a session, p50, ms", ("cold", "jwt_p50_ms")),
        ("the first request of a token, p50, ms", ("cold", "token_p50_ms")),
        ("logins a second, 64 clients", ("storm", "logins_per_second")),
        ("a login meanwhile, p50, ms", ("storm", "p50_ms")),
        ("the event loop late, nobody there, p99, ms", ("storm", "calm_loop_late_p99_ms")),
        ("the event loop late, in the storm, p99, ms", ("storm", "loop_late_p99_ms")),
        ("the worst of it, ms", ("storm", "loop_late_worst_ms")),
    )
    rows = [(what, _figure(results.get("P12", "here", *path))) for what, path in names]
    yield from _table("P12: knowing the caller", ("what", "figure"), rows)


def _commands(results: Results) -> Iterator[str]:
    names = (
        ("from the click to a process, p50 / p95, ms", ("click", "p50_ms"), ("click", "p95_ms")),
        ("whole lives of commands a second", ("throughput", "commands_per_second"), None),
        ("agents that ask", ("crowd", "agents"), None),
        ("a command to its agent, p50 / p99, ms", ("crowd", "p50_ms"), ("crowd", "p99_ms")),
        (
            "the executor with all of them asking, % of a core / MiB",
            ("crowd", "idle", "executor_cpu_pct"),
            ("crowd", "idle", "executor_rss_mib"),
        ),
        (
            "the same with commands, % of a core / MiB",
            ("crowd", "with_commands", "executor_cpu_pct"),
            ("crowd", "with_commands", "executor_rss_mib"),
        ),
    )
    rows = []
    for what, *paths in names:
        cells = [" / ".join(_figure(results.get("P13", mode, *path)) for path in paths if path) for mode in MODES]
        rows.append((what, *cells))
    yield from _table("P13: commands", ("what", *MODES), rows)
    floors = (
        ("a question and its answer over NATS, p50, ms", "nats_round_trip_p50_ms"),
        ("fork and exec of `true`, p50, ms", "fork_exec_p50_ms"),
        ("a shell that runs `date`, p50, ms", "shell_p50_ms"),
        ("a bare interpreter, p50, ms", "bare_python_p50_ms"),
    )
    rows = [(what, _figure(results.get("P13", "here", name))) for what, name in floors]
    yield from _table("P13: what no command can beat", ("what", "figure"), rows)


def _storms(results: Results) -> Iterator[str]:
    names = (
        ("failures, batches", ("failures",), ("batches",)),
        ("sent in, s", ("sent_in_s",), None),
        ("the first in the inbox after, ms", ("first_in_inbox_ms",), None),
        ("all counted after the last answer, s", ("all_counted_after_s",), None),
        ("memory before / at its peak, MiB", ("memory_before_mib",), ("memory_peak_mib",)),
        ("rows of the inbox / of deliveries", ("rows", "notification"), ("rows", "delivery")),
        ("rows that count / links to unsubscribe", ("rows", "surge"), ("rows", "unsubscribe_token")),
        ("mails sent in the first two minutes", ("mails_sent",), None),
    )
    rows = []
    for what, *paths in names:
        for_each = ("one_batch", "many_batches")
        cells = [
            " / ".join(_figure(results.get("P14", "here", case, *path)) for path in paths if path) for case in for_each
        ]
        rows.append((what, *cells))
    yield from _table("P14: a storm of failures", ("what", "one batch", "500 batches"), rows)


def _figure(value: Any) -> str:
    match value:
        case None:
            return "-"
        case float() if value >= 1000:
            return f"{value:,.0f}"
        case int() | float():
            return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")
    return str(value)
