"""What Prometheus is told of room that is taken: database and streams, asked now and then, never at a scrape."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from prometheus_client import Gauge

from argus_contracts.bus import STREAMS
from argus_kit.bus import BusUnavailable
from argus_kit.parts import Loop
from argus_kit.platform import Platform

BYTES = Gauge("argus_storage_bytes", "Bytes on disk", ["part"])
STREAM_BYTES = Gauge("argus_stream_bytes", "Bytes that a stream of NATS keeps", ["stream"])
STREAM_MESSAGES = Gauge("argus_stream_messages", "Messages that a stream of NATS keeps", ["stream"])

_EVERY_S: Final = 60.0


class Census(Loop):
    """Each replica looks for itself: whoever is asked knows."""

    def __init__(self, platform: Platform) -> None:
        super().__init__("ingest-census", self.count, every_s=_EVERY_S)
        self._database = platform.database
        self._bus = platform.bus

    async def start(self) -> None:
        """See Part."""
        await super().start()
        self._bus.on_connect(self._measure_streams)

    async def count(self) -> None:
        """Look once."""
        path = self._database.sqlite_path
        if path is None:
            async with self._database.read() as connection:
                size = await connection.execute(sa.text("select pg_database_size(current_database())"))
                BYTES.labels("database").set(size.scalar_one())
        else:
            for part, file in (("database", path), ("wal", path.with_name(f"{path.name}-wal"))):
                BYTES.labels(part).set(file.stat().st_size if file.exists() else 0)
        await self._measure_streams()

    async def _measure_streams(self) -> None:
        for spec in STREAMS:
            try:
                state = await self._bus.stream_state(spec)
            except BusUnavailable:
                return  # whoever cannot reach NATS says so already
            STREAM_BYTES.labels(spec.name).set(state.bytes)
            STREAM_MESSAGES.labels(spec.name).set(state.messages)
