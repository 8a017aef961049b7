"""In production a start says that anybody may open an account, where it is so."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from argus_auth.config.openness import warn_if_open
from argus_kit.database import Database
from argus_kit.platform import Platform
from argus_kit.testing import make_settings
from argus_schema import auth


@pytest.mark.parametrize(
    ("env", "flags", "warned"),
    [
        ("prod", {}, True),
        ("prod", {"registration_open": False}, False),
        ("prod", {"registration_by_invite": True}, False),
        ("prod", {"registration_open": True, "registration_by_invite": False}, True),
        ("dev", {}, False),
    ],
)
async def test_open_registration_is_told(
    tmp_path: Path, sqlite_database: Database, env: str, flags: dict[str, bool], warned: bool
) -> None:
    async with sqlite_database.write() as connection:
        for key, value in flags.items():
            row = {"group": "feature_flags", "key": key, "value": value, "encrypted": False}
            await connection.execute(auth.system_config.insert().values(**row))
    settings = make_settings(tmp_path, str(sqlite_database.url), "nats://127.0.0.1:1", env=env)
    platform = Platform(settings)
    try:
        with capture_logs() as lines:
            await warn_if_open(platform)
    finally:
        await platform.database.close()
    assert [line["event"] for line in lines] == ["registration.open"] * warned
