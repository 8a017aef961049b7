"""Brings the database that ARGUS_DB_URL names to the newest revision: `python -m argus_kit.migrate`."""

from __future__ import annotations

import asyncio
import json
import sys

from pydantic import Field, SecretStr, field_validator

from argus_kit.environment import Environment, InvalidSettingsError
from argus_kit.settings import Settings
from argus_schema.migrate import migrate


class MigrationSettings(Environment):
    """What only the migration is told, which connects as the database's administrator."""

    db_role_passwords: SecretStr = Field(
        SecretStr("{}"),
        description='JSON: each service\'s role on PostgreSQL and its password, such as {"argus_auth": "..."}.',
    )

    @field_validator("db_role_passwords")
    @classmethod
    def _is_an_object_of_texts(cls, value: SecretStr) -> SecretStr:
        try:
            read = json.loads(value.get_secret_value())
        except ValueError:
            read = None
        if not isinstance(read, dict) or not all(isinstance(password, str) for password in read.values()):
            raise ValueError('write a JSON object of roles and passwords: {"argus_auth": "..."}')
        return value

    @property
    def passwords(self) -> dict[str, str]:
        """Role to password."""
        found: dict[str, str] = json.loads(self.db_role_passwords.get_secret_value())
        return found


def main() -> None:
    """Entry point."""
    try:
        url, passwords = Settings().db_url, MigrationSettings().passwords
    except InvalidSettingsError as error:
        sys.exit(f"Nothing was migrated: {error}")
    if not url:
        sys.exit("ARGUS_DB_URL is not set: name the database to migrate, for example sqlite+aiosqlite:///argus.db")
    asyncio.run(migrate(url, passwords))


if __name__ == "__main__":
    main()
