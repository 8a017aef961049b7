"""A batch as the events that its reporter sent, in the order of their times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from demo_lab import curves, lines
from demo_lab.plan import BatchPlan, JobPlan, Times
from demo_lab.readings import Laboratory, idle_since
from demo_lab.world import FIELD, MACHINE, PARAMETERS

Event = dict[str, Any]

_STEPS_PER_EPOCH = 20
_READINGS = 150
_LEAST_APART = timedelta(minutes=2)
_LIVE_APART = timedelta(seconds=30)
_RECENT = timedelta(hours=1)
_HEARTBEAT = timedelta(minutes=5)


class Told:
    """The events of one batch until a time. Their ids follow from the batch and their place, so that the same ones sent
    again are known again.
    """

    def __init__(self, batch: BatchPlan, laboratory: Laboratory, times: Times, until: datetime) -> None:
        self.batch = batch
        self._dense_from = times.live - _RECENT
        self.until = min(until, batch.silent_since or until)
        self._laboratory = laboratory
        self._counts: dict[str, int] = {}

    def all(self) -> list[Event]:
        """Everything until then, in order."""
        found = [*self._frame(), *self._environment(), *self._readings()]
        for job in self.batch.jobs:
            found += self.of_job(job)
        told = [event for event in found if event["timestamp"] <= _text(self.until)]
        return sorted(told, key=lambda event: event["timestamp"])

    def event(self, kind: str, data: dict[str, Any], at: datetime, job: JobPlan | None = None, name: str = "") -> Event:
        """One event. `name` tells it from others of its kind and job; without one they are numbered."""
        series = f"{self.batch.id}/{job.id if job else ''}/{kind}/{name}"
        self._counts[series] = self._counts.get(series, -1) + 1
        return {
            "event_id": str(uuid5(NAMESPACE_URL, f"argus-demo/{series}/{self._counts[series]}")),
            "schema_version": "1.1",
            "event_type": kind,
            "timestamp": _text(at),
            "batch_id": self.batch.id,
            "job_id": job.id if job else None,
            "source": {
                "project": self.batch.project,
                "host": self.batch.host,
                "user": self.batch.owner.login,
                "commit": _sha(self.batch)[:8],
                "command": self.batch.command,
            },
            "data": data,
        }

    def start(self) -> Event:
        """The batch begins."""
        data = {"experiment_type": self.batch.kind, "n_total_jobs": len(self.batch.jobs), "command": self.batch.command}
        return self.event("batch_start", data, self.batch.start)

    def end(self, at: datetime) -> Event:
        """The batch ends."""
        failed = sum(job.outcome in lines.FAILURES for job in self.batch.jobs)
        took = (at - self.batch.start).total_seconds()
        if failed == len(self.batch.jobs):
            reason = lines.reason(self.batch.jobs[-1], self.batch.host)
            return self.event(
                "batch_failed", {"reason": reason, "n_done": 0, "n_failed": failed, "total_elapsed_s": took}, at
            )
        done = len(self.batch.jobs) - failed
        return self.event("batch_done", {"n_done": done, "n_failed": failed, "total_elapsed_s": took}, at)

    def reading(self, at: datetime, name: str = "") -> Event:
        """A look at the meters."""
        return self.event("resource_snapshot", self._laboratory.reading(self.batch, at), at, name=name)

    def of_job(self, job: JobPlan) -> Iterator[Event]:
        """A whole job."""
        yield from self.job_start(job)
        for epoch in range(1, job.stop_epoch + 1):
            at = job.start + timedelta(seconds=job.epoch_s * epoch)
            if self.batch.fate == "idle" and at > idle_since(self.batch):
                return
            if at > self.until:
                return
            yield from self.epoch(job, epoch, at)
        yield from self.job_end(job, job.end)

    def job_start(self, job: JobPlan) -> Iterator[Event]:
        """A job begins."""
        data: dict[str, Any] = {
            "model": job.model,
            "dataset": job.dataset,
            "config": job.config,
            "run_dir": f"runs/{job.id}",
        }
        data["config_digest"] = sha256(repr(sorted(job.config.items())).encode()).hexdigest()[:16]
        if job.optuna is not None:
            data["optuna"] = job.optuna
        yield self.event("job_start", data, job.start, job)
        yield from self._lines(job, lines.opening(job, self.batch.host), job.start, "opening")

    def epoch(self, job: JobPlan, epoch: int, at: datetime) -> Iterator[Event]:
        """One epoch, with what was printed, and the steps of large trainings."""
        if self.batch.per_job > 1:
            for number, values in enumerate(curves.steps(job, epoch, _STEPS_PER_EPOCH)):
                back = job.epoch_s * (1 - (number + 1) / _STEPS_PER_EPOCH)
                step = (epoch - 1) * _STEPS_PER_EPOCH + number + 1
                yield self.event(
                    "job_step", {"step": step, **_json(values)}, at - timedelta(seconds=back), job, f"step-{step}"
                )
        yield self.event("job_epoch", {"epoch": epoch, **_json(curves.point(job, epoch))}, at, job, f"epoch-{epoch}")
        yield from self._lines(job, lines.of_epoch(job, epoch), at, f"epoch-{epoch}")

    def job_end(self, job: JobPlan, at: datetime) -> Iterator[Event]:
        """A job ends, one way or the other."""
        host, took = self.batch.host, (at - job.start).total_seconds()
        yield from self._lines(job, lines.ending(job, host), at, "ending")
        if job.outcome in lines.FAILURES:
            data = {"status": "FAILED", "reason": lines.reason(job, host), "exit_code": lines.exit_code(job)}
            yield self.event("job_failed", {**data, "elapsed_s": took}, at, job)
            return
        epochs = job.stop_epoch
        results = {**curves.results(job, epochs), "n_params": PARAMETERS[job.model], "seed": job.config["seed"]}
        status = "PRUNED" if job.outcome == "pruned" else "DONE"
        yield self.event(
            "job_done",
            {"status": status, "elapsed_s": took, "train_epochs": epochs, "metrics": _json(results)},
            at,
            job,
        )

    def heartbeat(self, at: datetime, name: str = "") -> Event:
        """The reporter says that it is alive."""
        job = self.batch.jobs[0] if self.batch.fate == "idle" else None
        return self.event("log_line", {"line": "heartbeat", "level": "debug"}, at, job, f"heartbeat{name}")

    def _lines(self, job: JobPlan, told: list[lines.Line], at: datetime, name: str) -> Iterator[Event]:
        for level, text, stream in told:
            yield self.event("log_line", {"line": text, "level": level, "stream": stream}, at, job, name)

    def _frame(self) -> Iterator[Event]:
        yield self.start()
        if self.batch.fate in {"ended", "live"}:
            yield self.end(self.batch.end + timedelta(seconds=6))
        if self.batch.fate == "idle":
            at = self.batch.start
            while at < self.until:
                yield self.heartbeat(at)
                at += _HEARTBEAT

    def _environment(self) -> Iterator[Event]:
        batch, machine, field = self.batch, MACHINE[self.batch.host], FIELD[self.batch.project]
        config = {
            name: value for name, value in batch.jobs[0].config.items() if name not in {"seed", "model", "dataset"}
        }
        card = {
            "vendor": "nvidia",
            "name": machine.card,
            "mem_total_mb": machine.vram_mb,
            "power_limit_w": machine.power_w,
        }
        data = {
            "git_sha": _sha(batch),
            "git_branch": "main" if batch.kind != "debug" else "lin/attention-debug",
            "git_dirty": batch.kind == "debug",
            "git_remote": field.repository,
            **(_DIRTY if batch.kind == "debug" else {}),
            "python_version": "3.11.9",
            "hostname": batch.host,
            "user": batch.owner.login,
            "cwd": f"/home/{batch.owner.login}/{batch.project}",
            "command": batch.command,
            "entry_script": "train.py",
            "pip_freeze": list(field.packages),
            "config": config,
            "hydra_config_content": "".join(f"{name}: {value}\n" for name, value in config.items()),
            "os": "Ubuntu 24.04.2 LTS",
            "machine": "x86_64",
            "cpu_count": machine.cores,
            "ram_total_mb": machine.ram_mb,
            "gpus": [{"index": index, **card} for index in range(machine.gpus)],
            "gpu_names": [machine.card] * machine.gpus,
            "driver_version": "580.82.07",
            "cuda_version": "12.8",
        }  # fmt: skip
        yield self.event("env_snapshot", data, batch.start + timedelta(seconds=1))

    def _readings(self) -> Iterator[Event]:
        end = self.batch.end if self.batch.fate in {"ended", "live"} else self.until
        apart = max(_LEAST_APART, (end - self.batch.start) / _READINGS) if self.batch.fate == "ended" else _LEAST_APART
        at = self.batch.start + timedelta(seconds=20)
        while at <= min(end, self.until):
            yield self.reading(at)
            at += _LIVE_APART if self.batch.fate != "ended" and at > self._dense_from else apart


_DIFF = """diff --git a/models/vit.py b/models/vit.py
index 3b1c2aa..9d0e4f1 100644
--- a/models/vit.py
+++ b/models/vit.py
@@ -88,7 +88,9 @@ class Attention(nn.Module):
         q, k, v = self.qkv(x).chunk(3, dim=-1)
-        attn = (q @ k.transpose(-2, -1)) * self.scale
+        attn = (q @ k.transpose(-2, -1)) / math.sqrt(q.shape[-1])
+        if torch.isnan(attn).any():
+            breakpoint()
         attn = attn.softmax(dim=-1)
"""
_DIRTY = {"git_diff": _DIFF, "git_diff_bytes": len(_DIFF), "git_untracked": ["notes.md"]}


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def _sha(batch: BatchPlan) -> str:
    day = batch.start.toordinal() // 2
    return sha256(f"{batch.project}/{day}".encode()).hexdigest()[:40]


def _json(values: dict[str, Any]) -> dict[str, Any]:
    """NaN as the wire spells it: JSON has no number for it."""
    return {name: "NaN" if value != value else value for name, value in values.items()}  # noqa: PLR0124 (NaN)
