"""Routes of a project's rules.

Who may is as with its channels: editors, owners and administrators deal with all of them, who only has a part in the
project with those that they made; and a rule sees only what whoever made it may see.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeProjectRules, MayReadRecipients, Permission
from argus_kit.routing import APIRouter
from argus_notifier.access import only_own
from argus_notifier.channels.repository import Owner
from argus_notifier.rules import preview, repository, service
from argus_notifier.rules.endpoints import RuleId
from argus_notifier.rules.schemas import RuleIn, RuleOut, RulePatch, RuleTrial, rule_out
from argus_notifier.transactions import Writing

router = APIRouter(prefix="/api/projects/{project:path}/rules", tags=["notifications"])

Project = Annotated[str, Path(max_length=256)]


async def _to_read(connection: AsyncConnection, actor: Actor, project: str) -> Owner:
    return Owner(project=project, added_by=await only_own(connection, actor, project, Permission.RECIPIENTS_READ))


async def _to_change(connection: AsyncConnection, actor: Actor, project: str) -> Owner:
    permission = Permission.PROJECT_RULES_CHANGE
    return Owner(project=project, added_by=await only_own(connection, actor, project, permission))


@router.get("")
async def list_project_rules(actor: MayReadRecipients, connection: Reading, project: Project) -> list[RuleOut]:
    """What a project's people are told of besides the usual."""
    owner = await _to_read(connection, actor, project)
    return [rule_out(row) for row in await repository.of_owner(connection, owner)]


@router.post("", status_code=201)
async def add_project_rule(
    actor: MayChangeProjectRules, transaction: Writing, project: Project, body: RuleIn
) -> RuleOut:
    """Make a rule. A condition that cannot be understood is refused with the place of the fault."""
    owner = await _to_change(transaction.connection, actor, project)
    return await service.add(transaction, actor, owner, body)


@router.post("/preview")
async def preview_project_rule(
    actor: MayChangeProjectRules, connection: Reading, project: Project, body: RuleIn
) -> RuleTrial:
    """What a rule that is not saved yet would have said over the last day."""
    return await preview.of_draft(connection, actor, await _to_change(connection, actor, project), body)


@router.get("/{rule_id}")
async def read_project_rule(
    actor: MayReadRecipients, connection: Reading, project: Project, rule_id: RuleId
) -> RuleOut:
    """One rule."""
    return rule_out(await service.found(connection, await _to_read(connection, actor, project), rule_id))


@router.patch("/{rule_id}")
async def update_project_rule(
    actor: MayChangeProjectRules, transaction: Writing, project: Project, rule_id: RuleId, body: RulePatch
) -> RuleOut:
    """Change a rule, or switch it on and off. It begins anew with all jobs."""
    owner = await _to_change(transaction.connection, actor, project)
    return await service.change(transaction, actor, owner, rule_id, body)


@router.delete("/{rule_id}", status_code=204)
async def delete_project_rule(
    actor: MayChangeProjectRules, transaction: Writing, project: Project, rule_id: RuleId
) -> None:
    """Remove a rule."""
    await service.remove(transaction, actor, await _to_change(transaction.connection, actor, project), rule_id)


@router.post("/{rule_id}/test")
async def test_project_rule(
    actor: MayChangeProjectRules, connection: Reading, project: Project, rule_id: RuleId
) -> RuleTrial:
    """What a rule would have said over the last day. Nothing is sent."""
    row = await service.found(connection, await _to_change(connection, actor, project), rule_id)
    return await preview.of_row(connection, row, actor)
