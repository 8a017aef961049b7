"""The `argus-server` command: `up` runs Argus, `migrate` prepares a database, `admin` serves when nobody can log in."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from pathlib import Path

import typer

from argus_kit.environment import InvalidSettingsError, misspelt, read_all
from argus_kit.production import UnsafeSettingsError
from argus_kit.settings import Settings
from argus_standalone import admin
from argus_standalone.backups import commands
from argus_standalone.capacity.command import plan
from argus_standalone.doctor.command import doctor
from argus_standalone.preflight import PreflightError, check_port, claim_home

app = typer.Typer(help="Argus in one process.", no_args_is_help=True, add_completion=False)
app.add_typer(admin.app, name="admin")
app.command()(plan)
app.command()(doctor)
commands.register(app)


@app.callback()
def _private() -> None:
    # What Argus keeps, and nats-server with it, is nobody else's to read.
    os.umask(0o077)


@app.command()
def up() -> None:
    """Run Argus in the foreground until Ctrl-C. Honours ARGUS_HOME, ARGUS_HOST and ARGUS_PORT."""
    os.environ.setdefault("ARGUS_LOG_FORMAT", "console")
    os.environ.setdefault("ARGUS_LOG_LEVEL", "WARNING")
    try:
        settings = _settings()
        lock = claim_home(settings.home)
        check_port(settings.host, settings.port)
        _serve(settings)
    except (PreflightError, InvalidSettingsError, UnsafeSettingsError, FileNotFoundError) as error:
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


def _settings() -> Settings:
    try:
        return Settings()
    except InvalidSettingsError:
        # With the faults of the services' own settings, which are imported with them.
        import argus_standalone.app  # noqa: F401

        read_all()
        raise


def _serve(settings: Settings) -> None:
    # What is imported stays; the server turns the collector on again when it has started.
    gc.disable()
    from argus_kit.serve import Server, config
    from argus_schema.migrate import ensure_current
    from argus_standalone.app import create_app
    from argus_standalone.nats_child import NatsChild

    read_all()
    asyncio.run(ensure_current(settings.database_url))
    for sentence in misspelt():
        typer.echo(sentence, err=True)
    nats = NatsChild(settings.home / "nats")
    settings = settings.model_copy(update={"nats_url": nats.url})
    built = create_app(settings, nats, web_root())
    server = Server(config(built, host=settings.host, port=settings.port))
    hint = admin.first_account_hint(settings)
    built.state.on_ready = lambda: typer.echo(
        f"Argus is ready at {settings.public_url}\n  data   {settings.home}\n  stop   Ctrl-C{hint}"
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
    try:
        app()
    except InvalidSettingsError as error:
        sys.exit(f"Nothing was done: {error}")


if __name__ == "__main__":
    main()
