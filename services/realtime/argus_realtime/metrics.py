"""What realtime counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

CLIENTS = Gauge("argus_sse_clients", "Open streams")
FRAMES = Counter("argus_sse_frames_total", "Event frames handed to readers' queues")
BYTES = Counter("argus_sse_sent_bytes_total", "Bytes written to readers")
RESYNCS = Counter("argus_sse_resyncs_total", "Times that a reader was told to fetch anew", ["reason"])
CLOSED = Counter("argus_sse_closed_total", "Channels and streams that the server ended", ["reason"])
REPLAYED = Counter("argus_sse_replayed_messages_total", "Bus messages that were read again for readers that came back")
QUEUE_BYTES = Gauge("argus_sse_queue_bytes", "Bytes that wait for readers")
LAG = Gauge("argus_sse_hub_lag_seconds", "Time from a message's arrival in the bus to its fan-out")
UNREADABLE = Counter("argus_sse_unreadable_messages_total", "Bus messages that could not be read")
