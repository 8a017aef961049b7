"""A start loads what it needs: a library that only some requests need comes with the first of them."""

from __future__ import annotations

import os
import subprocess
import sys

# Each costs a fiftieth of a start or more, or several MiB. All services are in standalone, so this is of them, too.
SELDOM = {
    "aiobotocore",
    "aiohttp",
    "aiosmtplib",
    "alembic",
    "apprise",
    "asyncpg",
    "authlib",
    "httpx",
    "jinja2",
    "joserfc",
    "numpy",
    "optuna",
    "requests",
    "rich",
    "yaml",
    "zxcvbn",
}
# What goes round in a server looks for work at once, and finds none.
START = """
import asyncio, sys
import argus_kit.serve, argus_schema.migrate, argus_standalone.cli
from argus_ingest.compaction.service import Compaction
from argus_kit.settings import Settings
from argus_schema.base import metadata
from argus_standalone.app import create_app

async def look_for_work(platform):
    async with platform.database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    assert await platform.get(Compaction).run() == 0
    await platform.database.close()

asyncio.run(look_for_work(create_app(Settings()).state.platform))
print(*sys.modules)
"""


def test_a_start_loads_nothing_that_few_need(tmp_path):
    environment = {**os.environ, "ARGUS_HOME": str(tmp_path), "ARGUS_DB_URL": ""}
    run = subprocess.run([sys.executable, "-c", START], env=environment, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "argus_notifier.mail.smtp" in loaded
    assert SELDOM & loaded == set()
