"""What the stream says of jobs against what is remembered: idle cards, losses that grow, memory that ran out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

from argus_contracts import bus as wire
from argus_notifier.alerts.occurrences import Batch
from argus_notifier.watchdogs import divergence, idleness
from argus_notifier.watchdogs.hosts import FRESH_S
from argus_notifier.watchdogs.limits import Limits
from argus_notifier.watchdogs.notes import Note, Notes
from argus_notifier.watchdogs.readings import Failure, Losses, Snapshot
from argus_notifier.watchdogs.runs import is_due, unpacked

_LONGEST_LINE: Final = 500


@dataclass(frozen=True, slots=True)
class Round:
    """What all of one batch's readings are held against."""

    notes: Notes
    batch: Batch
    limits: Limits
    now: datetime

    def is_fresh(self, at: float) -> bool:
        """Whether people are told of what happened then."""
        return self.now.timestamp() - at <= FRESH_S


def idle(here: Round, snapshot: Snapshot) -> None:
    """Take one snapshot in: cards that idle flag their jobs, and the last one that works again takes that back."""
    key = f"idle:{here.batch.key}:{snapshot.host}:{snapshot.pid}"
    known = here.notes.get(key)
    packed: Mapping[str, Any] = known.state if known else {}
    before = {card: run for card, one in packed.items() if (run := unpacked(one)) is not None}
    utils = idleness.own_cards(snapshot.data)
    span_s = here.limits.idle_minutes * 60
    runs = idleness.folded(before, snapshot.at, utils, below=here.limits.idle_below_pct, span_s=span_s)
    for card, run in runs.items():
        if here.is_fresh(snapshot.at) and is_due(run, snapshot.at, span_s=span_s, again_s=span_s):
            runs[card] = replace(run, raised_at=snapshot.at)
            minutes = round((snapshot.at - run.since) / 60, 1)
            data = {"gpu_util_pct": utils[card], "minutes": minutes}
            since = datetime.fromtimestamp(run.since, UTC)
            here.notes.flag(_idle_flag(here, data, is_set=True, job_id=snapshot.job_id, gpu=card or None, since=since))
    if runs != before:
        state = {card: run.packed() for card, run in runs.items()}
        here.notes.put(Note(key, "idle", here.batch.key, state)) if state else here.notes.drop(key)
    if _was_raised(before.values()) and not _was_raised(runs.values()) and not _others_idle(here):
        util = max(utils.values(), default=None)
        told: dict[str, Any] = {"newest_util_pct": util, "gpu_util_pct": util, "minutes": 0}
        here.notes.flag(_idle_flag(here, told, is_set=False, job_id=snapshot.job_id))


def _was_raised(runs: Any) -> bool:
    return any(run.raised_at is not None for run in runs)


def _others_idle(here: Round) -> bool:
    return any(
        _was_raised([run for one in note.state.values() if (run := unpacked(one)) is not None])
        for note in here.notes.of_batch(here.batch.key, "idle")
    )


def _idle_flag(here: Round, data: dict[str, Any], *, is_set: bool, **about: Any) -> wire.BatchFlag:
    return wire.BatchFlag(batch_id=here.batch.id, flag="idle", is_set=is_set, data=data, at=here.now, **about)


def loss(here: Round, job_id: str, points: Sequence[Losses], trace: Sequence[float]) -> None:
    """Hold a job's new points, and its last validation losses, against what is known of it."""
    key = _loss_key(here, job_id)
    known = here.notes.get(key)
    found, point = _verdict(here.limits, points, trace)
    if known is None:
        if not here.is_fresh(points[-1].at):
            return
        if found is not None:
            state = {"reference": found.reference, "good": 0, "place": point.place}
            here.notes.put(Note(key, "divergence", here.batch.key, state))
            here.notes.flag(_divergent(here, job_id, found, point))
        elif divergence.is_rising(trace):
            data = {"epoch": points[-1].place, "value": trace[-1], "reference": trace[-divergence.RISING_WINDOW]}
            about = {"batch": here.batch, "job_id": job_id, "data": data}
            here.notes.tell("val_loss_diverging", f"{here.batch.key}:{job_id}:{points[-1].place}", here.now, **about)
        return
    _look_for_recovery(here, known, points, trace, is_bad=found is not None)


def _verdict(
    limits: Limits, points: Sequence[Losses], trace: Sequence[float]
) -> tuple[divergence.Divergence | None, Losses]:
    for point in reversed(points):
        for name, value in point.values.items():
            if not isfinite(value):
                return divergence.Divergence("nan_or_inf", value, name), point
    found = divergence.of_values(trace, window=limits.divergence_window, ratio=limits.divergence_ratio)
    return found, points[-1]


def _look_for_recovery(
    here: Round, known: Note, points: Sequence[Losses], trace: Sequence[float], *, is_bad: bool
) -> None:
    reached, good = known.state.get("place"), int(known.state.get("good") or 0)
    for point in points:
        if point.place is not None and (reached is None or point.place > reached):
            good = good + 1 if all(map(isfinite, point.values.values())) else 0
            reached = point.place
    window, reference = here.limits.divergence_window, known.state.get("reference")
    if not is_bad and divergence.has_recovered(trace, reference, good=good, window=window):
        forget_loss(here, known.key)
    elif (good, reached) != (known.state.get("good"), known.state.get("place")):
        here.notes.put(replace(known, state={**known.state, "good": good, "place": reached}))


def forget_loss(here: Round, key: str) -> None:
    """A job's loss is well again; with the last such job its batch is."""
    here.notes.drop(key)
    if not any(here.notes.of_batch(here.batch.key, "divergence")):
        here.notes.flag(wire.BatchFlag(batch_id=here.batch.id, flag="divergent", is_set=False, at=here.now))


def begin(here: Round, job_id: str | None) -> None:
    """A job begins anew, or the whole batch, whose flag ingest clears itself."""
    if job_id is not None:
        if here.notes.get(_loss_key(here, job_id)) is not None:
            forget_loss(here, _loss_key(here, job_id))
        here.notes.drop(memory_key(here, job_id))
        return
    for note in [*here.notes.of_batch(here.batch.key, "divergence"), *here.notes.of_batch(here.batch.key, "idle")]:
        here.notes.drop(note.key)


def _divergent(here: Round, job_id: str, found: divergence.Divergence, point: Losses) -> wire.BatchFlag:
    value = found.value if isfinite(found.value) else str(found.value).replace("inf", "Infinity").replace("nan", "NaN")
    data = {
        "reason": found.reason,
        "ratio": found.ratio,
        "window": found.window,
        "epoch": point.place,
        "value": value,
        "reference": found.reference,
        "metric": found.metric,
    }
    return wire.BatchFlag(batch_id=here.batch.id, flag="divergent", is_set=True, job_id=job_id, data=data, at=here.now)


def _loss_key(here: Round, job_id: str) -> str:
    return f"divergence:{here.batch.key}:{job_id}"


def memory_key(here: Round, job_id: str) -> str:
    """Under which it is remembered that a job's log speaks of memory that ran out."""
    return f"memory:{here.batch.key}:{job_id}"


def sign_of_memory(here: Round, job_id: str, text: str, at: float) -> None:
    """A job's log speaks of memory that ran out."""
    state = {"line": text[:_LONGEST_LINE], "at": at}
    here.notes.put(Note(memory_key(here, job_id), "memory", here.batch.key, state))


def out_of_memory(here: Round, failure: Failure, *, in_reason: bool) -> None:
    """A job failed: for want of memory, where its log says so. Where its reason does, the failure's word tells it."""
    known = here.notes.get(memory_key(here, failure.job_id))
    here.notes.drop(memory_key(here, failure.job_id))
    if known is None or in_reason or not here.is_fresh(failure.at):
        return
    about = {"batch": here.batch, "job_id": failure.job_id, "data": {"line": known.state["line"]}}
    here.notes.tell("oom_suspected", f"{here.batch.key}:{failure.job_id}", here.now, **about)
