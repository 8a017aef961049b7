"""A pytest plugin with real servers: PostgreSQL, NATS and Valkey from the pinned wheels, one of each per test run.

Each test gets a database of its own, copied from one that the migrations built. Nothing here stands for our own parts.
"""

import signal

from argus_kit.testing.databases import (
    database,
    database_kind,
    database_url,
    postgres_database,
    postgres_of_module,
    postgres_server,
    postgres_template,
    sqlite_database,
    sqlite_template,
)
from argus_kit.testing.people import add_session, add_token, add_user, bearer_headers
from argus_kit.testing.platforms import eventually, make_settings, platform, running_client, settings
from argus_kit.testing.servers import Child, binary, nats, nats_child, nats_url, redis_url, valkey, valkey_child

__all__ = [
    "Child",
    "add_session",
    "add_token",
    "add_user",
    "bearer_headers",
    "binary",
    "database",
    "database_kind",
    "database_url",
    "eventually",
    "make_settings",
    "nats",
    "nats_child",
    "nats_url",
    "platform",
    "postgres_database",
    "postgres_of_module",
    "postgres_server",
    "postgres_template",
    "redis_url",
    "running_client",
    "settings",
    "sqlite_database",
    "sqlite_template",
    "valkey",
    "valkey_child",
]


def pytest_configure() -> None:
    """See pytest. What a shell starts in the background is deaf to Ctrl-C, and what nohup starts to the end of its
    terminal; so would be every child of a test.
    """
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
