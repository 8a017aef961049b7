"""The hand-over from the training thread."""

from __future__ import annotations

import threading

from argus._batcher import Buffer


def test_events_come_out_in_order_and_at_most_as_many_as_asked():
    buffer = Buffer(lambda event: None)
    buffer.open(100)
    for number in range(10):
        buffer.add("log_line", None, {"n": number})
    assert [event[4]["n"] for event in buffer.take(4)] == [0, 1, 2, 3]
    assert len(buffer) == 6
    assert len(buffer.take(100)) == 6


def test_what_does_not_fit_is_refused_one_by_one():
    refused = []
    buffer = Buffer(refused.append)
    buffer.add("log_line", None, {"n": 0})
    buffer.open(2)
    for number in range(1, 5):
        buffer.add("log_line", None, {"n": number})
    assert [event[4]["n"] for event in refused] == [0, 3, 4]


def test_many_threads_lose_nothing():
    buffer = Buffer(lambda event: None)
    buffer.open(1_000_000)
    taken = []

    def fill():
        for number in range(5000):
            buffer.add("log_line", None, {"n": number})

    threads = [threading.Thread(target=fill) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or len(buffer):
        taken += buffer.take(64)
    assert len(taken) == 20_000
