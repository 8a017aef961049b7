"""The shared database of Argus: one module of tables per owning service, one Alembic history."""

from __future__ import annotations

from argus_schema import auth, catalog, executor, ingest, notifier
from argus_schema.base import metadata

__all__ = ["auth", "catalog", "executor", "ingest", "metadata", "notifier"]
