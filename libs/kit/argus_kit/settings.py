"""Settings that every process reads from the environment, prefix `ARGUS_`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from argus_contracts.bus import LIVE_BYTES
from argus_kit.addresses import parse_allow
from argus_kit.environment import SECRET, Environment

API_VERSION = "0.4.0"
# Characters of a key that encrypts secrets.
LEAST_KEY = 16
# Where a frontend runs while it is developed.
_DEVELOPMENT_ORIGINS = ("http://localhost:5173", "http://localhost:8000")


class Settings(Environment):
    """What a process must know about its surroundings. A service adds a small group of its own."""

    env: Literal["dev", "prod"] = Field(
        "dev", description="`prod` refuses to start with settings that are not safe there (argus_kit.production)."
    )
    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("argus")),
        description="Folder for everything that Argus keeps on this machine.",
    )
    host: str = Field("127.0.0.1", description="Address on which the public port listens.")
    port: int = Field(8000, ge=1, le=65535, description="The public port.")
    base_url: str = Field("", description="Address under which people reach Argus; empty: derived from host and port.")
    http_host: str = Field("127.0.0.1", description="Address on which this one process listens behind the gateway.")
    http_port: int = Field(8001, ge=0, le=65535, description="Port on which this one process listens.")
    drain_s: float = Field(
        0.0,
        ge=0,
        le=300,
        description="Seconds that a process that is asked to end still answers, so that the gateway turns to others.",
    )
    grace_s: int = Field(
        5, ge=0, le=3600, description="Seconds that open requests have to end once a process stops listening."
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses of the gateway, comma list or `*`: whose X-Forwarded-For is believed."
    )
    db_url: str = Field(
        "",
        description="SQLAlchemy address (postgresql+asyncpg or sqlite+aiosqlite); empty: SQLite.",
        json_schema_extra=SECRET,
    )
    db_pool_size: int = Field(10, ge=1, le=200, description="Database connections that a process keeps open.")
    nats_url: str = Field("nats://127.0.0.1:4222", description="Address of NATS.", json_schema_extra=SECRET)
    nats_replicas: int = Field(1, ge=1, le=5, description="Copies that JetStream keeps of a stream.")
    nats_live_mib: int = Field(
        LIVE_BYTES // 2**20,
        ge=0,
        le=1_048_576,
        description="MiB of messages for open pages and watchdogs that JetStream keeps, the oldest leave first; 0: as "
        "many as it has room for. Only for a stream that nobody gave a limit yet.",
    )
    redis_url: str = Field(
        "", description="Address of Redis or Valkey; empty: a cache in this process.", json_schema_extra=SECRET
    )
    config_key: SecretStr = Field(SecretStr(""), description="Key that encrypts secrets at rest (Fernet).")
    config_key_previous: SecretStr = Field(
        SecretStr(""),
        description="Comma list of keys used before `config_key`; they still decrypt, until all is renewed.",
    )
    cors_origins: str = Field(
        "", description="Comma list of other origins whose pages may call Argus, such as https://notebooks.lab."
    )
    outbound_allow: str = Field(
        "",
        description="Comma list of hosts and networks that Argus may call for others although they are not public.",
    )
    log_level: str = Field("INFO", description="Least level that is logged.")
    log_format: Literal["json", "console"] = Field("json", description="Form of a log line.")
    otlp_endpoint: str = Field("", description="OpenTelemetry collector (HTTP); empty: no traces are exported.")

    @field_validator("config_key", "config_key_previous")
    @classmethod
    def _is_long_enough(cls, value: SecretStr, about: ValidationInfo) -> SecretStr:
        said = value.get_secret_value()
        keys = _entries(said) if about.field_name == "config_key_previous" else [said] if said else []
        if any(len(key) < LEAST_KEY for key in keys):
            raise ValueError(f"a key has at least {LEAST_KEY} characters: `openssl rand -hex 32` makes a good one")
        return value

    @field_validator("outbound_allow")
    @classmethod
    def _is_readable(cls, value: str) -> str:
        parse_allow(value)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _names_origins(cls, value: str) -> str:
        for origin in _entries(value):
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or f"{parts.scheme}://{parts.netloc}" != origin or "*" in origin:
                raise ValueError(f"{origin!r} is no origin: write https://name or https://name:port, one by one")
        return value

    @property
    def allowed_origins(self) -> list[str]:
        """Origins whose pages may call Argus: its own, those named, and while developing the frontend's server."""
        developing = _DEVELOPMENT_ORIGINS if self.env == "dev" else ()
        return [self.public_url, *_entries(self.cors_origins), *developing]

    @property
    def database_url(self) -> str:
        """`db_url`, or the SQLite file in the data folder."""
        return self.db_url or f"sqlite+aiosqlite:///{self.home / 'argus.db'}"

    @property
    def public_url(self) -> str:
        """`base_url` without a trailing slash, or what host and port give."""
        if self.base_url:
            return self.base_url.rstrip("/")
        name = "localhost" if self.host in {"0.0.0.0", "::", "127.0.0.1"} else self.host  # noqa: S104 (only compared) # nosec B104
        return f"http://{name}:{self.port}"


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]
