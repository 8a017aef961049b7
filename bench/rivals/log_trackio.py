"""trackio, into a local folder (TRACKIO_DIR)."""

import trackio
from loop import METRICS, measure, say

run = trackio.init(project="bench", embed=False, auto_log_gpu=False, auto_log_cpu=False)
found = measure(lambda i: trackio.log(METRICS, step=i), 20_000)
say(found)
trackio.finish()
