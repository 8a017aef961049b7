"""What becomes of the batches of people who leave."""

from __future__ import annotations

import uuid

import pytest

from argus_contracts import bus as wire
from argus_ingest.app import SERVICE
from argus_ingest.testing import event
from argus_ingest.tracking.departures import forget
from argus_kit.app import worker_app
from argus_kit.bus import Outgoing
from argus_kit.clock import now
from argus_kit.departures import SETTLED
from argus_kit.platform import Platform
from argus_kit.testing import eventually, running_client


def _departed(ingest, runs, at=None):
    return wire.PersonDeparted(user_id=ingest.user_id, email="ada@example.org", runs=runs, at=at or now())


@pytest.mark.parametrize(("runs", "is_gone"), [("keep", False), ("delete", True)])
async def test_batches_go_or_stay_as_the_person_wished(ingest, runs, is_gone):
    await ingest.accept(event("batch_start"), event("job_start", job="j"))
    departed = _departed(ingest, runs)
    for _ in range(2):
        await forget(ingest.platform.database, departed)
    batch = await ingest.batch()
    assert (batch.deleted_at, batch.purge_at) == ((departed.at, departed.at) if is_gone else (None, None))
    assert batch.owner_id == ingest.user_id


async def test_the_worker_hears_of_it_and_sets_aside_what_is_no_departure(ingest, settings):
    await ingest.accept(event("batch_start"))
    async with running_client(worker_app(SERVICE, Platform(settings))):
        subject = wire.departure_subject("ingest")
        await ingest.platform.bus.publish(Outgoing(subject, b"garbage", uuid.uuid4().hex))
        departed = _departed(ingest, "delete", now() - SETTLED)
        await ingest.platform.bus.publish(Outgoing(subject, wire.encode(departed), uuid.uuid4().hex))

        async def is_gone():
            return (await ingest.batch()).deleted_at is not None

        await eventually(is_gone, 10)
