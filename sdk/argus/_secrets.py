"""What never leaves the machine: values of variables and arguments whose names speak of secrets."""

from __future__ import annotations

import re

MASK = "***"

_SECRET_NAME = re.compile(r"(key|token|secret|passw|passphrase|pwd|cred|auth|session|cookie)", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\w[\w+.-]*://)[^/\s:@]*:[^/\s@]*@")
_TOKEN = re.compile(r"\b(?:em_live|em_view|ag_live|hf|ghp|gho|glpat|sk)[_-][0-9A-Za-z_-]{16,}")


def mask_variable(name: str, value: str) -> str:
    """The value of an environment variable, or the mask where its name speaks of a secret."""
    return MASK if _SECRET_NAME.search(name) else mask_text(value)


def mask_text(text: str) -> str:
    """Text without the passwords of URLs and without tokens of known shapes."""
    return _TOKEN.sub(MASK, _URL_PASSWORD.sub(rf"\g<1>{MASK}@", text))


def mask_arguments(arguments: list[str]) -> list[str]:
    """A command line whose `--token X`, `--password=X` and `api_key=X` are masked."""
    masked: list[str] = []
    hide_next = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        secret = bool(_SECRET_NAME.search(name)) and "/" not in name
        if hide_next and not argument.startswith("-"):
            masked.append(MASK)
        elif secret and equals:
            masked.append(f"{name}={MASK}")
        else:
            masked.append(mask_text(argument))
        hide_next = secret and not equals and argument.startswith("--")
    return masked
