"""What a metric means: which direction is better, which value is best, and what a job's metrics tell besides."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

Direction = Literal["min", "max"]

_LOWER = ("loss", "mse", "mae", "rmse", "error", "rmspe", "smape", "mape", "perplexity", "wer", "cer", "fid")
_HIGHER = frozenset(
    {"r²", "r2", "pcc", "scc", "acc", "accuracy", "f1", "auc", "auroc", "recall", "precision", "iou", "miou", "map"}
    | {"bleu", "rouge", "dice", "psnr", "ssim", "kappa", "mcc", "ndcg", "mrr", "reward", "return", "score", "top1"}
    | {"top5", "spearman", "pearson"}
)
_HIGHER_PARTS = ("accuracy", "auc", "f1", "recall", "precision", "reward")
# Metrics that describe the cost of a run, not its worth.
_COST = frozenset(
    {"epochs", "train_epochs", "n_epochs", "total_epochs", "avg_batch_time", "gpu_memory", "gpu_memory_peak_mb"}
    | {"n_params", "params", "model_params", "num_params", "gpu_count", "n_gpus", "batch_time_ms", "epoch", "lr"}
    | {"learning_rate", "seed", "elapsed_s"}
)
_USUAL = ("MSE", "MAE", "RMSE", "R2", "PCC", "SCC")
_USUAL_CURVES = ("val_loss", "train_loss")


def number(value: Any) -> float | None:
    """A finite number, or None. Booleans are no numbers here, nor are integers that no float holds."""
    if value.__class__ is float:  # nearly always, and asked some thousand times for a page of cards
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def direction(name: str) -> Direction:
    """What is better: "min" or "max", from the metric's name. Unknown names count as losses."""
    return known_direction(name) or "min"


def known_direction(name: str) -> Direction | None:
    """The same, and None where the name does not say."""
    lowered = name.lower()
    words = _words(lowered)
    if any(part in lowered for part in _LOWER[:7]) or any(word in _LOWER for word in words):
        return "min"
    if lowered in _HIGHER or any(word in _HIGHER for word in words) or any(part in lowered for part in _HIGHER_PARTS):
        return "max"
    return None


def _words(lowered: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "²" else " " for c in lowered).split()


def better(metric: str, a: float, b: float) -> bool:
    """Whether `a` is better than `b`."""
    return a > b if direction(metric) == "max" else a < b


def judges(name: str) -> bool:
    """Whether a metric tells of a run's worth, and not of its cost."""
    return name.lower() not in _COST


def metric_order(name: str) -> tuple[int, str]:
    """Sort key: the usual metrics first, the others by name."""
    return (_USUAL.index(name) if name in _USUAL else len(_USUAL), name.lower())


def curve_order(name: str) -> tuple[int, str]:
    """Sort key of curves: losses first, the others by name."""
    return (_USUAL_CURVES.index(name) if name in _USUAL_CURVES else len(_USUAL_CURVES), name.lower())


class Candidate(NamedTuple):
    """A job that may be the best of something."""

    model: str | None
    dataset: str | None
    metrics: Mapping[str, Any] | None


def headline_metric(candidates: Iterable[Candidate]) -> str | None:
    """The metric by which a project is told: MSE if anyone has it, else the most frequent that judges a model."""
    counts: Counter[str] = Counter()
    for candidate in candidates:
        for name, value in (candidate.metrics or {}).items():
            if number(value) is not None and judges(name):
                counts[name] += 1
    if "MSE" in counts:
        return "MSE"
    return min(counts, key=lambda name: (-counts[name], name)) if counts else None


class Best(NamedTuple):
    """A job's value in the headline metric."""

    model: str | None
    dataset: str | None
    metric: str
    value: float


def trend(trace: Iterable[float | None]) -> str | None:
    """Where the last values of a trace go: "up", "down" or "flat"; None with fewer than two."""
    values = [v for v in trace if v is not None and math.isfinite(v)][-5:]
    if len(values) < 2:
        return None
    change = values[-1] - values[0]
    if abs(change) <= 1e-3 * max(abs(values[0]), 1e-12):
        return "flat"
    return "up" if change > 0 else "down"


class Cost(NamedTuple):
    """What a job's metrics tell of its cost."""

    avg_batch_time_ms: float | None
    gpu_memory_peak_mb: float | None
    n_params: int | None


_UNKNOWN = Cost(None, None, None)
_SECONDS = ("Avg_Batch_Time", "avg_batch_time")
_MEMORY = ("GPU_Memory", "gpu_memory_peak_mb")
_PARAMS = ("n_params", "Params", "model_params", "num_params")
_COSTS = frozenset((*_SECONDS, *_MEMORY, *_PARAMS))


def cost(metrics: Mapping[str, Any] | None) -> Cost:
    """Batch time (from seconds to milliseconds), peak GPU memory, parameters: by the names that senders use."""
    if not metrics or _COSTS.isdisjoint(metrics):
        return _UNKNOWN
    seconds = _first(metrics, *_SECONDS)
    params = _first(metrics, *_PARAMS)
    return Cost(
        None if seconds is None else round(1000 * seconds, 3),
        _first(metrics, *_MEMORY),
        None if params is None else int(params),
    )


def gpu_count(values: Iterable[Any]) -> int:
    """How many GPUs a job held, from the first readable of several values; one when nobody said."""
    for value in values:
        try:
            count = int(float(value))
        except (TypeError, ValueError, OverflowError):
            continue
        if count >= 0:
            return count
    return 1


def _first(metrics: Mapping[str, Any], *names: str) -> float | None:
    for name in names:
        if name in metrics and (value := number(metrics[name])) is not None:
            return value
    return None
