"""The text form of Argus' long-lived tokens: reporter, viewer and agent.

``<prefix>_<key id: 12><secret: 30><checksum: 6>``, all base62. The key id is public and finds the row; the secret
is only ever stored hashed; the checksum (CRC32 of everything before it) lets a typing mistake, or a secret scanner's
false alarm, be told from a real token without a database.
"""

import binascii
import re
import secrets
from typing import Final, NamedTuple

REPORTER_PREFIX: Final = "em_live"
VIEWER_PREFIX: Final = "em_view"
AGENT_PREFIX: Final = "ag_live"
PREFIXES: Final = (REPORTER_PREFIX, VIEWER_PREFIX, AGENT_PREFIX)

KEY_ID_LENGTH: Final = 12
SECRET_LENGTH: Final = 30  # 178 bits
CHECKSUM_LENGTH: Final = 6  # 62**6 > 2**32
BODY_LENGTH: Final = KEY_ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# For secret scanners and log redaction: finds a token anywhere in a text.
TOKEN_PATTERN: Final = r"(?:em_live|em_view|ag_live)_[0-9A-Za-z]{48}"
TOKEN_REGEX: Final = re.compile(TOKEN_PATTERN)

_WHOLE_TOKEN: Final = re.compile(
    rf"(em_live|em_view|ag_live)_([0-9A-Za-z]{{{KEY_ID_LENGTH}}})"
    rf"([0-9A-Za-z]{{{SECRET_LENGTH}}})([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)


class ParsedToken(NamedTuple):
    """The parts of a well-formed token. Whether it is a *valid* one, only the database knows."""

    prefix: str
    key_id: str
    secret: str

    def __repr__(self) -> str:
        """Leave the secret out, so that no log or traceback shows it."""
        return f"ParsedToken(prefix={self.prefix!r}, key_id={self.key_id!r}, secret='***')"


class NewToken(NamedTuple):
    """A fresh token: the full text to show once, and the parts to store (key id, hash of secret)."""

    token: str
    key_id: str
    secret: str

    def __repr__(self) -> str:
        """Leave token and secret out, so that no log or traceback shows them."""
        return f"NewToken(token='***', key_id={self.key_id!r}, secret='***')"


def new_token(prefix: str) -> NewToken:
    """Mint a token text with a random key id and secret.

    Raises ValueError for a prefix that is not one of ``PREFIXES``.
    """
    if prefix not in PREFIXES:
        raise ValueError(f"unknown token prefix {prefix!r}")
    key_id = _random_text(KEY_ID_LENGTH)
    secret = _random_text(SECRET_LENGTH)
    unsigned = f"{prefix}_{key_id}{secret}"
    return NewToken(unsigned + _checksum(unsigned), key_id, secret)


def parse_token(text: str) -> ParsedToken | None:
    """Split a token into its parts; None when the form or the checksum is wrong."""
    match = _WHOLE_TOKEN.fullmatch(text)
    if match is None:
        return None
    prefix, key_id, secret, checksum = match.groups()
    if checksum != _checksum(text[:-CHECKSUM_LENGTH]):
        return None
    return ParsedToken(prefix, key_id, secret)


def _random_text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(text: str) -> str:
    number = binascii.crc32(text.encode("ascii"))
    digits = []
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
