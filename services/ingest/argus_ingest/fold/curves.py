"""What a flush's points make of a job's curves: blocks to store, the summary of each metric, and where runs began anew.

All of it is computed once per flush and job, over columns. However a stream is divided into flushes, summary and
resumes come out the same; only the blocks differ, and they hold the same points.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, isfinite
from typing import Any, Final

from argus_contracts import points
from argus_contracts.events import json_safe
from argus_ingest.fold.state import Block, JobState, Point

# Names beyond these are kept in the blocks alone: what stands on a job's row is read and written with every flush.
MAX_METRICS: Final = 1000
MAX_RESUMES: Final = 100

Column = list[float | None]


def close(job: JobState) -> None:
    """Pack the points that this flush brought, and bring summary and resumes up to them."""
    found = job.points
    if not found:
        return
    settle(job)
    job.n_settled = 0
    if job.latest is not None:
        job.latest = json_safe(job.latest)
    columns = _columns(found)
    _summarise(job, found, columns)
    kinds = {point.kind for point in found}
    if len(kinds) == 1:
        job.blocks.append(_block(found, columns))
    else:
        for kind in sorted(kinds):
            some = [point for point in found if point.kind == kind]
            job.blocks.append(_block(some, _columns(some)))
    job.n_blocks += len(job.blocks)


def begin_anew(job: JobState, at: float) -> None:
    """A new run of a job that has points begins at `at`; it has reported nothing yet."""
    settle(job)
    resumes = list(job.resumes or [])
    if resumes and resumes[-1]["epoch"] is None and resumes[-1]["step"] is None:
        resumes.pop()  # that run left nothing
    resumes.append({"at": at, "epoch": None, "step": None})
    resumes.sort(key=lambda resume: resume["at"])
    job.resumes = resumes[-MAX_RESUMES:]


def settle(job: JobState) -> None:
    """Give the points that arrived so far to the runs that they belong to: each run keeps its lowest epoch and step."""
    new = job.points[job.n_settled :]
    job.n_settled = len(job.points)
    if not job.resumes or not new:
        return
    job.resumes = [dict(resume) for resume in job.resumes]
    for point in new:
        for resume in reversed(job.resumes):
            if point.at >= resume["at"]:
                name = "epoch" if point.kind == points.EPOCHS else "step"
                if resume[name] is None or point.step < resume[name]:
                    resume[name] = point.step
                break


def _columns(found: Sequence[Point]) -> dict[str, Column]:
    names: dict[str, None] = {}
    for point in found:
        names.update(dict.fromkeys(point.values))
    return {name: [point.values.get(name) for point in found] for name in list(names)[: points.MAX_NAMES]}


def _block(found: Sequence[Point], columns: dict[str, Column]) -> Block:
    steps = [point.step for point in found]
    payload = points.pack(steps, [point.at for point in found], list(columns.values()), found[0].kind)
    return Block(found[0].db_id, len(found), min(steps), max(steps), list(columns), payload)


def _summarise(job: JobState, found: Sequence[Point], columns: dict[str, Column]) -> None:
    summary = dict(job.summary or {})
    steps = [point.step for point in found]
    for name, column in columns.items():
        before = summary.get(name)
        if before is None and len(summary) >= MAX_METRICS:
            continue
        summary[name] = _merged(before, _summary(steps, column))
    job.summary = summary


def _summary(steps: Sequence[int], column: Column) -> dict[str, Any]:
    """Of one column: extremes are those of its finite numbers, the first of equal ones."""
    values: Sequence[float] = column  # type: ignore[assignment]
    if None in column:
        present = [place for place, value in enumerate(column) if value is not None]
        steps = [steps[place] for place in present]
        values = [column[place] for place in present]  # type: ignore[misc]
    found = json_safe({"n": len(values), "last": values[-1], "last_step": steps[-1]})
    if not isfinite(_total(values)):
        finite = [place for place, value in enumerate(values) if isfinite(value)]
        steps = [steps[place] for place in finite]
        values = [values[place] for place in finite]
        if not values:
            return {**found, "min": None, "min_step": None, "max": None, "max_step": None}
    least, most = min(values), max(values)
    found["min"], found["min_step"] = least, steps[values.index(least)]
    found["max"], found["max_step"] = most, steps[values.index(most)]
    return found


def _total(values: Sequence[float]) -> float:
    # Finite unless one of them is not, or the sum itself overflows: then the slower way is taken, to the same end.
    try:
        return fsum(values)
    except (OverflowError, ValueError):
        return float("inf")


def _merged(before: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    if before is None:
        return new
    merged = {**new, "n": before["n"] + new["n"]}
    if before["min"] is not None and (new["min"] is None or before["min"] <= new["min"]):
        merged |= {"min": before["min"], "min_step": before["min_step"]}
    if before["max"] is not None and (new["max"] is None or before["max"] >= new["max"]):
        merged |= {"max": before["max"], "max_step": before["max_step"]}
    return merged
