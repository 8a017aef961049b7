"""What the database must say after a run, and whether it does: each promise that is broken is one sentence."""

from __future__ import annotations

import collections
import json
from collections.abc import Iterator

from argus_contracts.event_rows import TYPES_BY_CODE, event_id
from argus_contracts.events import INGESTED_TYPES
from argus_standalone.testing import Account
from rig.clients import Call, Poster, Reporter
from rig.systems import System


class Rows:
    """The client's events of a batch as they lie in the database."""

    def __init__(self, system: System, batch_id: str) -> None:
        found = system.query(
            "select e.type_code, e.event_key, e.job_id from event e join batch b using (batch_key) where b.id = :batch",
            batch=batch_id,
        )
        sent = [(TYPES_BY_CODE[code], event_id(bytes(key)), job) for code, key, job in found]
        self.ids = [name for kind, name, _ in sent if kind in INGESTED_TYPES]
        self.types = collections.Counter(kind for kind, _, _ in sent)
        self.by_job = collections.Counter((job, kind) for kind, _, job in sent)
        self.lines = collections.Counter(
            (job, line)
            for job, line in system.query(
                "select l.job_id, l.line from log_line l join batch b using (batch_key) where b.id = :batch",
                batch=batch_id,
            )
        )

    @property
    def doubles(self) -> int:
        """Events beyond the first of each id."""
        return len(self.ids) - len(set(self.ids))


class Verdict:
    """Compares what clients count with what is stored. `broken` lists every promise that was not kept."""

    def __init__(self, system: System, account: Account, *, clock_jumped: bool) -> None:
        self._clock_jumped = clock_jumped
        self._system = system
        self._account = account
        self.broken: list[str] = []
        self.stored: set[str] = set()
        self.counted = self.lost = self.double = 0

    def on_poster(self, poster: Poster) -> None:
        """Every acknowledged id is stored once."""
        rows = Rows(self._system, poster.batch)
        missing = set(poster.sent) - set(rows.ids)
        self._count(len(set(poster.sent)), len(missing), rows)
        self._hold(not missing, f"{poster.batch}: {len(missing)} acknowledged events are not stored")
        self._hold(len(rows.ids) <= len(poster.sent), f"{poster.batch}: more is stored than was sent")
        self._jobs(poster.batch, rows)

    def on_reporter(self, reporter: Reporter) -> None:
        """Every call that returned, but for the last moment before a death, is stored once."""
        rows = Rows(self._system, reporter.batch)
        lost = list(self._missing(reporter, rows))
        self._count(len(reporter.promised()), len(lost), rows)
        self._hold(not lost, f"{reporter.batch}: {len(lost)} calls are not stored, the first {lost[:1]}")
        if reporter.killed_at is None:
            right = len(rows.ids) == reporter.accepted
            self._hold(right, f"{reporter.batch}: {reporter.accepted} counted, {len(rows.ids)} stored {rows.types}")
        self._lines(reporter, rows)
        self._jobs(reporter.batch, rows)

    def _missing(self, reporter: Reporter, rows: Rows) -> Iterator[Call]:
        stored = {
            (job, kind): numbers
            for job in {call.job for call in reporter.calls()}
            for kind, numbers in self._numbers(reporter.batch, job, rows).items()
        }
        for call in reporter.promised():
            if call.number not in stored.get((call.job, call.kind), ()):
                yield call

    def _numbers(self, batch: str, job: str, rows: Rows) -> dict[str, set[int]]:
        """The numbers of the stored events of a job, by type."""
        epochs, steps = set(), rows.by_job[job, "job_step"]
        if rows.by_job[job, "job_epoch"]:
            points = self._account.get(f"/api/jobs/{batch}/{job}/epochs", limit=5000)
            epochs = {point["epoch"] for point in points}
        lines = {int(line.split()[1]) for owner, line in rows.lines if owner == job and line.startswith("line ")}
        # What a step says is compared through the job's summary; here, that as many came as were sent.
        return {"job_epoch": epochs, "log_line": lines, "job_step": set(range(steps))}

    def _lines(self, reporter: Reporter, rows: Rows) -> None:
        repeated = [line for line, times in rows.lines.items() if times > 1]
        self._hold(not repeated, f"{reporter.batch}: lines stored twice: {repeated[:3]}")

    def _jobs(self, batch: str, rows: Rows) -> None:
        """The jobs' own counts. `n_points` goes by the reporter's clock: it is exact where that was let alone."""
        found = self._system.query(
            "select j.job_id, j.n_points, j.summary from job j join batch b using (batch_key) where b.id = :batch",
            batch=batch,
        )
        for job, n_points, summary in found:
            epochs = rows.by_job[job, "job_epoch"]
            right = n_points == epochs or self._clock_jumped
            self._hold(right, f"{batch}/{job}: n_points {n_points}, but {epochs} epochs are stored")
            said = json.loads(summary) if isinstance(summary, str) else summary or {}
            for metric, kind in (("train_loss", "job_epoch"), ("grad_norm", "job_step")):
                points, count = said.get(metric, {}).get("n", 0), rows.by_job[job, kind]
                self._hold(
                    points == count or job == "posted",
                    f"{batch}/{job}: the summary has {points} points of {metric}, {count} are stored",
                )

    def on_page(self, seen: set[str], resyncs: list[str]) -> None:
        """An open page saw all of it, or was told to read anew."""
        missed = self.stored - seen
        self._hold(not missed or bool(resyncs), f"the page missed {len(missed)} events and was not told")

    def _count(self, counted: int, lost: int, rows: Rows) -> None:
        self.stored |= set(rows.ids)
        self.counted += counted
        self.lost += lost
        self.double += rows.doubles
        self._hold(not rows.doubles, f"{rows.doubles} events are stored twice")

    def _hold(self, right: bool, sentence: str) -> None:
        if not right:
            self.broken.append(sentence)
