"""PyTorch Lightning with one more callback: curves, hyperparameters, results, Stop, Pause and Resume come with it.

    export ARGUS_URL=http://127.0.0.1:8000 ARGUS_TOKEN=em_live_...
    python examples/lightning_digits.py

A small convolutional network learns scikit-learn's handwritten digits; takes under a minute on two cores.
"""

from __future__ import annotations

import argparse
import logging

import lightning.pytorch as pl
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

import argus
from argus.integrations.lightning import ArgusCallback

SEED = 7


class Digits(pl.LightningDataModule):
    """Images of 8 x 8 pixels with values 0..1, and their labels."""

    def __init__(self, batch_size: int = 64) -> None:
        super().__init__()
        self.save_hyperparameters()

    def setup(self, stage: str) -> None:
        """Keep a quarter for validation."""
        images, labels = load_digits(return_X_y=True)
        pixels = torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
        data = TensorDataset(pixels, torch.tensor(labels))
        self.train, self.val = random_split(data, [0.75, 0.25], torch.Generator().manual_seed(SEED))

    def train_dataloader(self) -> DataLoader:
        """Shuffled."""
        return DataLoader(self.train, self.hparams.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader:
        """In order."""
        return DataLoader(self.val, self.hparams.batch_size)


class ConvNet(pl.LightningModule):
    """Two convolutions and a linear layer."""

    def __init__(self, width: int = 16, lr: float = 3e-3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layers = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(2 * width * 16, 10),
        )  # fmt: skip

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _index: int) -> torch.Tensor:
        """What is logged here is reported."""
        loss = nn.functional.cross_entropy(self.layers(batch[0]), batch[1])
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor], _index: int) -> None:
        """And here."""
        scores = self.layers(batch[0])
        self.log("val_loss", nn.functional.cross_entropy(scores, batch[1]))
        self.log("val_accuracy", (scores.argmax(1) == batch[1]).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=15)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # Argus logs the run's address
    pl.seed_everything(SEED)
    trainer = pl.Trainer(
        max_epochs=options.epochs,
        accelerator="cpu",
        log_every_n_steps=10,
        logger=pl.loggers.CSVLogger("lightning_logs"),
        enable_progress_bar=False,
        enable_checkpointing=False,
        callbacks=[ArgusCallback(project="digits")],
    )
    # None, or where a pause ended it: Resume starts the same command again.
    trainer.fit(ConvNet(), datamodule=Digits(), ckpt_path=argus.resume_path())
    print(f"accuracy {trainer.callback_metrics['val_accuracy']:.3f}")


if __name__ == "__main__":
    main()
