"""A training on a real card: products of matrices, of which it holds as many GiB as it is told.

    train.py --gib 4 --epochs 30 --checkpoint last.json

It saves itself after each epoch, so that it can be paused and go on.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

import argus

SIDE = 8192


def main() -> None:
    """Hold memory, multiply, report."""
    options = _options()
    path = Path(options.checkpoint)
    how = {"resource_snapshot": 2.0, "stop_polling": 1.0, "heartbeat": 10.0}
    with argus.Reporter("gpu-check", source_project="gpu", n_total=1, **how) as reporter:
        print(f"batch {reporter.batch_id}", flush=True)
        with reporter.job("matmul", model="matmul", dataset="random", epochs=options.epochs) as job:
            saved = job.resume_from
            first = json.loads(Path(saved).read_text())["epoch"] + 1 if saved else 0
            held = [torch.empty(2**28, dtype=torch.float32, device="cuda") for _ in range(options.gib)]
            one = torch.randn(SIDE, SIDE, device="cuda", dtype=torch.bfloat16)
            for epoch in range(first, options.epochs):
                begin = time.monotonic()
                while time.monotonic() - begin < options.seconds:
                    for _ in range(50):
                        product = one @ one
                    torch.cuda.synchronize()
                job.epoch(epoch, train_loss=1 / (epoch + 1), gib=len(held))
                path.write_text(json.dumps({"epoch": epoch}))
                job.checkpoint(path, epoch=epoch)
                if job.stopped:
                    break
            peak = torch.cuda.max_memory_allocated() / 2**20
            job.metrics({"NORM": float(product.float().norm()), "gpu_memory_peak_mb": peak})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each epoch")
    parser.add_argument("--checkpoint", default="last.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
