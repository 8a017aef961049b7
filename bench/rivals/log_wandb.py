"""W&B, offline."""

import wandb
from loop import METRICS, measure, say

run = wandb.init(project="bench", mode="offline", settings=wandb.Settings(console="off"))
say(measure(lambda i: run.log(METRICS, step=i), 10_000))
run.finish()
