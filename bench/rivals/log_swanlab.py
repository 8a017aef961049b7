"""SwanLab, offline."""

import swanlab
from loop import METRICS, measure, say

swanlab.init(project="bench", mode="offline", log_dir="swanlog")
say(measure(lambda i: swanlab.log(METRICS, step=i), 20_000))
swanlab.finish()
