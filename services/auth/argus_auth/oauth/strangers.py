"""Accounts that somebody opened under another person's address. Once that person has proven the address, nothing by
which the other came in works any more.
"""

from __future__ import annotations

from argus_auth.accounts import repository as accounts
from argus_auth.dependencies import Origin
from argus_auth.oauth import grants, repository
from argus_auth.tokens import repository as tokens
from argus_auth.work import Work


async def put_out(work: Work, user_id: int, origin: Origin) -> None:
    """End an account's tokens and its links elsewhere; password and sessions are seen to by whoever calls."""
    for key_id in await tokens.revoke_of_user(work.connection, user_id):
        work.audit("token_revoke", user_id, target=("api_token", key_id), ip=origin.ip, reason="address_proven")
        work.revoke_token(key_id)
    for identity in await repository.of_user(work.connection, user_id):
        await grants.withdraw(work, identity, origin)
        await repository.delete(work.connection, identity.id)
        about = {"provider": identity.provider, "login": identity.login, "reason": "address_proven"}
        work.audit("oauth_unlink", user_id, target=("user", user_id), ip=origin.ip, **about)
    await accounts.change(work.connection, user_id, github_login=None)
