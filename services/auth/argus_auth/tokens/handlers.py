"""What other services tell and ask about tokens: which were used, and a token for an agent."""

from __future__ import annotations

from datetime import datetime

import msgspec
import structlog

from argus_auth.accounts import repository as accounts
from argus_auth.core import AuthCore
from argus_auth.sessions import repository as sessions
from argus_auth.tokens import repository
from argus_auth.tokens.minting import mint
from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_contracts.tokens import AGENT_PREFIX
from argus_kit.parts import Loop, Part

log = structlog.get_logger(__name__)

# Every process reports what it saw each 15 seconds; stamping more often than this would only cost writes.
_STAMP_EVERY_S = 5.0
_QUEUE = "auth"
_NAME_LENGTH = 64


class UseStamps(Part):
    """Collects which tokens and sessions were used and writes it down from time to time."""

    name = "token-use-stamps"

    def __init__(self, core: AuthCore) -> None:
        self._core = core
        self._used: dict[int, datetime] = {}
        self._seen: dict[str, datetime] = {}
        self._writer = Loop("token-use-stamps", self._write, every_s=_STAMP_EVERY_S)

    async def start(self) -> None:
        """See Part."""
        await self._core.platform.bus.listen(wire.TOKEN_USED, self._on_used, queue=_QUEUE)
        await self._writer.start()

    async def stop(self) -> None:
        """See Part."""
        await self._writer.stop()
        await self._write()

    async def _on_used(self, _: str, data: bytes) -> None:
        told = wire.decode(wire.TokenUsed, data)
        for token_id, at in told.tokens.items():
            self._used[token_id] = max(at, self._used.get(token_id, at))
        for jti, at in told.sessions.items():
            self._seen[jti] = max(at, self._seen.get(jti, at))

    async def _write(self) -> None:
        if not (self._used or self._seen):
            return
        used, self._used = self._used, {}
        seen, self._seen = self._seen, {}
        try:
            async with self._core.write() as work:
                if used:
                    await repository.stamp_use(work.connection, used)
                if seen:
                    await sessions.stamp_seen(work.connection, seen)
        except BaseException:
            # Written next time, unless something newer came meanwhile.
            self._used = used | self._used
            self._seen = seen | self._seen
            raise


class AgentTokens(Part):
    """Mints the tokens of agents for executor."""

    name = "agent-tokens"

    def __init__(self, core: AuthCore) -> None:
        self._core = core

    async def start(self) -> None:
        """See Part."""
        await self._core.platform.bus.respond(wire.MINT_AGENT_TOKEN, self._answer, queue=_QUEUE)

    async def _answer(self, data: bytes) -> bytes:
        try:
            request = wire.decode(wire.MintAgentToken, data)
        except msgspec.DecodeError as error:
            return _refusal(ErrorCode.REQUEST_INVALID, str(error))
        return await self._mint(request)

    async def _mint(self, request: wire.MintAgentToken) -> bytes:
        name = request.hostname[:_NAME_LENGTH] or request.agent_id[:_NAME_LENGTH]
        minted = await mint(AGENT_PREFIX, scope="agent", user_id=request.owner_id, name=name)
        async with self._core.write() as work:
            owner = await accounts.by_id(work.connection, request.owner_id)
            if owner is None or not owner.is_active:
                return _refusal(ErrorCode.AUTH_OWNER_INACTIVE)
            for key_id in await repository.revoke_of_agent(work.connection, request.agent_id):
                work.revoke_token(key_id)
            row = await repository.add(work.connection, {**minted.row, "agent_id": request.agent_id})
            target = ("agent", request.agent_id)
            work.audit("agent_token_mint", owner.id, target=target, ip=request.actor_ip, token_id=row.id)
        log.info("agent_token.minted", agent_id=request.agent_id, owner_id=owner.id)
        return wire.encode(wire.MintAgentTokenReply(token=minted.text))


def _refusal(code: ErrorCode, message: str | None = None) -> bytes:
    return wire.encode(wire.MintAgentTokenReply(error_code=str(code), message=message or code.message))
