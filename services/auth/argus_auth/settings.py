"""Settings of auth alone; the environment's names carry the prefix `ARGUS_`."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from argus_kit.environment import Environment

# The weakest argon2id that OWASP's cheat sheet of password storage still takes: 19 MiB and two passes.
_LEAST_ARGON2_KIB_PASSES = 19_456 * 2


class AuthSettings(Environment):
    """How long things live, how costly a password check is, how often one may knock."""

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

    def unsafe(self) -> Iterator[str]:
        """See Environment."""
        if self.auth_argon2_memory_kib * self.auth_argon2_time_cost < _LEAST_ARGON2_KIB_PASSES:
            yield (
                "ARGUS_AUTH_ARGON2_MEMORY_KIB and ARGUS_AUTH_ARGON2_TIME_COST make stored passwords cheap to guess: "
                f"write numbers whose product is at least {_LEAST_ARGON2_KIB_PASSES}, or leave them out."
            )
        if self.auth_password_min_score < 1:
            yield "ARGUS_AUTH_PASSWORD_MIN_SCORE is 0, which lets people choose any password: write 2, or leave it out."
