"""Routes of the templates' editor, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Path, Request

from argus_contracts.errors import ErrorCode
from argus_kit.clock import iso
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading, platform_of
from argus_kit.policy import MayAdminRead, MayAdminSecure
from argus_kit.routing import APIRouter
from argus_notifier.kinds import KINDS
from argus_notifier.mail.rendering import preview
from argus_notifier.templates import repository
from argus_notifier.templates.errors import TemplateBroken
from argus_notifier.templates.schemas import (
    MailPreviewOut,
    MailTemplateDetail,
    MailTemplateDraft,
    MailTemplateIn,
    MailTemplateOut,
)
from argus_notifier.templates.sources import LOCALES, Source, number_of, packaged
from argus_notifier.templates.variables import names, sample
from argus_notifier.transactions import Writing, note

router = APIRouter(prefix="/api/admin/email/templates", tags=["admin"])

TemplateId = Annotated[int, Path(ge=0, le=2**63 - 1)]


@router.get("")
async def list_templates(_: MayAdminRead, connection: Reading) -> list[MailTemplateOut]:
    """Every kind of mail in every language, by kind and language."""
    changed = {(row.event_type, row.locale): row for row in await repository.all_changed(connection)}
    return [
        MailTemplateOut(**_facts(kind, locale, changed.get((kind, locale))))
        for kind in sorted(KINDS)
        for locale in LOCALES
    ]


@router.get("/{template_id}")
async def read_template(_: MayAdminRead, connection: Reading, template_id: TemplateId) -> MailTemplateDetail:
    """A template, and what it may ask for."""
    kind, locale = _named(template_id)
    return _detail(kind, locale, await repository.find(connection, kind, locale))


@router.put("/{template_id}")
async def replace_template(
    actor: MayAdminSecure, transaction: Writing, request: Request, template_id: TemplateId, body: MailTemplateIn
) -> MailTemplateDetail:
    """Put a text in the place of the packaged one. One that makes no mail is refused, with the line."""
    kind, locale = _named(template_id)
    source = Source(body.subject, body.body_html, body.body_text)
    _previewed(kind, locale, source, platform_of(request).settings.public_url)
    row = await repository.replace(transaction.connection, kind, locale, source, actor.user_id)
    note(transaction, "mail_template_set", actor.user_id, "mail_template", f"{kind}/{locale}")
    return _detail(kind, locale, row)


@router.post("/{template_id}/preview")
async def preview_template(
    _: MayAdminRead,
    connection: Reading,
    request: Request,
    template_id: TemplateId,
    body: MailTemplateDraft | None = None,
) -> MailPreviewOut:
    """The mail that a draft makes of sample data; 400 with the field and the line when it makes none."""
    kind, locale = _named(template_id)
    row = await repository.find(connection, kind, locale)
    now = packaged(kind, locale) if row is None else Source(row.subject, row.body_html, row.body_text)
    source = now._replace(**body.model_dump(exclude_none=True)) if body else now
    return _previewed(kind, locale, source, platform_of(request).settings.public_url)


@router.post("/{template_id}/reset")
async def reset_template(actor: MayAdminSecure, transaction: Writing, template_id: TemplateId) -> MailTemplateDetail:
    """Go back to the packaged text."""
    kind, locale = _named(template_id)
    await repository.delete(transaction.connection, kind, locale)
    note(transaction, "mail_template_reset", actor.user_id, "mail_template", f"{kind}/{locale}")
    return _detail(kind, locale, None)


def _named(template_id: int) -> tuple[str, str]:
    for kind in KINDS:
        for locale in LOCALES:
            if number_of(kind, locale) == template_id:
                return kind, locale
    raise ArgusError(ErrorCode.TEMPLATE_NOT_FOUND)


def _previewed(kind: str, locale: str, source: Source, base_url: str) -> MailPreviewOut:
    try:
        made = preview(source, locale, sample(kind, locale, base_url))
    except TemplateBroken as error:
        where = f" (line {error.line})" if error.line else ""
        raise ArgusError(
            ErrorCode.TEMPLATE_INVALID,
            f"{error.field}{where}: {error.problem}",
            details={"field": error.field, "line": error.line, "problem": error.problem},
        ) from error
    return MailPreviewOut(subject=made.subject, body_html=made.body_html, body_text=made.body_text)


def _facts(kind: str, locale: str, row: sa.Row[Any] | None) -> dict[str, Any]:
    source = packaged(kind, locale) if row is None else Source(row.subject, row.body_html, row.body_text)
    return {
        "id": number_of(kind, locale),
        "event_type": kind,
        "locale": locale,
        **source._asdict(),
        "is_system": True,
        "is_changed": row is not None,
        "updated_at": iso(row.updated_at) if row is not None else None,
        "updated_by_user_id": row.updated_by_user_id if row is not None else None,
    }


def _detail(kind: str, locale: str, row: sa.Row[Any] | None) -> MailTemplateDetail:
    return MailTemplateDetail(**_facts(kind, locale, row), available_variables=names(kind))
