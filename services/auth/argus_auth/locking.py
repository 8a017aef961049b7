"""Making transactions of all replicas take turns where "look, then write" must be one step."""

from __future__ import annotations

from argus_kit.leases import take_turn

__all__ = ["ADMINISTRATORS", "AUDIT_CHAIN", "FIRST_USER", "SIGNING_KEY", "take_turn"]

FIRST_USER = "auth.first-user"
SIGNING_KEY = "auth.signing-key"
AUDIT_CHAIN = "auth.audit-chain"
# Whoever holds an account's row too took that first.
ADMINISTRATORS = "auth.administrators"
