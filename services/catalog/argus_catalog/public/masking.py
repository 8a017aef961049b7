"""Command lines without secrets, for pages that everyone sees.

Argus' own SDK masks them before they leave the machine; other clients send what was typed.
"""

from __future__ import annotations

import re
from typing import Final

from argus_kit.telemetry import without_secrets

MASK: Final = "***"

_NAME = (
    r"[\w.-]*?(?:passw(?:or)?d|passphrase|pwd|secret|credentials?|authorization|cookie|bearer|jwt"
    r"|(?:api|access|auth|private|secret|hf|hub|wandb|github|account|license)[_.-]?(?:key|token)|token)s?"
)
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\s\"']+)"
# `--token X` and `--token=X`, `api_key=X`, `WANDB_API_KEY=X`, `"password": "X"`; a number is no secret (`max_token=5`).
_OPTION = re.compile(rf"(?<![\w.-])(--?{_NAME})(\s+|=)(?!-)(?!\d+(?:\s|$)){_VALUE}", re.IGNORECASE)
_ASSIGNED = re.compile(rf"(?<![\w.+~-])([+~]*{_NAME}[\"']?\s*[=:]\s*)(?!\d+(?:\s|$)){_VALUE}", re.IGNORECASE)
_KNOWN = re.compile(
    r"\b(?:hf|ghp|gho|ghs|ghu|ghr|github_pat|glpat|sk|pk|rk|xox[abprs]|npm|pypi)[_-][0-9A-Za-z_-]{16,}"
    r"|\bA(?:KIA|SIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_LONGEST: Final = 8_192


def masked(command: str | None) -> str | None:
    """The command without passwords, tokens and addresses of people; what is very long is cut."""
    if not command:
        return command
    text = str(without_secrets(command[:_LONGEST]))
    text = _KNOWN.sub(MASK, text)
    text = _OPTION.sub(rf"\1\2{MASK}", text)
    text = _ASSIGNED.sub(rf"\1{MASK}", text)
    return _EMAIL.sub(MASK, text)
