"""Keras 3, on any of its backends, with one more callback.

    export ARGUS_URL=http://127.0.0.1:8000 ARGUS_TOKEN=em_live_...
    KERAS_BACKEND=torch python examples/keras_digits.py

A small network learns scikit-learn's handwritten digits; takes under a minute on two cores.
"""

from __future__ import annotations

import argparse
import logging

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import argus
from argus.integrations.keras import ArgusCallback

SEED = 7


def build(width: int, lr: float) -> keras.Model:
    """One hidden layer with dropout."""
    layers = [
        keras.Input((64,)),
        keras.layers.Dense(width, "relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10),
    ]
    model = keras.Sequential(layers, name=f"mlp-{width}")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(lr), loss, metrics=["accuracy"])
    return model


def main() -> None:
    """Train; a fit that raises is reported as failed at once, inside of the `with` block."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--lr", type=float, default=3e-3)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # Argus logs the run's address
    keras.utils.set_random_seed(SEED)
    images, labels = load_digits(return_X_y=True)
    x_train, x_val, y_train, y_val = train_test_split(images / 16, labels, test_size=0.25, random_state=SEED)
    with ArgusCallback(project="digits", dataset="digits", config=options) as callback:
        # Where a pause ended it: Resume starts the same command again.
        saved = argus.resume_path()
        model = keras.models.load_model(saved) if saved else build(options.width, options.lr)
        history = model.fit(
            x_train,
            y_train,
            epochs=options.epochs,
            initial_epoch=callback.initial_epoch,
            validation_data=(x_val, y_val),
            verbose=0,
            callbacks=[callback],
        )
    print(f"accuracy {history.history['val_accuracy'][-1]:.3f}")


if __name__ == "__main__":
    main()
