"""A plain PyTorch loop that reports to Argus in four lines: init, log, stopped, summary.

    export ARGUS_URL=http://127.0.0.1:8000 ARGUS_TOKEN=em_live_...
    python examples/pytorch_plain.py

A small network learns scikit-learn's handwritten digits; takes under half a minute on two cores.
"""

from __future__ import annotations

import argparse
import logging
import sys

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

import argus

SEED = 7


def digits(batch_size: int) -> tuple[DataLoader, DataLoader]:
    """Images of 8 x 8 pixels with values 0..1, and their labels: for training, and a quarter for validation."""
    images, labels = load_digits(return_X_y=True)
    data = TensorDataset(torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(labels))
    train, val = random_split(data, [0.75, 0.25], torch.Generator().manual_seed(SEED))
    return DataLoader(train, batch_size, shuffle=True), DataLoader(val, batch_size)


@torch.no_grad()
def evaluate(model: nn.Module, loader: DataLoader) -> tuple[float, float]:
    """Mean loss and accuracy."""
    model.eval()
    loss, correct, seen = 0.0, 0, 0
    for images, labels in loader:
        scores = model(images)
        loss += nn.functional.cross_entropy(scores, labels, reduction="sum").item()
        correct += int((scores.argmax(1) == labels).sum())
        seen += len(labels)
    return loss / seen, correct / seen


def main() -> int:
    """Train; the exit code says whether every event arrived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--group", help="runs of one group share a batch, such as those of a sweep")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # Argus logs the run's address
    torch.manual_seed(SEED)

    with argus.init("digits", group=options.group, config=options, model="mlp", dataset="digits") as run:
        train_loader, val_loader = digits(options.batch_size)
        model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        optimizer = torch.optim.SGD(model.parameters(), lr=options.lr, momentum=0.9)
        run.config.parameters = sum(weights.numel() for weights in model.parameters())
        for epoch in range(options.epochs):
            model.train()
            loss = torch.zeros(())
            for images, labels in train_loader:
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(images), labels)
                loss.backward()
                optimizer.step()
                run.log({"train": {"loss": loss}})
            val_loss, accuracy = evaluate(model, val_loader)
            run.job.epoch(epoch, train_loss=loss.item(), val_loss=val_loss, lr=options.lr, accuracy=accuracy)
            run.summary.accuracy = max(accuracy, run.summary.get("accuracy", 0))
            if run.stopped:
                print(f"stopped by request after epoch {epoch}")
                break
    stats = run.reporter.stats
    print(f"best accuracy {run.summary.accuracy:.3f}; {stats.acked} of {stats.accepted} events acknowledged")
    return 0 if stats.accepted == stats.acked and not stats.dropped else 1


if __name__ == "__main__":
    sys.exit(main())
