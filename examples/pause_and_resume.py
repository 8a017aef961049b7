"""A training that can be paused and goes on from where it saved itself.

Pause on the batch's page ends it with exit code 75 after the epoch that it is in. Resume starts it again by the agent
of this host; without one, start it by hand with ARGUS_BATCH_ID and ARGUS_RESUME_FROM.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

import argus


def main() -> None:
    """Train, save after each epoch, and go on from a checkpoint where there is one."""
    options = _options()
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0)
    path = Path(options.checkpoint)
    with argus.Reporter("pausing", source_project=options.project, n_total=1, stop_polling=2) as reporter:
        print(f"batch {reporter.batch_id}: {reporter.batch_url}", flush=True)
        with reporter.job("sgd", model="sgd", dataset="digits", epochs=options.epochs) as job:
            model, first = _load(job.resume_from)
            print(f"from epoch {first}", flush=True)
            for epoch in range(first, options.epochs):
                model.partial_fit(x_train, y_train, classes=np.unique(y))
                job.epoch(epoch, train_acc=model.score(x_train, y_train), val_acc=model.score(x_test, y_test))
                _save(path, model, epoch)
                job.checkpoint(path, epoch=epoch)
                if job.stopped:
                    break
                time.sleep(options.pause)
            job.metrics({"ACC": model.score(x_test, y_test)})


def _load(saved: str | None) -> tuple[SGDClassifier, int]:
    model = SGDClassifier(random_state=0)
    if saved is None:
        return model, 0
    state = json.loads(Path(saved).read_text())
    model.coef_, model.intercept_ = np.array(state["coef"]), np.array(state["intercept"])
    model.classes_, model.t_ = np.arange(len(model.intercept_)), state["t"]
    return model, state["epoch"] + 1


def _save(path: Path, model: SGDClassifier, epoch: int) -> None:
    # Whole or not at all: a process may die while it writes.
    beside = path.with_suffix(".new")
    state = {"epoch": epoch, "t": model.t_, "coef": model.coef_.tolist(), "intercept": model.intercept_.tolist()}
    beside.write_text(json.dumps(state))
    beside.replace(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds after each epoch")
    parser.add_argument("--checkpoint", default="pause_and_resume.json")
    parser.add_argument("--project", default="examples")
    return parser.parse_args()


if __name__ == "__main__":
    main()
