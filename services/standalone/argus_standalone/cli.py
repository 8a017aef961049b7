"""The `argus-server` command: `up` runs Argus, `migrate` prepares a database, `admin create` makes an administrator."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from argus_kit.production import UnsafeSettingsError
from argus_kit.settings import Settings
from argus_standalone.preflight import PreflightError, check_port, claim_home

app = typer.Typer(help="Argus in one process.", no_args_is_help=True, add_completion=False)
admin = typer.Typer(help="Administrators.", no_args_is_help=True)
app.add_typer(admin, name="admin")


@app.command()
def up() -> None:
    """Run Argus in the foreground until Ctrl-C. Honours ARGUS_HOME, ARGUS_HOST and ARGUS_PORT."""
    os.environ.setdefault("ARGUS_LOG_FORMAT", "console")
    os.environ.setdefault("ARGUS_LOG_LEVEL", "WARNING")
    settings = Settings()
    try:
        lock = claim_home(settings.home)
        check_port(settings.host, settings.port)
        _serve(settings)
    except (PreflightError, UnsafeSettingsError, FileNotFoundError) as error:
        sys.exit(f"Argus cannot start: {error}")
    lock.close()


@app.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    from argus_schema.migrate import migrate as run

    settings = Settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    asyncio.run(run(settings.database_url))
    typer.echo("The database is up to date.")


@admin.command("create")
def create_admin(
    username: Annotated[str, typer.Option(prompt=True, help="Name to log in with.")],
    email: Annotated[str, typer.Option(prompt=True, help="E-mail address.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Password.")],
) -> None:
    """Make an administrator, or make an existing person one."""
    from argus_auth.admin import create_admin as create
    from argus_kit.database import Database
    from argus_schema.migrate import migrate as run

    async def work() -> None:
        settings = Settings()
        settings.home.mkdir(parents=True, exist_ok=True)
        await run(settings.database_url)
        database = Database(settings.database_url, pool_size=1)
        try:
            await create(database, username, email, password)
        finally:
            await database.close()

    try:
        asyncio.run(work())
    except ValueError as error:
        sys.exit(f"No administrator was made: {error}")
    typer.echo(f"{username} is an administrator.")


def _serve(settings: Settings) -> None:
    # What is imported stays; the server turns the collector on again when it has started.
    gc.disable()
    from argus_kit.serve import Server, config
    from argus_schema.migrate import ensure_current
    from argus_standalone.app import create_app
    from argus_standalone.nats_child import NatsChild

    asyncio.run(ensure_current(settings.database_url))
    nats = NatsChild(settings.home / "nats")
    settings = settings.model_copy(update={"nats_url": nats.url})
    built = create_app(settings, nats, web_root())
    server = Server(config(built, host=settings.host, port=settings.port))
    built.state.on_ready = lambda: typer.echo(
        f"Argus is ready at {settings.public_url}\n  data   {settings.home}\n  stop   Ctrl-C"
    )
    server.run()


def web_root() -> Path:
    """Where the built frontend lies: ARGUS_WEB_ROOT, inside the installed package, or in the checkout."""
    if named := os.environ.get("ARGUS_WEB_ROOT"):
        return Path(named)
    packaged = Path(__file__).parent / "web"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "frontend" / "dist"


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
