"""`argus-server admin`: administrators from the command line, on SQLite and PostgreSQL, beside a running server."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_kit.settings import Settings

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="User name or e-mail address.")]

app = typer.Typer(help="Administrators, and help for people who cannot log in.", no_args_is_help=True)

_SOON = "A running server knows within 30 seconds."


@app.command()
def create(
    username: Annotated[str, typer.Option(prompt=True, help="Name to log in with.")],
    email: Annotated[str, typer.Option(prompt=True, help="E-mail address.")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from input.")] = False,
    generate: Annotated[bool, typer.Option("--generate", help="Make a password and print it, once.")] = False,
) -> None:
    """Open an administrator's account."""
    from argus_auth import admin as people

    password = _password(password_stdin, generate)
    _run(lambda database: people.create_admin(database, username, email, password))
    typer.echo(f"{username} is an administrator.")
    if generate:
        typer.echo(f"Password: {password}\nIt is not shown again.")


@app.command()
def promote(name: Name) -> None:
    """Make a person an administrator."""
    from argus_auth import admin as people

    _run(lambda database: people.promote(database, name))
    typer.echo(f"{name} is an administrator. {_SOON}")


@app.command()
def demote(name: Name) -> None:
    """Make an administrator an ordinary person."""
    from argus_auth import admin as people

    _run(lambda database: people.demote(database, name))
    typer.echo(f"{name} is no administrator any more. {_SOON}")


@app.command("list")
def list_() -> None:
    """Print the administrators."""
    from argus_auth import admin as people

    for row in _run(people.list_admins):
        state = "active" if row.is_active else "banned"
        seen = row.last_login.strftime("%Y-%m-%d") if row.last_login else "never"
        typer.echo(f"{row.username}\t{row.email}\t{state}\tlast login {seen}")


@app.command("reset-password")
def reset_password(name: Name) -> None:
    """End a person's password and sessions, and print a link that sets a new one."""
    from argus_auth import admin as people

    link = _run(lambda database: people.reset_password(database, name, Settings().public_url))
    typer.echo(f"The old password works no more. This link sets a new one, once, within 24 hours:\n{link}")


@app.command()
def unlock(name: Name) -> None:
    """Lift a person's lock or ban."""
    from argus_auth import admin as people

    _run(lambda database: people.unlock(database, name))
    typer.echo(f"{name} may log in again. {_SOON}")


@app.command("rotate-key")
def rotate_key() -> None:
    """Make a new key that signs sessions: nobody is logged out. Also when ARGUS_CONFIG_KEY was lost."""
    from argus_auth import admin as people
    from argus_kit.platform import open_secret_box

    kid = _run(lambda database: people.rotate_signing_key(database, open_secret_box(Settings())))
    typer.echo(f"Sessions will be signed with the key {kid}. A running server takes it up within 15 seconds.")


def first_account_hint(settings: Settings) -> str:
    """What to say below the address while nobody has an account; empty afterwards. The database must be migrated."""
    from argus_auth import admin as people

    async def look() -> bool:
        database = Database(settings.database_url, pool_size=1)
        try:
            return await people.has_accounts(database)
        finally:
            await database.close()

    if asyncio.run(look()):
        return ""
    return (
        f"\n\nNobody has an account yet. The first person to register at {settings.public_url}/register becomes the "
        "administrator;\nor make one here with `argus-server admin create`."
    )


def _password(from_input: bool, generated: bool) -> str:
    if from_input and generated:
        sys.exit("Nothing was done: choose one of --password-stdin and --generate.")
    if generated:
        return secrets.token_urlsafe(15) + "7a"
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _run(act: Callable[[Database], Awaitable[T]]) -> T:
    from argus_schema.migrate import ensure_current

    async def work() -> T:
        settings = Settings()
        settings.home.mkdir(parents=True, exist_ok=True)
        await ensure_current(settings.database_url)
        database = Database(settings.database_url, pool_size=1)
        try:
            return await act(database)
        finally:
            await database.close()

    try:
        return asyncio.run(work())
    except ArgusError as error:
        sys.exit(f"Nothing was done: {error}")
