"""Fixtures of ingest's tests."""

from collections.abc import AsyncIterator

import pytest

from argus_ingest.app import SERVICE
from argus_ingest.testing import Ingest
from argus_kit.app import http_app
from argus_kit.platform import Platform
from argus_kit.settings import Settings
from argus_kit.testing import add_token, add_user, running_client


@pytest.fixture
async def ingest(settings: Settings) -> AsyncIterator[Ingest]:
    platform = Platform(settings)
    async with running_client(http_app(SERVICE, platform)) as client:
        user_id = await add_user(platform.database)
        token = await add_token(platform.database, user_id)
        yield Ingest(client, platform, token, user_id)
