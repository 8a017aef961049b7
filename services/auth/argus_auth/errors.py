"""Errors of auth that need a form of their own."""

from __future__ import annotations

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError


class FieldInvalid(ArgusError):
    """422 for one field that only we can judge, in the form that FastAPI gives its own. The input is not repeated: it
    may be a secret.
    """

    def __init__(self, code: ErrorCode, field: str, message: str) -> None:
        item = {"type": "value_error", "loc": ["body", field], "msg": message}
        super().__init__(code, message, detail=[item], details={"fields": [item]})
