"""A host lives as long as its words come, however old what they tell is."""

from datetime import UTC, datetime, timedelta

import pytest

from argus_notifier.watchdogs import hosts
from argus_notifier.watchdogs.limits import Limits
from argus_notifier.watchdogs.notes import Note, Notes
from argus_notifier.watchdogs.readings import Snapshot
from argus_notifier.watchdogs.silence import is_offline

HOST = "gpu01"
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
LIMITS = Limits(True, 2.0, 3, 10, 5, 15, 90, 5, 5, 5)


def ago(minutes):
    return AT - timedelta(minutes=minutes)


def taken_in(*heard, note=None):
    """What is remembered of a host after snapshots of (minutes ago, arrived minutes ago)."""
    notes = Notes([note] if note else [])
    for told, arrived in heard:
        one = Snapshot(None, ago(told).timestamp(), HOST, "", {})
        hosts.fold(notes, one, LIMITS, ago(arrived), ago(arrived))
    return notes, notes.get(hosts.key_of(HOST))


@pytest.mark.parametrize(
    ("heard", "offline"),
    [
        # In time, and then nothing more.
        ([(7, 7)], True),
        ([(4, 4)], False),
        # The reporter was cut off, or ingest is behind: what it tells is old, and it is there.
        ([(30, 2)], False),
        ([(30, 20), (29, 10), (28, 1)], False),
        # Its clock is an hour behind.
        ([(63, 3), (62, 2)], False),
        # It sent what it had, and died.
        ([(30, 8)], True),
        ([(30, 20), (29, 7)], True),
    ],
)
def test_who_is_offline(heard, offline):
    _, note = taken_in(*heard)
    told = ago(min(told for told, _ in heard))
    assert is_offline(hosts.heard_at(told, note), AT, limit=timedelta(minutes=5)) is offline


@pytest.mark.parametrize(
    ("heard", "state"),
    [
        ([(2.5, 2)], {}),
        ([(9, 2)], {"arrived": "2026-11-27T11:58:00Z"}),
        # Not a row for each: within a minute it stays as it is.
        ([(9, 2), (8, 1.5)], {"arrived": "2026-11-27T11:58:00Z"}),
        ([(9, 2), (8, 1)], {"arrived": "2026-11-27T11:59:00Z"}),
        ([(9, 2), (1, 1)], {"arrived": "2026-11-27T11:58:00Z"}),
    ],
)
def test_what_is_written_down(heard, state):
    assert taken_in(*heard)[1].state == state


def test_nothing_is_remembered_of_what_comes_in_time():
    _, known = taken_in((3, 3))
    notes, _ = taken_in((2, 2), (1, 1), note=known)
    assert notes.is_empty


def test_of_a_host_of_which_nothing_arrived_late_its_own_word_counts():
    assert hosts.heard_at(AT, Note("host:x", "host")) == AT
    assert hosts.heard_at(None, Note("host:x", "host")) is None
