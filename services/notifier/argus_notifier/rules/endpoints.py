"""Routes of a person's own rules.

They are made and changed by a session only, as channels are: they have things sent.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from argus_kit.actor import Actor
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeRules, MayReadRules
from argus_kit.routing import APIRouter
from argus_notifier.channels.repository import Owner
from argus_notifier.rules import preview, repository, service
from argus_notifier.rules.schemas import RuleIn, RuleOut, RulePatch, RuleTrial, rule_out
from argus_notifier.transactions import Writing

router = APIRouter(prefix="/api/me/rules", tags=["notifications"])

RuleId = Annotated[int, Path(ge=1, le=2**63 - 1)]


def _mine(actor: Actor) -> Owner:
    return Owner(user_id=actor.user_id)


@router.get("")
async def list_my_rules(actor: MayReadRules, connection: Reading) -> list[RuleOut]:
    """What I asked to be told of."""
    return [rule_out(row) for row in await repository.of_owner(connection, _mine(actor))]


@router.post("", status_code=201)
async def add_my_rule(actor: MayChangeRules, transaction: Writing, body: RuleIn) -> RuleOut:
    """Make a rule. A condition that cannot be understood is refused with the place of the fault."""
    return await service.add(transaction, actor, _mine(actor), body)


@router.post("/preview")
async def preview_my_rule(actor: MayChangeRules, connection: Reading, body: RuleIn) -> RuleTrial:
    """What a rule that is not saved yet would have said over the last day."""
    return await preview.of_draft(connection, actor, _mine(actor), body)


@router.get("/{rule_id}")
async def read_my_rule(actor: MayReadRules, connection: Reading, rule_id: RuleId) -> RuleOut:
    """One rule."""
    return rule_out(await service.found(connection, _mine(actor), rule_id))


@router.patch("/{rule_id}")
async def update_my_rule(actor: MayChangeRules, transaction: Writing, rule_id: RuleId, body: RulePatch) -> RuleOut:
    """Change a rule, or switch it on and off. It begins anew with all jobs."""
    return await service.change(transaction, actor, _mine(actor), rule_id, body)


@router.delete("/{rule_id}", status_code=204)
async def delete_my_rule(actor: MayChangeRules, transaction: Writing, rule_id: RuleId) -> None:
    """Remove a rule."""
    await service.remove(transaction, actor, _mine(actor), rule_id)


@router.post("/{rule_id}/test")
async def test_my_rule(actor: MayChangeRules, connection: Reading, rule_id: RuleId) -> RuleTrial:
    """What a rule would have said over the last day. Nothing is sent."""
    return await preview.of_row(connection, await service.found(connection, _mine(actor), rule_id), actor)
