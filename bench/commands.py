"""Commands: from the click to a process, how many a second, and a thousand agents that ask one executor.

    python -m bench.commands --url http://127.0.0.1:8000 --token em_live_... --pid PID [--quick]
    python -m bench.commands --floors

Prints one JSON object. `--pid` is the server's process, or the stack's launcher; CPU and memory are those of the
executor below it (in standalone, of the one process). All agents are one person's, who also clicks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from bench.cpu import Usage, program
from bench.hosts import Line, SimulatedAgent, recorded

# Minting a token costs the server a hash of 64 MiB; more at once only wait for each other.
_REGISTER_AT_ONCE = 4
# A freed question rests for a second, so that one host takes about one command a second: enough hosts that the
# server is what is measured.
_STOCK = 128


def quantile(values: list[float], q: float) -> float | None:
    """In milliseconds, of seconds."""
    return round(sorted(values)[min(int(len(values) * q), len(values) - 1)] * 1000, 2) if values else None


def click_to_start(url: str, token: str, clicks: int) -> dict[str, Any]:
    """A real agent: from the sending of POST rerun to the first line of the recorded command."""
    with tempfile.TemporaryDirectory(prefix="argus-bench-agent-", ignore_cleanup_errors=True) as folder:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ARGUS_")}
        environment = kept | {"ARGUS_AGENT_HOME": f"{folder}/agent", "HOME": folder}
        agent = [sys.executable, "-m", "argus.agent.cli"]
        name = f"click-{random.randrange(10**9)}"
        words = ["register", "--url", url, "--token", token, "--hostname", name]
        subprocess.run([*agent, *words], env=environment, check=True, capture_output=True)
        with (Path(folder) / "agent.log").open("wb") as log:
            running = subprocess.Popen([*agent, "run"], env=environment, stdout=log, stderr=log)
        try:
            waits = asyncio.run(_click(url, token, name, Path(folder) / "began", clicks))
        finally:
            running.terminate()
            running.wait(30)
    return {
        "clicks": len(waits),
        "p50_ms": quantile(waits, 0.5),
        "p95_ms": quantile(waits, 0.95),
        "worst_ms": quantile(waits, 1),
    }


async def _click(url: str, token: str, host: str, witness: Path, clicks: int) -> list[float]:
    person, waits = Line(url, token), []
    command = f"date +%s.%N >> {shlex.quote(str(witness))}"
    for number in range(clicks + 1):
        batch_id = f"bench-{host}-{number}"
        await person.ask("POST", "/api/events/batch", {"events": recorded(batch_id, host, command)})
        sent = time.time()
        await person.ask("POST", f"/api/batches/{batch_id}/rerun", {"overrides": {}})
        while not (lines := _lines(witness)[number:]):
            if time.time() - sent > 60:
                raise RuntimeError("the command never began")
            await asyncio.sleep(0.005)
        waits.append(float(lines[0]) - sent)
        # Clicks of a person are no burst: the agent is back at its question.
        await asyncio.sleep(0.3)
    return waits[1:]


def _lines(witness: Path) -> list[str]:
    return witness.read_text().splitlines() if witness.exists() else []


async def throughput(url: str, token: str, agents: int, seconds: float) -> dict[str, Any]:
    """Whole lives of commands a second: clicked, handed over, acknowledged, reported as ended."""
    ended = 0
    done: dict[str, asyncio.Event] = {}

    async def carry_out(host: SimulatedAgent, command: dict[str, Any]) -> None:
        nonlocal ended
        await _acknowledge(host, command, pid=1)
        report = {"seq": 0, "step": "ended", "at": datetime.now(UTC).isoformat(), "exit_code": 0}
        assert host.telling is not None
        await host.telling.ask("POST", f"{host.path}/jobs/{command['id']}/report", report)
        ended += 1
        done[host.name].set()

    hosts = [SimulatedAgent(url, token, f"rate-{random.randrange(10**9)}", carry_out) for _ in range(agents)]
    await _register(hosts)

    async def click(host: SimulatedAgent) -> None:
        person = Line(url, token)
        while True:
            done[host.name] = asyncio.Event()
            await person.ask("POST", f"/api/batches/{host.batch_id}/rerun", {"overrides": {}})
            await done[host.name].wait()

    tasks = [asyncio.create_task(host.serve(is_held=True, begin_s=0)) for host in hosts]
    await asyncio.sleep(1)
    tasks += [asyncio.create_task(click(host)) for host in hosts]
    await asyncio.sleep(min(2, seconds / 3))
    before, begin = ended, time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (ended - before) / (time.perf_counter() - begin)
    await _end(tasks)
    return {"agents": agents, "commands_per_second": round(rate, 1)}


async def crowd(url: str, token: str, pid: int, agents: int, seconds: float) -> dict[str, Any]:
    """Many agents that ask, and now and then a command for one of them: how long until it has it; what that takes."""
    clicked: dict[str, float] = {}
    waits: list[float] = []

    async def take(host: SimulatedAgent, command: dict[str, Any]) -> None:
        waits.append(time.perf_counter() - clicked[host.name])
        await _acknowledge(host, command, error="only measured")

    names = [f"crowd-{random.randrange(10**9)}-{number}" for number in range(agents)]
    hosts = [SimulatedAgent(url, token, name, take) for name in names]
    begin = time.perf_counter()
    await _register(hosts)
    setting_up_s = time.perf_counter() - begin
    # Their polls and beats are spread as those of hosts that started whenever they did.
    tasks = [
        asyncio.create_task(host.serve(is_held=True, begin_s=10 * number / agents)) for number, host in enumerate(hosts)
    ]
    await asyncio.sleep(12)
    idle = await _usage(pid, seconds / 2)
    person, busy = Line(url, token), asyncio.create_task(_usage(pid, seconds / 2))
    chosen = random.sample(hosts, min(len(hosts), max(20, int(seconds * 4))))
    for host in chosen:
        clicked[host.name] = time.perf_counter()
        await person.ask("POST", f"/api/batches/{host.batch_id}/rerun", {"overrides": {}})
        await asyncio.sleep(seconds / 2 / len(chosen))
    found = await busy
    await asyncio.sleep(2)
    await _end(tasks)
    return {
        "agents": agents,
        "setting_up_s": round(setting_up_s, 1),
        "idle": idle,
        "with_commands": found,
        "commands": len(chosen),
        "lost": len(chosen) - len(waits),
        "p50_ms": quantile(waits, 0.5),
        "p99_ms": quantile(waits, 0.99),
    }


async def _usage(pid: int, seconds: float) -> dict[str, Any]:
    """What the executor takes meanwhile; in standalone, the one process."""
    usage = Usage(pid)
    await asyncio.sleep(seconds)
    spent = usage.by_program()
    names = {"executor", "standalone"}
    ours = sum(value for name, value in spent.items() if name in names)
    root = psutil.Process(pid)
    rss = sum(one.memory_info().rss for one in [root, *root.children(recursive=True)] if program(one) in names)
    return {
        "executor_cpu_pct": round(100 * ours / seconds, 1),
        "all_cpu_pct": round(100 * sum(spent.values()) / seconds, 1),
        "executor_rss_mib": round(rss / 2**20, 1),
    }


async def _acknowledge(
    host: SimulatedAgent, command: dict[str, Any], pid: int | None = None, error: str | None = None
) -> None:
    assert host.telling is not None
    body = {"status": "failed" if error else "started", "pid": pid, "error": error}
    await host.telling.ask("POST", f"{host.path}/jobs/{command['id']}/ack", body)


async def _register(hosts: list[SimulatedAgent]) -> None:
    room = asyncio.Semaphore(_REGISTER_AT_ONCE)

    async def one(host: SimulatedAgent) -> None:
        async with room:
            await host.register()

    await asyncio.gather(*(one(host) for host in hosts))


async def _end(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()):
            raise error
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def floors(rounds: int = 300) -> dict[str, Any]:
    """What no command can beat here: a question and its answer over NATS, and the start of a process."""
    import nats

    from argus_kit.testing import nats_child

    with nats_child() as child:
        one, other = [await nats.connect(f"nats://127.0.0.1:{child.port}") for _ in range(2)]

        async def answer(message: Any) -> None:
            await message.respond(b"{}")

        await one.subscribe("floor", cb=answer)
        await one.flush()
        trips = []
        for _ in range(rounds):
            begin = time.perf_counter()
            await other.request("floor", b"{}", timeout=5)
            trips.append(time.perf_counter() - begin)
        await one.close()
        await other.close()
    return {
        "nats_round_trip_p50_ms": quantile(trips, 0.5),
        "nats_round_trip_p99_ms": quantile(trips, 0.99),
        **{f"{name}_p50_ms": quantile(_starts(command, rounds // 3), 0.5) for name, command in _PROCESSES.items()},
    }


# The agent starts a supervisor in Python, which starts a shell: what that takes without anything of ours.
_PROCESSES = {
    "fork_exec": ["true"],
    "shell": ["sh", "-c", "date +%s.%N"],
    "bare_python": [sys.executable, "-I", "-S", "-c", "pass"],
}


def _starts(command: list[str], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    return times


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All but the clicks, which have an agent of their own."""
    few = options.quick
    return {
        "throughput": await throughput(options.url, options.token, _STOCK, 4 if few else 20),
        "crowd": await crowd(options.url, options.token, options.pid, options.agents, 10 if few else 60),
    }


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url")
    parser.add_argument("--token", help="an em_live_ token")
    parser.add_argument("--pid", type=int)
    parser.add_argument("--agents", type=int, default=None, help="default 1,000; 50 with --quick")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--floors", action="store_true", help="the machine's own limits, without a server")
    options = parser.parse_args()
    options.agents = options.agents or (50 if options.quick else 1000)
    if options.floors:
        found = asyncio.run(floors())
    else:
        found = {"click": click_to_start(options.url, options.token, 5 if options.quick else 40)}
        found |= asyncio.run(measure(options))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
