"""Nine real trainings in one batch: three scikit-learn models on three data sets, reported live to Argus.

    export ARGUS_URL=http://127.0.0.1:8000 ARGUS_TOKEN=em_live_...
    python examples/sklearn_matrix.py

Takes under a minute on two cores. Open the printed address: curves move, the matrix of models and data sets fills,
and the Stop button ends the script after the epoch it is in.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from argus import JobContext, Reporter

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

SEED = 7
DATASETS = {"digits": load_digits, "wine": load_wine, "breast_cancer": load_breast_cancer}


@dataclass
class Split:
    """Features scaled to unit variance, and labels, for training and validation."""

    x_train: NDArray[np.float64]
    y_train: NDArray[np.int64]
    x_val: NDArray[np.float64]
    y_val: NDArray[np.int64]


@dataclass
class Learner:
    """A model that learns epoch by epoch. `rate` gives the learning rate of an epoch, None where it stays as built."""

    model: SGDClassifier | MLPClassifier
    first_rate: float
    rate: Callable[[int], float] | None = None


def logistic(classes: int) -> Learner:
    """Logistic regression by stochastic gradient descent, with a rate that decays."""
    model = SGDClassifier(loss="log_loss", penalty="l2", alpha=1e-4, learning_rate="constant", random_state=SEED)
    return Learner(model, 0.01 / classes, lambda epoch: 0.01 / classes / (1 + 0.1 * epoch))


def smooth_svm(classes: int) -> Learner:
    """A linear classifier with a smoothed hinge loss."""
    model = SGDClassifier(loss="modified_huber", alpha=1e-3, learning_rate="constant", random_state=SEED)
    return Learner(model, 0.005 / classes, lambda epoch: 0.005 / classes / (1 + 0.1 * epoch))


def mlp(classes: int) -> Learner:
    """A small neural network with one hidden layer."""
    model = MLPClassifier(hidden_layer_sizes=(16 * classes,), learning_rate_init=1e-3, alpha=1e-4, random_state=SEED)
    return Learner(model, 1e-3)


MODELS = {"logistic": logistic, "smooth_svm": smooth_svm, "mlp": mlp}


def load(name: str) -> Split:
    """One data set, three quarters of it for training."""
    features, labels = DATASETS[name](return_X_y=True)
    x_train, x_val, y_train, y_val = train_test_split(
        features, labels, test_size=0.25, random_state=SEED, stratify=labels
    )
    scaler = StandardScaler().fit(x_train)
    return Split(scaler.transform(x_train), y_train, scaler.transform(x_val), y_val)


def train(job: JobContext, learner: Learner, data: Split, epochs: int, pause_s: float) -> None:
    """Train for some epochs and report each; ends early when somebody asked for a stop."""
    classes = sorted(set(data.y_train.tolist()))
    predicted = data.y_val
    for epoch in range(epochs):
        started = time.perf_counter()
        lr = learner.first_rate
        if learner.rate is not None:
            lr = learner.rate(epoch)
            learner.model.set_params(eta0=lr)
        learner.model.partial_fit(data.x_train, data.y_train, classes=classes)
        predicted = learner.model.predict(data.x_val)
        job.epoch(
            epoch,
            train_loss=log_loss(data.y_train, learner.model.predict_proba(data.x_train), labels=classes),
            val_loss=log_loss(data.y_val, learner.model.predict_proba(data.x_val), labels=classes),
            lr=lr,
            accuracy=accuracy_score(data.y_val, predicted),
            epoch_time_ms=(time.perf_counter() - started) * 1000,
        )
        if job.stopped:
            job.log(f"stop requested: leaving after epoch {epoch}", level="WARNING")
            break
        time.sleep(pause_s)
    accuracy = accuracy_score(data.y_val, predicted)
    job.log(f"validation accuracy {accuracy:.4f}")
    job.metrics({"ACC": accuracy, "F1": f1_score(data.y_val, predicted, average="macro"), "epochs": epochs})


def main() -> int:
    """Run the batch; the exit code says whether every event arrived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20, help="epochs of each job (default 20)")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds to wait after an epoch (default 0.2)")
    parser.add_argument("--project", default="sklearn-matrix", help="the project in Argus")
    parser.add_argument("--name", default="sklearn", help="begins the batch id")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    reporter = Reporter(
        options.name,
        experiment_type="classification",
        source_project=options.project,
        n_total=len(MODELS) * len(DATASETS),
        stop_polling=2,
        resource_snapshot=10,
    )
    print(f"Batch {reporter.batch_id}: {reporter.batch_url or 'no ARGUS_URL, nothing is reported'}", flush=True)
    with reporter:
        for dataset in DATASETS:
            data = load(dataset)
            for model, build in MODELS.items():
                if reporter.stopped:
                    break
                print(f"training {model} on {dataset}", flush=True)
                learner = build(len(set(data.y_train.tolist())))
                with reporter.job(f"{model}-{dataset}", model=model, dataset=dataset) as job:
                    train(job, learner, data, options.epochs, options.pause)

    if reporter.stopped:
        print("Stopped by request.")
    stats = reporter.stats
    print(
        f"Events: {stats.accepted} counted, {stats.acked} acknowledged, {stats.rejected} rejected, "
        f"{stats.dropped} dropped, {stats.pending} left for the next run."
    )
    return 0 if stats.accepted == stats.acked and not stats.dropped else 1


if __name__ == "__main__":
    sys.exit(main())
