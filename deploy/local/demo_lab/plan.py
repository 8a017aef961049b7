"""Which batches there are, when and where they ran, and how each of their jobs went. The same for the same anchor."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from demo_lab.world import FIELD, MACHINE, PERSON, Person

SEED = 11
_WISHES = Path(__file__).with_name("batches.toml")
_EVER = timedelta(days=2)
_BETWEEN = timedelta(minutes=10)
# What every training has unless its table says something else.
_USUAL = {"batch_size": 256, "optimizer": "adamw", "weight_decay": 0.05, "dropout": 0.1, "lr": 1e-3}
_SHORT_LIVED = frozenset({"oom", "nan", "disk", "killed"})


@dataclass(frozen=True)
class JobPlan:
    """A job of batch `slug`. `outcome`: done, pruned, or the kind of failure. It reports `stop_epoch` of `epochs`."""

    slug: str
    project: str
    id: str
    model: str
    dataset: str
    config: dict[str, Any]
    epochs: int
    epoch_s: float
    stop_epoch: int
    outcome: str
    optuna: dict[str, Any] | None
    gpus: tuple[int, ...]
    start: datetime
    memory_mb: int

    @property
    def end(self) -> datetime:
        """When the last of its epochs is over, and the job with it."""
        return self.start + timedelta(seconds=self.epoch_s * self.stop_epoch + 20)


@dataclass(frozen=True)
class BatchPlan:
    """A batch: its jobs run side by side on its GPUs, `per_job` for each.

    `fate`: ended, live (it goes on while the demo is open), idle (alive, and does nothing), stalled (it fell silent).
    """

    id: str
    slug: str
    project: str
    owner: Person
    host: str
    kind: str
    command: str
    per_job: int
    gpus: tuple[int, ...]
    start: datetime
    fate: str
    silent_since: datetime | None
    jobs: tuple[JobPlan, ...] = field(default=())

    @property
    def end(self) -> datetime:
        """When its last job ends."""
        return max((job.end for job in self.jobs), default=self.start)


class Times(NamedTuple):
    """`anchor`: what is told of the past is told as of then. `live`: when the batches that go on were looked at first.

    Those that go on end after some hours; with the next `generation` others take their place. The `tag` is in the ids
    of batches: those of a demo that was removed are not used again.
    """

    anchor: datetime
    live: datetime
    generation: int = 0
    tag: str = ""


Wish = Mapping[str, Any]
"""A table of `batches.toml`: what somebody wanted to run, before a place was found for it."""


def batches(times: Times) -> list[BatchPlan]:
    """All batches, the oldest first."""
    wishes: list[Wish] = tomllib.loads(_WISHES.read_text())["batch"]
    taken: list[BatchPlan] = []
    for wish in sorted(wishes, key=lambda wish: (_fate(wish) == "ended", -wish["days_ago"])):
        taken.append(_placed(wish, times, taken))
    return sorted(taken, key=lambda batch: batch.start)


def _fate(wish: Wish) -> str:
    return str(wish.get("fate", "ended"))


def _placed(wish: Wish, times: Times, taken: list[BatchPlan]) -> BatchPlan:
    """The wish on GPUs that nobody else holds meanwhile; if there are none, an hour earlier."""
    has_ended, n_gpus = _fate(wish) == "ended", wish["gpus"]
    anchor = times.anchor if has_ended else times.live
    start = anchor - timedelta(days=wish["days_ago"])
    while True:
        draft = _draft(wish, times, start, tuple(range(n_gpus)))
        until = draft.end if has_ended else anchor + _EVER
        held = {gpu for other in taken if _meets(other, wish["host"], start, until, anchor) for gpu in other.gpus}
        free = [gpu for gpu in range(MACHINE[wish["host"]].gpus) if gpu not in held]
        if len(free) >= n_gpus and (not has_ended or draft.end < anchor - 2 * _BETWEEN):
            return _draft(wish, times, start, tuple(free[:n_gpus]))
        start -= timedelta(hours=1)


def _meets(other: BatchPlan, host: str, start: datetime, until: datetime, anchor: datetime) -> bool:
    end = other.end if other.fate == "ended" else anchor + _EVER
    return other.host == host and other.start < until + _BETWEEN and start < end + _BETWEEN


def _draft(wish: Wish, times: Times, start: datetime, gpus: tuple[int, ...]) -> BatchPlan:
    fate, slug, per_job = _fate(wish), wish["slug"], wish.get("per_job", 1)
    name = f"{SEED}/{times.tag}/{slug}/{times.generation if fate != 'ended' else 0}"
    batch = BatchPlan(
        id=f"{slug}-{sha256(name.encode()).hexdigest()[:6]}",
        slug=slug,
        project=wish["project"],
        owner=PERSON[wish["owner"]],
        host=wish["host"],
        kind=wish["kind"],
        command=f"python train.py --config configs/{slug}.yaml",
        per_job=per_job,
        gpus=gpus,
        start=start,
        fate=fate,
        silent_since=times.live - timedelta(minutes=47) if fate == "stalled" else None,
    )
    lanes = [gpus[at : at + per_job] for at in range(0, len(gpus), per_job)]
    free_at = [start + timedelta(seconds=15)] * len(lanes)
    jobs = []
    for number, settings in enumerate(_settings(wish)):
        lane = min(range(len(lanes)), key=lambda one: (free_at[one], one))
        job = _job(wish, batch, number, settings, (lanes[lane], free_at[lane]))
        free_at[lane] = job.end + timedelta(seconds=8)
        jobs.append(job)
    return replace(batch, jobs=tuple(jobs))


def _settings(wish: Wish) -> list[dict[str, Any]]:
    """What each job is called to do, in the order in which they start."""
    if "study" in wish:
        return [_suggested(wish, number) for number in range(wish["trials"])]
    over: dict[str, list[Any]] = wish.get("over", {})
    axes = [*over.values(), wish["models"], wish["datasets"], range(wish["seeds"])]
    names = [*over, "model", "dataset", "seed"]
    return [{**wish.get("set", {}), **dict(zip(names, values, strict=True))} for values in product(*axes)]


def _suggested(wish: Wish, number: int) -> dict[str, Any]:
    """What a sampler suggests: wide at first, then around what did well."""
    chance = Random(f"{SEED}/{wish['study']}/{number}")
    width = 1.0 if number < wish["trials"] // 4 else 0.35
    return {
        "model": wish["models"][0],
        "dataset": wish["datasets"][0],
        "seed": 0,
        "lr": float(f"{10 ** (-3 + chance.uniform(-1.9, 1.6) * width):.3g}"),
        "weight_decay": float(f"{10 ** (-1.3 + chance.uniform(-2.5, 1.0) * width):.3g}"),
        "dropout": round(max(0.0, 0.15 + chance.uniform(-0.15, 0.4) * width), 3),
        "batch_size": chance.choice((64, 128, 256)),
    }


def _job(
    wish: Wish, batch: BatchPlan, number: int, settings: dict[str, Any], place: tuple[tuple[int, ...], datetime]
) -> JobPlan:
    chance, epochs = Random(f"{SEED}/{batch.slug}/{number}"), wish["epochs"]
    config = {"epochs": epochs, **_USUAL, **settings}
    outcome = _outcome(wish, number, config, chance)
    speed = 1.0 + 0.25 * FIELD[batch.project].models.index(config["model"])
    return JobPlan(
        slug=batch.slug,
        project=batch.project,
        id=_job_id(wish, number, settings),
        model=config["model"],
        dataset=config["dataset"],
        config=config,
        epochs=epochs,
        epoch_s=wish["epoch_s"] * speed * chance.uniform(0.94, 1.06),
        stop_epoch=_stop_epoch(outcome, epochs, chance),
        outcome=outcome,
        optuna=_labels(wish, number, config) if "study" in wish else None,
        gpus=place[0],
        start=place[1],
        memory_mb=int(MACHINE[batch.host].vram_mb * chance.uniform(0.42, 0.78)),
    )


def _outcome(wish: Wish, number: int, config: dict[str, Any], chance: Random) -> str:
    told = wish.get("failures", {}).get(str(number))
    if told is not None:
        return str(told)
    is_hopeless = not 4e-4 < config["lr"] < 3e-3 and chance.random() < 0.85
    return "pruned" if "study" in wish and number >= wish["trials"] // 5 and is_hopeless else "done"


def _stop_epoch(outcome: str, epochs: int, chance: Random) -> int:
    if outcome in _SHORT_LIVED:
        return max(6, int(epochs * chance.uniform(0.25, 0.7)))
    return {"import": 0, "pruned": max(3, epochs // 4)}.get(outcome, epochs)


def _job_id(wish: Wish, number: int, settings: dict[str, Any]) -> str:
    if "study" in wish:
        return f"{wish['study']}-{number}"
    varied = "".join(f"-{name[:6]}{settings[name]}" for name in wish.get("over", {}))
    return f"{settings['model']}-{settings['dataset']}{varied}-s{settings['seed']}"


def _labels(wish: Wish, number: int, config: dict[str, Any]) -> dict[str, Any]:
    project = FIELD[wish["project"]]
    return {
        "study_name": wish["study"],
        "trial_id": number,
        "params": {name: config[name] for name in ("lr", "weight_decay", "dropout", "batch_size")},
        "direction": "maximize" if project.higher_is_better else "minimize",
        "sampler": "TPESampler",
        "target_metric": project.metric,
    }
