"""What never leaves the machine: values whose names speak of secrets, and texts that look like one.

A name is read word by word, so that `tokenizer`, `max_tokens` and `num_key_value_heads` stay what they are. Names that
say it outright (`password`, `api_key`) hide any value; names that may mean something else (`token`, `key`) hide what
could be a secret, which a number or `<pad>` is not.
"""

from __future__ import annotations

import re
from itertools import pairwise
from time import sleep

MASK = "***"

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_OUTRIGHT = re.compile(
    r"passw\w*|passphrase|pwd|secrets?|credentials?|creds?|cookies?|authorization|bearer|jwt"
    r"|(?:api|access|auth|private|secret)(?:key|token)s?"
)
_KINDS_OF_KEY = frozenset(
    {"access", "account", "api", "auth", "client", "deploy", "encryption", "github", "hf", "hub", "license", "master"}
    | {"personal", "private", "refresh", "secret", "service", "session", "signing", "ssh", "storage", "wandb"}
)
_PERHAPS = frozenset({"auth", "key", "pat", "sas", "session", "signature", "token"})
_SHORTEST_SECRET = 8
_SHORTEST_RANDOM = 16
_LINES_AT_ONCE = 50

_NO_NAME = re.compile(r"[/\s]")
# Each begins at the start of a word only: a search from every letter of a long word would take its length squared.
_URL_PASSWORD = re.compile(r"(?<![\w+.-])(\w[\w+.-]*://)[^/\s:@]*:[^/\s@]*@")
_TOKEN = re.compile(
    r"\b(?:em_live|em_view|ag_live|hf|ghp|gho|ghs|ghu|ghr|github_pat|glpat|sk|pk|rk|xox[abprs]|npm|pypi)[_-]"
    r"[0-9A-Za-z_-]{16,}"
    r"|\bA(?:KIA|SIA)[0-9A-Z]{16}\b"
    r"|\bAIza[0-9A-Za-z_-]{35}"
    r"|\beyJ[0-9A-Za-z_-]{8,2048}\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*"
)
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
# In code only a quoted text or the value of a line like `NAME=value` is hidden: `token = next(stream)` is no secret.
_ASSIGNMENT = re.compile(
    r"""(?<![\w.-])(?P<name>[\w.-]+)(?P<is>["']?\s*[:=]\s*)(?P<value>"[^"\n]*"|'[^'\n]*')"""
    r"|^(?P<line>[+ -]?(?:export )?)(?P<variable>[A-Z][A-Z0-9_]*)=(?P<rest>\S+)",
    re.MULTILINE,
)


def is_secret(name: str, value: object) -> bool:
    """Whether a value of this name should be hidden."""
    if value is None or isinstance(value, bool) or (isinstance(value, str) and not value):
        return False
    words = _words(name)
    if _is_outright(words):
        return True
    return bool(words) and words[-1] in _PERHAPS and isinstance(value, str) and _could_be_secret(words[-1], value)


def mask_variable(name: str, value: str) -> str:
    """The value of an environment variable, or the mask where its name speaks of a secret."""
    words = _words(name)
    perhaps = bool(_PERHAPS.intersection(words)) and not value.replace(".", "", 1).isdigit()
    return MASK if _is_outright(words) or perhaps else mask_text(value)


def mask_text(text: str) -> str:
    """Text without the passwords of URLs, private keys, and tokens of known shapes."""
    text = _mask_private_keys(text)
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\g<1>{MASK}@", text)
    return _TOKEN.sub(MASK, text)


def mask_code(text: str) -> str:
    """Source or a diff of it, also without what it assigns to names that speak of secrets.

    A search holds the interpreter to its end, so a long text is read in parts, between which the training may go on.
    """
    lines = _mask_private_keys(text).splitlines(keepends=True)
    masked: list[str] = []
    for start in range(0, len(lines), _LINES_AT_ONCE):
        part = "".join(lines[start : start + _LINES_AT_ONCE])
        masked.append(mask_text(_ASSIGNMENT.sub(_masked_assignment, part)))
        sleep(0)
    return "".join(masked)


def mask_arguments(arguments: list[str]) -> list[str]:
    """A command line whose `--token X`, `--password=X` and `api_key=X` are masked."""
    masked: list[str] = []
    hide_next = False
    for argument in arguments:
        name, equals, value = argument.partition("=")
        is_option = argument.startswith("-")
        if hide_next and not is_option:
            masked.append(MASK)
        elif equals and not _NO_NAME.search(name) and _is_secret_argument(name, value):
            masked.append(f"{name}={MASK}")
        else:
            masked.append(mask_code(argument))  # `python -c` has a whole program there
        hide_next = argument.startswith("--") and not equals and _is_secret_argument(name, "a value unseen")
    return masked


def _mask_private_keys(text: str) -> str:
    return _PRIVATE_KEY.sub(rf"\1{MASK}\2", text) if "PRIVATE KEY" in text else text


def _is_secret_argument(name: str, value: str) -> bool:
    """On a command line a token is a token, however short."""
    words = _words(name)
    return is_secret(name, value) or (words[-1:] in (["token"], ["auth"]) and not value.isdigit())


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _is_outright(words: list[str]) -> bool:
    if any(_OUTRIGHT.fullmatch(word) for word in words):
        return True
    return any(
        first in _KINDS_OF_KEY and second in ("key", "keys", "token", "tokens") for first, second in pairwise(words)
    )


def _could_be_secret(word: str, value: str) -> bool:
    """Whether a text under a name of two meanings is long enough, and for a mere `key` random enough."""
    if len(value) < _SHORTEST_SECRET or " " in value or value[0] in "<[":
        return False
    if word == "key":
        digits = sum(letter.isdigit() for letter in value)
        return len(value) >= _SHORTEST_RANDOM and 0 < digits < len(value) and "/" not in value
    return True


def _masked_assignment(match: re.Match[str]) -> str:
    if match["variable"] is not None:
        hide = mask_variable(match["variable"], match["rest"]) == MASK
        return f"{match['line']}{match['variable']}={MASK if hide else match['rest']}"
    quote, value = match["value"][0], match["value"][1:-1]
    return f"{match['name']}{match['is']}{quote}{MASK if is_secret(match['name'], value) else value}{quote}"
