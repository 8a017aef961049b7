"""Settings of auth alone; the environment's names carry the prefix `ARGUS_`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class AuthSettings(BaseSettings):
    """How long things live, how costly a password check is, how often one may knock."""

    model_config = SettingsConfigDict(env_prefix="ARGUS_", extra="ignore")

    jwt_ttl_seconds: int = Field(
        86_400, ge=60, le=31_536_000, description="Life of a session whose client keeps a JWT (the bearer flow)."
    )
    browser_access_seconds: int = Field(
        900, ge=20, le=86_400, description="Life of the access token that a browser keeps in memory."
    )
    browser_session_days: int = Field(30, ge=1, le=365, description="Longest life of a browser's session.")
    browser_idle_days: int = Field(14, ge=1, le=365, description="A browser that stays away so long has to log in.")
    jwt_grace_seconds: int = Field(86_400, ge=0, le=31_536_000, description="How long a rotated key still verifies.")
    jwt_rotate_days: int = Field(
        90, ge=0, le=3650, description="Age at which the signing key is rotated by itself; 0: never."
    )
    jwt_rotate_pause_seconds: int = Field(60, ge=0, le=3600, description="Least time between two rotations.")

    login_max_failures: int = Field(5, ge=1, le=1000, description="Failed logins in a row that lock an account.")
    login_lock_minutes: int = Field(10, ge=1, le=10_080, description="How long a lock lasts.")
    alerts_anomalous_login_enabled: bool = Field(
        True, description="Mail a person when the password was used from a place that was not seen before."
    )
    email_verify_ttl_hours: int = Field(24, ge=1, le=720, description="Life of a link that verifies an address.")
    email_change_ttl_hours: int = Field(168, ge=1, le=720, description="Life of a link that sets a new address.")
    password_reset_ttl_minutes: int = Field(15, ge=1, le=1440, description="Life of a link that resets a password.")

    auth_argon2_time_cost: int = Field(3, ge=1, le=20, description="argon2id passes over the memory.")
    auth_argon2_memory_kib: int = Field(65_536, ge=8, le=4_194_304, description="argon2id memory in KiB.")
    auth_argon2_parallelism: int = Field(1, ge=1, le=16, description="argon2id lanes.")
    auth_argon2_workers: int = Field(2, ge=1, le=64, description="Password checks that run at the same time.")

    auth_password_min_score: int = Field(
        2, ge=0, le=4, description="Least zxcvbn score (0 to 4) of a password that is chosen; 0: any will do."
    )

    auth_attempts_per_minute: int = Field(
        120, ge=1, le=1_000_000, description="Logins per minute from one address; bursts of the same size."
    )
    auth_guesses_per_minute: int = Field(
        60, ge=1, le=1_000_000, description="Logins per minute to one account, from all addresses together."
    )
    auth_accounts_per_hour: int = Field(
        120, ge=1, le=1_000_000, description="Registrations and mail links per hour from one address."
    )
    audit_syslog: str = Field(
        "",
        pattern=r"^(|(udp|tcp)://[^\s/]+|unix:/\S+)$",
        description="Syslog server that gets every audit line: `udp://host:514`, `tcp://host:601`, `unix:/dev/log`.",
    )
    auth_max_tokens: int = Field(50, ge=1, le=10_000, description="Active tokens that one person may have.")
