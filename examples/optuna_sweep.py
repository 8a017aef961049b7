"""An Optuna study whose trials are jobs of one batch, with their curves, pruned early where they do badly.

    export ARGUS_URL=http://127.0.0.1:8000 ARGUS_TOKEN=em_live_...
    python examples/optuna_sweep.py

Trials look for the width, rate and penalty of a small network on scikit-learn's handwritten digits; takes under a
minute on two cores. `--storage sqlite:///study.db` keeps the study: start the script in several terminals, and all of
them report into the same batch.
"""

from __future__ import annotations

import argparse
import logging

import optuna
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from argus.integrations.optuna import ArgusCallback

SEED = 7
DATA = train_test_split(*load_digits(return_X_y=True), test_size=0.25, random_state=SEED)


def main() -> None:
    """Search."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=15, help="of each trial that is not pruned")
    parser.add_argument("--jobs", type=int, default=2, help="trials at once")
    parser.add_argument("--storage", help="a database that keeps the study")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    study = optuna.create_study(
        study_name="digits-mlp",
        storage=options.storage,
        load_if_exists=True,
        direction="minimize",
        sampler=optuna.samplers.TPESampler(seed=None if options.storage else SEED),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2),
    )

    with ArgusCallback(project="digits", target_metric="val_loss", model="mlp", dataset="digits") as argus_study:

        def objective(trial: optuna.Trial) -> float:
            model = MLPClassifier(
                hidden_layer_sizes=(trial.suggest_int("width", 8, 128, log=True),),
                learning_rate_init=trial.suggest_float("lr", 1e-4, 1e-1, log=True),
                alpha=trial.suggest_float("alpha", 1e-5, 1e-1, log=True),
                random_state=SEED,
            )
            job = argus_study.job(trial)
            x_train, x_val, y_train, y_val = DATA
            val_loss = float("inf")
            for epoch in range(options.epochs):
                model.partial_fit(x_train, y_train, classes=range(10))
                val_loss = log_loss(y_val, model.predict_proba(x_val))
                job.epoch(epoch, train_loss=model.loss_, val_loss=val_loss, accuracy=model.score(x_val, y_val))
                trial.report(val_loss, epoch)
                if trial.should_prune():
                    raise optuna.TrialPruned
            return val_loss

        argus_study.optimize(study, objective, n_trials=options.trials, n_jobs=options.jobs)
    states = [trial.state.name for trial in study.trials]
    print(f"best {study.best_value:.3f} with {study.best_params}; {states.count('PRUNED')} of {len(states)} pruned")


if __name__ == "__main__":
    main()
