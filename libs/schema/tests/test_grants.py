"""A service's role writes its own tables and no other; what was not opened to it, it cannot even read."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from argus_kit.database import Database
from argus_schema import metadata
from argus_schema.grants import SERVICES, readers, role


@pytest.mark.parametrize("service", SERVICES)
async def test_rights_of_a_role_follow_the_ownership_of_each_table(service: str, postgres_database: Database) -> None:
    ask = sa.text("select has_table_privilege(cast(:role as name), cast(:name as text), :right)")
    async with postgres_database.read() as connection:
        for table in metadata.sorted_tables:
            owns = table.info["owner"] == service
            expected = {
                "insert": owns,
                "update": owns and not table.info["append_only"],
                "delete": owns and not table.info["append_only"],
                "truncate": False,
                "select": owns or service in readers(table),
            }
            for right, allowed in expected.items():
                values = {"role": role(service), "name": f'"{table.name}"', "right": right}
                assert (await connection.execute(ask, values)).scalar_one() is allowed, (service, table.name, right)


@pytest.mark.parametrize(
    ("service", "statement"),
    [
        ("catalog", "update batch set status = 'done'"),
        ("ingest", 'delete from "user"'),
        ("realtime", "insert into star (user_id, target_type, target_id, starred_at) values (1, 'batch', 'b', now())"),
        ("notifier", "select private_key_encrypted from signing_secret"),
        ("executor", "update api_token set revoked_at = null"),
        ("auth", "update audit_log set user_id = 2"),
        ("auth", "delete from audit_log"),
    ],
)
async def test_writing_another_services_table_is_refused_by_the_database(
    service: str, statement: str, postgres_database: Database
) -> None:
    async with postgres_database.engine.connect() as connection:
        await connection.exec_driver_sql(f"set role {role(service)}")
        with pytest.raises(ProgrammingError, match="permission denied"):
            await connection.exec_driver_sql(statement)


async def test_on_sqlite_the_audit_log_refuses_to_be_changed(sqlite_database: Database) -> None:
    row = (
        "insert into audit_log (entry_id, action, timestamp) values ('e', 'login', '2026-01-01T00:00:00.000000+00:00')"
    )
    for statement in ("update audit_log set action = 'logout'", "delete from audit_log"):
        async with sqlite_database.write() as connection:
            await connection.exec_driver_sql(row)
            with pytest.raises(IntegrityError, match="append-only"):
                await connection.exec_driver_sql(statement)
            await connection.rollback()


async def test_a_service_can_insert_into_its_own_tables_with_generated_keys(postgres_database: Database) -> None:
    async with postgres_database.engine.connect() as connection:
        await connection.exec_driver_sql(f"set role {role('ingest')}")
        await connection.exec_driver_sql(
            "insert into batch (id, project, n_done, n_failed, n_jobs, is_divergent, "
            "is_idle, is_placeholder, event_seq, created_at) "
            "values ('b', 'p', 0, 0, 0, false, false, false, 0, now())"
        )
