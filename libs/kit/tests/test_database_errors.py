"""Whose fault an error is."""

from __future__ import annotations

import sqlite3

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from argus_kit.database_errors import is_collision, is_outage


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.DiskFullError(),
        asyncpg.InterfaceError("the connection is closed"),
        sqlite3.OperationalError("disk I/O error"),
        OperationalError("select 1", None, sqlite3.OperationalError("database is locked")),
    ],
)
def test_an_outage(error: Exception) -> None:
    assert is_outage(error)
    assert not is_collision(error)


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError(), asyncpg.SerializationError()])
def test_a_collision_passes_as_an_outage_does(error: Exception) -> None:
    assert is_collision(error)
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a poisoned event"),
        asyncpg.DataError("a number out of range"),
        IntegrityError("insert", None, sqlite3.IntegrityError("NOT NULL")),
    ],
)
def test_what_was_sent_is_at_fault(error: Exception) -> None:
    assert not is_outage(error)
