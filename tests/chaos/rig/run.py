"""One run of chaos from its plan to its verdict."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.clients import Poster, Reporter
from rig.clock import Clock
from rig.disks import Disk
from rig.faults import Disturber
from rig.page import Page
from rig.plan import Plan
from rig.systems import System
from rig.verdict import Verdict

_DRAIN_S = 30.0


@dataclass
class Outcome:
    """What the table needs of a run."""

    plan: Plan
    counted: int
    lost: int
    double: int
    adopted: bool
    resynced: bool
    broken: list[str]
    wall_s: float


class Run:
    """Clients, faults, healing, and the comparison. Logs are in `folder` until `discard`."""

    def __init__(self, plan: Plan, system: System, account: Any) -> None:
        self.plan = plan
        self.folder = Path(tempfile.mkdtemp(prefix=f"argus-chaos-seed-{plan.seed}-"))
        self._system = system
        self._account = account
        needs_disk = any(fault.name == "fill journal" for fault in plan.faults)
        self._disk = Disk("journal") if needs_disk else None
        journal = self._disk.path if self._disk else self.folder / "journal"
        clock = Clock(self.folder / "clock")
        bends = any(fault.name == "jump reporter" for fault in plan.faults)
        name = f"{plan.seed}-{self.folder.name[-6:]}"
        self._reporters = [
            Reporter(
                f"sdk-{name}-{number}",
                system.url,
                account.token,
                self.folder,
                journal,
                clock.environment if bends else {},
            )
            for number in range(plan.reporters)
        ]
        self._posters = [
            Poster(f"raw-{name}-{number}", system.url, account.token, plan.seed) for number in range(plan.posters)
        ]
        self._disturber = Disturber(system, self._reporters, self._disk, clock)

    def go(self, page: Page) -> Outcome:
        """From the first event to the verdict."""
        begin = time.monotonic()
        plan = self.plan
        resyncs = len(page.resyncs)
        try:
            for reporter in self._reporters:
                reporter.start(plan.seconds, plan.jobs)
            for poster in self._posters:
                poster.start(plan.seconds)
            self._disturber.act(plan)
        finally:
            self._disturber.heal()
        self._system.wait_ready()
        for client in [*self._reporters, *self._posters]:
            client.finish()
        self._system.wait_ready()
        verdict = self._judge(page, resyncs)
        adopted = any(reporter.killed_at is not None for reporter in self._reporters)
        resynced = len(page.resyncs) > resyncs
        return Outcome(
            plan,
            verdict.counted,
            verdict.lost,
            verdict.double,
            adopted,
            resynced,
            verdict.broken,
            time.monotonic() - begin,
        )

    def close(self, *, keep: bool) -> None:
        """End what is left, and forget or keep what was written."""
        for reporter in self._reporters:
            reporter.close()
        if keep:
            for log in self._system.logs():
                shutil.copy(log, self.folder)
        if self._disk is not None:
            if keep:
                shutil.copytree(self._disk.path, self.folder / "journal-disk", dirs_exist_ok=True)
            self._disk.remove()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _judge(self, page: Page, resyncs: int) -> Verdict:
        jumped = any(fault.kind == "jump" for fault in self.plan.faults)
        verdict = Verdict(self._system, self._account, clock_jumped=jumped)
        for reporter in self._reporters:
            verdict.on_reporter(reporter)
        for poster in self._posters:
            verdict.on_poster(poster)
        deadline = time.monotonic() + _DRAIN_S
        while not self._is_drained(verdict, page, resyncs) and time.monotonic() < deadline:
            time.sleep(0.05)
        verdict.on_page(page.seen, page.resyncs[resyncs:])
        return verdict

    def _is_drained(self, verdict: Verdict, page: Page, resyncs: int) -> bool:
        if self._system.query("select count(*) from ingest_outbox")[0][0]:
            return False
        return len(page.resyncs) > resyncs or verdict.stored <= page.seen
