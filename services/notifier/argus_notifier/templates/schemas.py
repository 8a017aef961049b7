"""Templates of mails, on the wire."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Field

_LONGEST_SOURCE: Final = 65_536


def _storable(text: str) -> str:
    # No database takes a NUL in a text.
    if "\0" in text:
        raise ValueError("must not hold the character NUL")
    return text


Subject = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_storable)]
Body = Annotated[str, Field(min_length=1, max_length=_LONGEST_SOURCE), AfterValidator(_storable)]


class MailTemplateOut(BaseModel):
    """A template. `is_changed`: an administrator wrote it; else it is the packaged one."""

    id: int
    event_type: str
    locale: str
    subject: str
    body_html: str
    body_text: str
    is_system: bool
    is_changed: bool
    updated_at: str | None
    updated_by_user_id: int | None


class MailTemplateDetail(MailTemplateOut):
    """A template, and what it may ask for: `batch.id`; a name of a list is for a loop."""

    available_variables: list[str]


class MailTemplateIn(BaseModel):
    """What is to stand in a template's place."""

    subject: Subject
    body_html: Body
    body_text: Body


class MailTemplateDraft(BaseModel):
    """A draft to look at; what is left out is taken from the template as it is."""

    subject: Subject | None = None
    body_html: Body | None = None
    body_text: Body | None = None


class MailPreviewOut(BaseModel):
    """The mail that it makes of sample data."""

    subject: str
    body_html: str
    body_text: str
