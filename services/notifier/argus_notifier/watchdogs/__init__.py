"""Watchdogs: they notice what nobody reports, such as a loss that grows, a card that idles, a host that is silent.

`runs`, `divergence`, `idleness`, `heat`, `disk`, `memory` and `silence` decide, purely. `folding` holds what the stream
says against what is remembered, `consumer` does so durably, `clock` looks into what has become true by silence alone,
and `requests` asks ingest, the only writer of batches, for transitions and flags.
"""
