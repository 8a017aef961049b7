"""Tokens are told from typing mistakes without a database, and never show their secret by accident."""

import binascii
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_contracts.tokens import ALPHABET, PREFIXES, TOKEN_REGEX, new_token, parse_token

KNOWN = "em_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_round_trip(prefix):
    token, key_id, secret = new_token(prefix)
    assert re.fullmatch(r"(em_live|em_view|ag_live)_[0-9A-Za-z]{48}", token)
    assert (len(key_id), len(secret)) == (12, 30)
    assert parse_token(token) == (prefix, key_id, secret)


def test_checksum_is_the_crc32_of_all_before_it():
    number, digits = binascii.crc32(KNOWN.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    assert parse_token(KNOWN + digits.rjust(6, "0")) is not None


def test_unknown_prefix():
    with pytest.raises(ValueError, match="prefix"):
        new_token("em_root")


def test_two_tokens_differ():
    assert new_token("em_live").secret != new_token("em_live").secret


@given(st.integers(0, 54), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(place, character):
    token = parse_known()
    changed = token[:place] + character + token[place + 1 :]
    assert (parse_token(changed) is None) == (changed != token)


@given(st.text(max_size=60))
def test_arbitrary_text_is_no_token(text):
    assert parse_token(text) is None


@pytest.mark.parametrize("bad", ["", "em_live_", " {0}", "{0} ", "{0}0", "{0}\n"])
def test_form_is_exact(bad):
    assert parse_token(bad.format(parse_known())) is None


def test_scanner_finds_a_token_in_a_line():
    token = new_token("ag_live").token
    assert TOKEN_REGEX.findall(f"export ARGUS_TOKEN={token};") == [token]


def test_repr_hides_the_secret():
    made = new_token("em_view")
    parsed = parse_token(made.token)
    for shown in (repr(made), repr(parsed), f"{made}", f"{parsed}"):
        assert made.secret not in shown
        assert made.key_id in shown


def parse_known():
    return "em_live_aaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" + CHECKSUM


def _crc(text):
    number, digits = binascii.crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits


CHECKSUM = _crc("em_live_aaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
