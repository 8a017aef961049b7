"""What a training reports epoch by epoch: plausible, different for every job, and the same whenever it is asked for."""

from __future__ import annotations

import math
from random import Random

from demo_lab.plan import JobPlan
from demo_lab.world import FIELD, Field

_MODEL_STEP = 0.06
_DATA_STEP = 0.35


def random_of(*parts: object) -> Random:
    """A source of chance that belongs to what is named, and to nothing else."""
    return Random("/".join(map(str, parts)))


def quality(job: JobPlan) -> float:
    """0..1: how well this job's setting does, before chance. The best learning rate is 1e-3, the best decay 0.05."""
    lr, decay = float(job.config["lr"]), float(job.config.get("weight_decay", 0.05))
    distance = abs(math.log10(lr) + 3) / 2.2 + 0.35 * abs(math.log10(decay) + 1.3) / 3
    width = float(job.config.get("dropout", 0.1))
    return float(max(0.05, 1.0 - 0.5 * distance**1.6 - 0.6 * max(0.0, width - 0.3)))


def final(job: JobPlan) -> float:
    """The project's metric after a whole training."""
    field = FIELD[job.project]
    chance = random_of(job.slug, job.id, "final")
    model = field.models.index(job.model) / max(1, len(field.models) - 1)
    data = field.datasets.index(job.dataset)
    spread = 0.012 * chance.gauss(0, 1)
    lost = (1 - quality(job)) * 0.5 + (1 - model) * _MODEL_STEP + spread
    if field.higher_is_better:
        return min(0.995, max(0.02, field.best - 0.055 * data - 0.4 * lost))
    return max(0.4 * field.best, field.best * (1 + _DATA_STEP * data) * (1 + 1.3 * lost))


def point(job: JobPlan, epoch: int) -> dict[str, float]:
    """The numbers of one epoch, the first being 1."""
    field = FIELD[job.project]
    chance = random_of(job.slug, job.id, epoch)
    way = epoch / job.epochs
    speed = 3.2 + 2.2 * quality(job)
    fallen = math.exp(-speed * way)
    end = final(job)
    floor = _final_loss(field, end)
    train = floor * 0.55 + (field.loss - floor * 0.55) * fallen + 0.02 * field.loss * fallen * chance.gauss(0, 1)
    overfit = 0.12 * floor * max(0.0, way - 0.75) * (1.4 - quality(job))
    val = floor + (field.loss - floor) * math.exp(-speed * 0.9 * way) + overfit
    val += 0.012 * field.loss * (fallen + 0.12) * chance.gauss(0, 1)
    lr = float(job.config["lr"]) * _schedule(way)
    found = {
        "train_loss": round(max(1e-4, train), 5),
        "val_loss": round(max(1e-4, val), 5),
        "lr": float(f"{lr:.4g}"),
        _curve_name(field): round(_metric_at(field, end, fallen, chance), 5),
        "optim/grad_norm": round(0.4 + 2.4 * fallen + 0.1 * abs(chance.gauss(0, 1)), 4),
        "time/epoch_s": round(job.epoch_s * (1 + 0.03 * chance.gauss(0, 1)), 2),
        "time/data_s": round(job.epoch_s * 0.08 * (1 + 0.2 * abs(chance.gauss(0, 1))), 2),
        "batch_time_ms": round(1000 * job.epoch_s / 390 * (1 + 0.02 * chance.gauss(0, 1)), 2),
    }
    if job.outcome == "nan" and epoch > job.stop_epoch - 4:
        found["train_loss"] = found["val_loss"] = round(field.loss * 2.0 ** (epoch - job.stop_epoch + 6), 3)
        if epoch == job.stop_epoch:
            found["train_loss"] = found["val_loss"] = math.nan
    return found


def steps(job: JobPlan, epoch: int, per_epoch: int) -> list[dict[str, float]]:
    """The losses between this epoch and the one before."""
    here, chance = point(job, epoch), random_of(job.slug, job.id, epoch, "steps")
    before = point(job, epoch - 1)["train_loss"] if epoch > 1 else FIELD[job.project].loss
    found = []
    for number in range(per_epoch):
        way = (number + 1) / per_epoch
        loss = before + (here["train_loss"] - before) * way + 0.05 * here["train_loss"] * chance.gauss(0, 1)
        found.append({"train/step_loss": round(loss, 5), "train/throughput": round(1180 + 60 * chance.gauss(0, 1), 1)})
    return found


def results(job: JobPlan, epochs: int) -> dict[str, object]:
    """The metrics that a job ends with."""
    field, last = FIELD[job.project], point(job, max(1, epochs))
    value = last[_curve_name(field)]
    common: dict[str, object] = {
        "val_loss": last["val_loss"],
        "train_epochs": epochs,
        "Avg_Batch_Time": round(last["batch_time_ms"] / 1000, 5),
        "GPU_Memory": job.memory_mb,
        "gpu_count": len(job.gpus),
    }
    return {**_named(field, value), **common}


def _named(field: Field, value: float) -> dict[str, float]:
    if field.metric == "ACC":
        return {"ACC": value, "F1": round(value - 0.012, 5), "top5_acc": round(1 - (1 - value) ** 2.1, 5)}
    if field.metric == "WER":
        return {"WER": value, "char_error": round(value * 0.38, 5)}
    return {
        "MSE": value,
        "MAE": round(value**0.5 * 0.71, 5),
        "RMSE": round(value**0.5, 5),
        "R2": round(1 - value / 1.02, 5),
    }


def _curve_name(field: Field) -> str:
    return {"ACC": "val_acc", "WER": "val_wer", "MSE": "val_mse"}[field.metric]


def _metric_at(field: Field, end: float, fallen: float, chance: Random) -> float:
    if field.higher_is_better:
        return max(0.005, end * (1 - 0.93 * fallen) + 0.006 * chance.gauss(0, 1) * (fallen + 0.2))
    return max(end * 0.6, end + (1.0 - end) * math.pow(fallen, 0.8) + 0.01 * end * chance.gauss(0, 1))


def _final_loss(field: Field, end: float) -> float:
    return field.loss * (1 - end) * 0.5 + 0.05 if field.higher_is_better else field.loss * min(0.6, end * 0.55 + 0.04)


def _schedule(way: float) -> float:
    warm = 0.05
    return way / warm if way < warm else 0.5 * (1 + math.cos(math.pi * min(1.0, (way - warm) / (1 - warm)))) + 1e-3
