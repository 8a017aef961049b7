"""argus-reporter 0.1.3, the client that people have installed, against a server that only acknowledges (argv[1])."""

import json
import sys
import time
import urllib.request

from loop import measure, say

from argus import Reporter

URL = sys.argv[1]
CALLS = 20_000


def stored():
    """What the server has."""
    return json.load(urllib.request.urlopen(f"{URL}/stored"))["stored"]


reporter = Reporter("bench", source_project="bench", monitor_url=URL, token="em_live_x", n_total=1)
with reporter as r, r.job("job-1", model="m", dataset="d") as job:
    found = measure(lambda i: job.epoch(i, train_loss=0.5, val_loss=0.6, lr=0.001, accuracy=0.9), CALLS)
time.sleep(2)
found["dropped"] = max(2 * CALLS + 1 - stored(), 0)
say(found)
