"""The worker of auth: audit lines of other services, token stamps, agents' tokens, cleaning up."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from argus_auth.audit.forward import Forwarder
from argus_auth.audit.handlers import AuditConsumer
from argus_auth.audit.watch import ChainWatch
from argus_auth.cleanup import Cleanup
from argus_auth.core import AuthCore, core_of
from argus_auth.keys.upkeep import KeyUpkeep
from argus_auth.settings import AuthSettings
from argus_auth.tokens.handlers import AgentTokens, UseStamps
from argus_kit.app import worker_app
from argus_kit.parts import Part
from argus_kit.platform import Platform


def worker_parts(platform: Platform) -> Sequence[Part]:
    """What the worker runs. In standalone the core is there already, with the routes."""
    shared = core_of(platform)
    core = shared or AuthCore(platform, AuthSettings())
    kinds = (AuditConsumer, UseStamps, AgentTokens, Cleanup, KeyUpkeep, ChainWatch, Forwarder)
    parts = [kind(core) for kind in kinds]
    return parts if shared else [core, *parts]


def create_app() -> FastAPI:
    """The worker's app: probes, and the parts above."""
    from argus_auth.app import SERVICE

    return worker_app(SERVICE)
