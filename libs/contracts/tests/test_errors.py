"""Codes are stable strings with a sensible status and one sentence."""

import re

import pytest

from argus_contracts.errors import ErrorCode


@pytest.mark.parametrize("code", ErrorCode, ids=str)
def test_code_is_well_formed(code):
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", code)
    assert code.name.lower() in {code.value.replace(".", "_"), "internal", "stream_" + code.value.split(".")[1]}
    assert 400 <= code.status < 600
    assert re.fullmatch(r'["A-Z].*[.]', code.message)


def test_code_is_its_string():
    assert ErrorCode.BATCH_NOT_FOUND == "batch.not_found"
    assert ErrorCode("batch.not_found") is ErrorCode.BATCH_NOT_FOUND
    assert f"{ErrorCode.RATE_LIMITED}" == "rate.limited"
    assert (ErrorCode.RATE_LIMITED.status, ErrorCode.QUEUE_FULL.status) == (429, 429)
