"""One run with commands: the clicks, the blows at their steps, and the count of what was executed."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from argus_standalone.testing import Account
from rig.agents import FolderWatch, TrainingHost
from rig.command_plan import Blow, CommandPlan
from rig.gate import Gate
from rig.pausing import Pausing
from rig.person import BUSY, Person
from rig.systems import Stack

EPOCHS = 20
_OPEN = frozenset({"pending", "delivered", "started"})


class Executions(NamedTuple):
    """What became of a plan: blows that fell, commands asked for, those lost, those executed more than once."""

    plan: CommandPlan
    fallen: list[Blow]
    asked: int
    lost: int
    double: int
    broken: list[str]
    wall_s: float


class Blows:
    """Strikes once at each step that the plan names, in the thread that comes to it."""

    def __init__(self, plan: CommandPlan, strike: Callable[[Blow], None]) -> None:
        self._left = {blow.at: blow for blow in plan.blows}
        self._strike = strike
        self._lock = threading.Lock()
        self.fallen: list[Blow] = []

    def reached(self, step: str) -> None:
        """A command came to a step."""
        with self._lock:
            blow = self._left.pop(step, None)
        if blow is not None:
            self.fallen.append(blow)
            self._strike(blow)


class CommandRun:
    """Clicks, blows and the verdict. What everybody wrote is in `folder` until `close`."""

    def __init__(self, plan: CommandPlan, system: Stack, account: Account) -> None:
        self.plan = plan
        self.folder = Path(tempfile.mkdtemp(prefix=f"argus-chaos-commands-{plan.seed}-"))
        self._system = system
        self._account = account
        self._blows = Blows(plan, self._strike)
        self._gate = Gate(system.url, self._blows.reached)
        self._host = TrainingHost(f"host-{self.folder.name[-8:]}", self.folder, self._gate.url, account)
        self._person = Person(account, system, self._blows.reached, self.folder)
        self._healers: list[threading.Thread] = []
        self._broken: list[str] = []

    def go(self) -> Executions:
        """From the first click to the verdict."""
        begin = time.monotonic()
        stopped_how = "deaf" if self.plan.is_deaf else "long"
        kinds = ["saving", *["short"] * (self.plan.reruns - 1), stopped_how]
        self._host.register()
        sources = [self._host.record(self._account, how) for how in kinds]
        self._host.start()
        watch = FolderWatch(self._host, self._blows.reached, self._gate.kind)
        try:
            batches = [self._rerun(source) for source in sources]
            pausing = Pausing(batches[0], self._person, self._host, self._system)
            pausing.inspect()
            pausing.pause()
            self._await_start(batches[-1])
            self._click_stop(batches[-1])
            pausing.resume()
            self._settle(batches)
        finally:
            watch.close()
            for healer in self._healers:
                healer.join(30)
        self._system.wait_ready()
        lost, double = self._judge(batches)
        self._broken += pausing.broken()
        lost, double = lost + pausing.lost, double + pausing.double
        asked = len(batches) + 1 + pausing.asked
        seconds = time.monotonic() - begin
        return Executions(self.plan, self._blows.fallen, asked, lost, double, self._broken, seconds)

    def close(self, *, keep: bool) -> None:
        """End what is left, and forget or keep what was written."""
        for way in self._system.ways.values():
            way.heal()
        self._host.end()
        self._gate.close()
        if keep:
            for log in self._system.logs():
                shutil.copy(log, self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _strike(self, blow: Blow) -> None:
        if blow.kind == "cut":
            way = self._system.ways[blow.target]
            way.cut()
            self._later(blow.for_s, way.heal)
        elif blow.target == "agent":
            self._host.kill()
            self._later(blow.for_s, self._host.start)
        elif blow.target == "supervisor":
            for run in (self._host.home / "runs").glob("*"):
                self._host.kill_supervisor(run.name)
        else:
            self._system.signal(blow.target, 9)  # type: ignore[arg-type]

    def _later(self, after_s: float, action: Callable[[], None]) -> None:
        def wait() -> None:
            time.sleep(after_s)
            action()

        self._healers.append(threading.Thread(target=wait, daemon=True))
        self._healers[-1].start()

    def _rerun(self, source: str) -> str:
        """Click until there is an answer, as a person does; one who sees the new batch does not click again."""
        answer = self._person.click(f"/api/batches/{source}/rerun", {"overrides": {}}, "rerun")
        assert answer is not None, f"{source} may not be rerun"
        batch_id: str = answer["batch_id"]
        return batch_id

    def _click_stop(self, batch_id: str) -> None:
        self._person.click(f"/api/batches/{batch_id}/stop", None, "stop")

    def _await_start(self, batch_id: str) -> None:
        """A stop in the middle: the run is there, or it never will be."""
        self._person.until(lambda: self._host.executions()[batch_id] or self._person.is_settled(batch_id))

    def _settle(self, batches: list[str]) -> None:
        """Until everything that was asked for has come to an end, here and there."""

        def is_over() -> bool:
            return not self._system.query(
                "select 1 from command where batch_id = any(:batches) and status in ('pending','delivered','started')"
                " union all select 1 from batch where id = any(:batches)"
                " and coalesce(status, 'requested') in ('requested','running','stopping','stalled','pending')",
                batches=batches,
            )

        self._person.until(is_over, quietly=True)

    def _judge(self, batches: list[str]) -> tuple[int, int]:
        counted = self._host.executions()
        del counted[f"{batches[0]}/resumed"]
        rows = self._system.query(
            "select batch_id, kind, status, exit_code, error from command where batch_id = any(:batches)",
            batches=batches,
        )
        reruns = {row.batch_id: row for row in rows if row.kind == "rerun"}
        lost = sum(self._is_lost(batch, reruns.get(batch), counted[batch]) for batch in batches)
        stranger = set(counted) - set(batches)
        self._hold(not stranger, f"executed, and nobody knows of it: {stranger}")
        double = sum(times - 1 for times in counted.values() if times > 1)
        self._hold(not double, f"executed more than once: {counted}")
        for batch in batches[1:-1]:
            self._hold_short(batch, reruns.get(batch), counted[batch])
        self._hold_stopped(batches[-1], [row for row in rows if row.kind == "stop"])
        return lost, double

    def _is_lost(self, batch: str, row: Any, times: int) -> bool:
        """Asked for, and neither executed nor told why not."""
        status = self._person.status(batch)
        open_ = row is None or row.status in _OPEN
        self._hold(not open_, f"{batch}: its command is {row.status if row else 'nowhere'}")
        self._hold(status not in BUSY, f"{batch} is {status} for ever")
        was_told = row is not None and row.status == "failed" and bool(row.error)
        is_lost = times == 0 and not was_told
        self._hold(not is_lost, f"{batch}: was never executed, and nobody was told")
        return is_lost

    def _hold_short(self, batch: str, row: Any, times: int) -> None:
        """Without a fault of its own it ran to its end and came back to its curves."""
        if times == 0 or row is None:
            self._hold(self.plan.kills_supervisor, f"{batch}: nothing that killed it, and it never ran: {row}")
            return
        points = self._account.get(f"/api/jobs/{batch}/job/epochs", limit=1000)
        self._hold(len(points) == EPOCHS, f"{batch}: {len(points)} of {EPOCHS} epochs are stored")
        status = self._person.status(batch)
        self._hold(status == "done", f"{batch} is {status}, not done")
        right = (row.status, row.exit_code) == ("succeeded", 0) or self.plan.kills_supervisor
        self._hold(right, f"{batch}: {row}")

    def _hold_stopped(self, batch: str, stops: list[Any]) -> None:
        self._hold(not self._host.is_running(batch), f"{batch} was stopped and runs")
        self._hold(all(row.status not in _OPEN for row in stops), f"{batch}: {stops}")
        self._hold(len(stops) <= 1, f"{batch} was told to stop {len(stops)} times")

    def _hold(self, right: bool, sentence: str) -> None:
        if not right:
            self._broken.append(sentence)
